"""The API of pools."""

from collections.abc import Sequence
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Response

from services.kernel.http import cursor as cursors
from services.kernel.http.body import takes_up_to
from services.kernel.http.call import Call, require
from services.kernel.http.pages import Cursor, Limit, Page, csv_download, page_of
from services.rewards.pools import sql
from services.rewards.pools.actions import bring, fill
from services.rewards.pools.actions.hand_out import hand_out
from services.rewards.pools.domain import Kept, Line, Pool
from services.rewards.pools.schemas import (
    MOST_BYTES,
    BroughtOut,
    CodeOut,
    CodesIn,
    HandOutIn,
    HandOutOut,
    MakeIn,
    PoolIn,
    PoolOut,
    PoolPatch,
)

router = APIRouter(tags=["pools"])

Id = Annotated[str, Path(max_length=64)]
Which = Literal["all", "free", "handed_out"]
CSV_COLUMNS = tuple(CodeOut.model_fields)
_MORE_BYTES: Final = 64 * 1024
"""What the body holds beside the list, and what writing it as JSON adds."""


@router.post("/v1/pools", status_code=201, response_model=PoolOut)
async def post_pool(body: PoolIn, call: Annotated[Call, require("pools:write")]) -> Response:
    """Sets a pool of codes up. Its codes are made in the background: `state` and `made` say how far that is.

    No code of a pool is a candidate of attribution: it says nothing about who referred an order.
    """
    return await call.once(
        lambda tx: fill.open_pool(
            tx,
            call.store_id,
            name=body.name,
            count=body.count,
            prefix=body.prefix,
            signs=body.signs,
            low_below=body.low_below,
        ),
        answer=PoolOut.of,
    )


@router.get("/v1/pools")
async def get_pools(
    call: Annotated[Call, require("pools:read")], cursor: Cursor = None, limit: Limit = 50
) -> Page[PoolOut]:
    """Lists pools, youngest first."""
    start = cursors.decode(cursor, str)
    async with call.transaction() as tx:
        found = await sql.listed(tx, call.store_id, before=start[0] if start else None, count=limit + 1)
    return page_of(found, limit, show=PoolOut.of, after=lambda pool: (pool.pool_id,))


@router.get("/v1/pools/{pool_id}")
async def get_pool(pool_id: Id, call: Annotated[Call, require("pools:read")]) -> PoolOut:
    """One pool, and how it stands."""
    async with call.transaction() as tx:
        return PoolOut.of(await fill.get(tx, call.store_id, pool_id))


@router.patch("/v1/pools/{pool_id}")
async def patch_pool(pool_id: Id, body: PoolPatch, call: Annotated[Call, require("pools:write")]) -> PoolOut:
    """Changes its name, or from where on it runs low."""
    async with call.transaction() as tx:
        return PoolOut.of(await fill.change(tx, call.store_id, pool_id, name=body.name, low_below=body.low_below))


@router.post("/v1/pools/{pool_id}/make", response_model=PoolOut)
async def post_make_codes(pool_id: Id, body: MakeIn, call: Annotated[Call, require("pools:write")]) -> Response:
    """Has more codes made, in the background. Send an Idempotency-Key: a repeat without one makes as many again."""
    return await call.once(
        lambda tx: fill.make(tx, call.store_id, pool_id, count=body.count), status=200, answer=PoolOut.of
    )


@router.post("/v1/pools/{pool_id}/cancel", response_model=PoolOut)
async def post_cancel_pool(pool_id: Id, call: Annotated[Call, require("pools:write")]) -> Response:
    """Stops making codes where it is. What is made stays."""
    return await call.once(lambda tx: fill.cancel(tx, call.store_id, pool_id), status=200, answer=PoolOut.of)


@router.post("/v1/pools/{pool_id}/resume", response_model=PoolOut)
async def post_resume_pool(pool_id: Id, call: Annotated[Call, require("pools:write")]) -> Response:
    """Goes on making codes that were cancelled, or failed, from where that was."""
    return await call.once(lambda tx: fill.resume(tx, call.store_id, pool_id), status=200, answer=PoolOut.of)


@router.post("/v1/pools/{pool_id}/codes", response_model=BroughtOut)
@takes_up_to(MOST_BYTES + _MORE_BYTES)
async def post_pool_codes(pool_id: Id, body: CodesIn, call: Annotated[Call, require("pools:write")]) -> Response:
    """Adds codes of the store's own, up to 20,000 at once; the body may have 1 MB. The answer names each line that was
    not added, and why: no code, there twice, or in a pool of the store already. Sent again, nothing is added twice.
    """
    lines = await bring.read(body.csv)
    if body.dry_run:
        brought = BroughtOut.of(await tried(call, pool_id, lines), dry_run=True)
        return Response(brought.model_dump_json(), media_type="application/json")
    return await call.once(
        lambda tx: bring.bring(tx, call.store_id, pool_id, lines),
        status=200,
        answer=lambda found: BroughtOut.of(found, dry_run=False),
    )


async def tried(call: Call, pool_id: str, lines: Sequence[Line]) -> bring.Brought:
    """What would become of a list; nothing of it stays."""
    found: list[bring.Brought] = []
    try:
        async with call.transaction() as tx:
            found.append(await bring.bring(tx, call.store_id, pool_id, lines))
            raise bring.Undone
    except bring.Undone:
        return found[0]


@router.get("/v1/pools/{pool_id}/codes", response_model=Page[CodeOut])
async def get_pool_codes(
    pool_id: Id,
    call: Annotated[Call, require("pools:read")],
    which: Which = "all",
    cursor: Cursor = None,
    limit: Limit = 50,
    format: Literal["json", "csv"] = "json",
) -> Page[CodeOut] | Response:
    """Lists its codes in the order in which they are handed out; as CSV all of them, however many."""
    start = cursors.decode(cursor, int)
    if format == "csv":
        return await download(call, pool_id, which=which, start=start)
    async with call.transaction() as tx:
        pool = await fill.get(tx, call.store_id, pool_id)
        first, last = span(pool, which)
        after = start[0] if start else first
        found = await sql.codes(tx, pool, after=after, upto=last, count=limit + 1)
    return page_of(found, limit, show=CodeOut.of, after=lambda kept: (kept.place,))


@router.post("/v1/pools/{pool_id}/handouts", status_code=201, response_model=HandOutOut)
async def post_handout(pool_id: Id, body: HandOutIn, call: Annotated[Call, require("pools:write")]) -> Response:
    """Takes a code out of the pool: one that nobody was given before. The same `reference` gets the same code again."""
    return await call.once(
        lambda tx: hand_out(tx, call.store_id, pool_id, reference=body.reference),
        answer=lambda found: HandOutOut.of(pool_id, found),
    )


def span(pool: Pool, which: Which) -> tuple[int, int]:
    """Between which places those codes are."""
    if which == "free":
        return pool.handed_place, pool.last_place
    return 0, pool.handed_place if which == "handed_out" else pool.last_place


async def download(call: Call, pool_id: str, *, which: Which, start: tuple[int] | None = None) -> Response:
    """Its codes as CSV, as they are when the download begins; read and sent page after page."""
    async with call.transaction() as tx:
        pool = await fill.get(tx, call.store_id, pool_id)
    first, last = span(pool, which)

    async def fetch(after: tuple[int] | None, count: int) -> Sequence[Kept]:
        async with call.transaction() as tx:
            return await sql.codes(tx, pool, after=after[0] if after else first, upto=last, count=count)

    return await csv_download(
        fetch,
        after=lambda kept: (kept.place,),
        show=lambda kept: CodeOut.of(kept).model_dump(),
        columns=CSV_COLUMNS,
        filename="codes",
        start=start,
    )
