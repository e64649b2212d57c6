"""The console's page of one pool: how far it is, its codes, the store's own codes, and from where on it runs low."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Request, Response
from starlette.datastructures import UploadFile

from services.kernel.errors import AppError
from services.kernel.http.body import takes_up_to
from services.kernel.http.call import Call, viewer
from services.rewards.pages import Reader, reader_of
from services.rewards.pools import sql, words
from services.rewards.pools.actions import bring, fill
from services.rewards.pools.actions.bring import Brought
from services.rewards.pools.api.console import LIST
from services.rewards.pools.api.forms import FIELDS, LONGEST, name_of, number_of, wrong_fields
from services.rewards.pools.api.rest import Which, download
from services.rewards.pools.domain import Kept, Pool
from services.rewards.pools.schemas import MOST_BYTES
from services.ui import Column, Fact, Row, Table
from services.ui.forms import sent

router = APIRouter(include_in_schema=False)

ONE: Final = LIST + "/{pool_id}"
Id = Annotated[str, Path(max_length=64)]
_LOOK_AGAIN_S: Final = 2
_SHOWN: Final = 10
_MOST_LEFT: Final = 200
"""Lines of a report that the page shows."""


@router.get(ONE)
async def pool_page(
    pool_id: Id,
    call: Annotated[Call, viewer("pools:read")],
    which: Which = "all",
    format: Literal["html", "csv"] = "html",
) -> Response:
    """A pool. While codes are being made, the page loads itself anew every other second."""
    if format == "csv":
        return await download(call, pool_id, which=which)
    return await _page(call, pool_id)


@router.post(ONE + "/make")
async def make_form(pool_id: Id, request: Request, call: Annotated[Call, viewer("pools:write")]) -> Response:
    """Has more codes made."""
    form = await sent(request, FIELDS, longest=LONGEST)
    try:
        count = number_of(form["count"], "count", least=1)
        async with call.transaction() as tx:
            await fill.make(tx, call.store_id, pool_id, count=count)
    except AppError as error:
        return await _page(call, pool_id, wrong=error, status=error.status)
    return _to(pool_id)


@router.post(ONE + "/cancel")
async def cancel_form(pool_id: Id, call: Annotated[Call, viewer("pools:write")]) -> Response:
    """Stops making where it is."""
    async with call.transaction() as tx:
        await fill.cancel(tx, call.store_id, pool_id)
    return _to(pool_id)


@router.post(ONE + "/resume")
async def resume_form(pool_id: Id, call: Annotated[Call, viewer("pools:write")]) -> Response:
    """Goes on making."""
    async with call.transaction() as tx:
        await fill.resume(tx, call.store_id, pool_id)
    return _to(pool_id)


@router.post(ONE)
async def change_form(pool_id: Id, request: Request, call: Annotated[Call, viewer("pools:write")]) -> Response:
    """Changes its name, or from where on it runs low."""
    form = await sent(request, FIELDS, longest=LONGEST)
    try:
        name, low_below = name_of(form["name"]), number_of(form["low_below"], "low_below")
        async with call.transaction() as tx:
            await fill.change(tx, call.store_id, pool_id, name=name, low_below=low_below)
    except AppError as error:
        return await _page(call, pool_id, wrong=error, status=error.status)
    return _to(pool_id)


@router.post(ONE + "/codes")
@takes_up_to(MOST_BYTES)
async def codes_form(pool_id: Id, request: Request, call: Annotated[Call, viewer("pools:write")]) -> Response:
    """Adds the store's own codes, and says of each other line why it added nothing."""
    async with request.form(max_part_size=MOST_BYTES, max_files=1) as form:
        text = str(form.get("csv", ""))
        upload = form.get("file")
        if isinstance(upload, UploadFile) and upload.size:
            text = (await upload.read()).decode("utf-8-sig", "replace")
    try:
        lines = await bring.read(text)
        async with call.transaction() as tx:
            brought = await bring.bring(tx, call.store_id, pool_id, lines)
    except AppError as error:
        return await _page(call, pool_id, wrong=error, status=error.status)
    return await _page(call, pool_id, brought=brought)


async def _page(
    call: Call, pool_id: str, *, wrong: AppError | None = None, brought: Brought | None = None, status: int = 200
) -> Response:
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        pool = await fill.get(tx, call.store_id, pool_id)
        handed = await sql.last_handed(tx, pool, count=_SHOWN)
    speech, fmt = reader.speech, reader.fmt
    on = pool.state == "making"
    place = f"{LIST}/{pool_id}"
    shown = reader.page(
        "pools/one.html",
        status=status,
        title=pool.name,
        nav_current="/console/rewards/rewards",
        freshness=reader.read_now(),
        chip=words.state_chip(speech, pool),
        pool=pool,
        low=words.low_text(reader, pool) if pool.low_since is not None else "",
        making=on,
        stopped=pool.state in ("cancelled", "failed"),
        progress=speech.say("%(done)s of %(all)s", done=fmt.number(pool.made), all=fmt.number(pool.wanted)),
        share=pool.made / pool.wanted if pool.wanted else 0.0,
        facts=_facts(reader, pool),
        handed=_handed(reader, handed),
        errors=wrong_fields(reader, wrong),
        report=_report(reader, brought) if brought is not None else None,
        may_write="pools:write" in call.caller.scopes,
        most_kb=MOST_BYTES // 1024 - 1,
        place=place,
        base=LIST,
    )
    if on and brought is None and wrong is None:
        shown.headers["refresh"] = f"{_LOOK_AGAIN_S};url={place}"
    return shown


def _facts(reader: Reader, pool: Pool) -> list[Fact]:
    say, fmt = reader.speech.say, reader.fmt
    return [
        Fact(say("Free"), fmt.number(pool.free), strong=True),
        Fact(say("Handed out"), fmt.number(pool.handed)),
        Fact(say("Made here"), fmt.number(pool.made)),
        Fact(say("Your own"), fmt.number(pool.added)),
    ]


def _handed(reader: Reader, handed: list[Kept]) -> Table:
    speech = reader.speech
    return Table(
        name=speech.say("Handed out last"),
        listing=True,
        columns=[
            Column("code", speech.label("head", "Code")),
            Column("for", speech.label("head", "For")),
            Column("at", speech.label("head", "When"), minor=True),
        ],
        rows=[
            Row(
                cells={"code": one.code, "for": one.reference or "", "at": reader.fmt.moment(one.at) if one.at else ""},
                facts=[one.reference or ""],
            )
            for one in handed
        ],
    )


def _report(reader: Reader, brought: Brought) -> dict[str, Any]:
    speech, fmt = reader.speech, reader.fmt
    left = brought.left[:_MOST_LEFT]
    return {
        "added": speech.count(
            "%(n)s code was added.", "%(n)s codes were added.", brought.added, n=fmt.number(brought.added)
        ),
        "good": brought.added > 0,
        "more": speech.say("Only the first %(n)s lines are shown.", n=fmt.number(_MOST_LEFT))
        if len(brought.left) > _MOST_LEFT
        else "",
        "table": Table(
            name=speech.say("Lines that added nothing"),
            listing=True,
            columns=[
                Column("code", speech.label("head", "Code")),
                Column("line", speech.label("head", "Line"), figure=True),
                Column("why", speech.label("head", "Why")),
            ],
            rows=[
                Row(
                    cells={
                        "code": one.line.text[:80] or "–",
                        "line": fmt.number(one.line.number),
                        "why": words.left_text(reader, one),
                    },
                    key_figure=fmt.number(one.line.number),
                    facts=[words.left_text(reader, one)],
                )
                for one in left
            ],
        )
        if left
        else None,
    }


def _to(pool_id: str) -> Response:
    return Response(status_code=303, headers={"location": f"{LIST}/{pool_id}"})
