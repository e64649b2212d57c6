"""HTTP of keys."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response

from services.kernel.auth.api_keys import KeyKind, issue
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, require
from services.kernel.http.pages import Cursor, Limit, Page, page_or_csv
from services.links.keys import actions, store
from services.links.keys.schemas import KeyCreated, KeyIn, KeyOut
from services.links.keys.store import Key

router = APIRouter(tags=["keys"])

_COLUMNS = ("id", "kind", "label", "scopes", "created_at", "revoked_at")


@router.post("/v1/keys", status_code=201, response_model=KeyCreated)
async def post_key(body: KeyIn, call: Annotated[Call, require("keys:write")]) -> Response:
    """Makes an API key for the caller's store. It can be given no scope that the caller's own key lacks."""
    kind: KeyKind = "sk" if body.kind == "secret" else "pk"

    def with_key(answer: dict[str, Any]) -> dict[str, Any]:
        key = issue(call.ctx.ring, kind=kind, store_id=call.store_id, key_id=answer["id"], scopes=answer["scopes"])
        return {**answer, "key": key}

    return await call.once(
        lambda tx: actions.create(
            tx, call.store_id, kind=kind, scopes=body.scopes, label=body.label, within=call.caller.scopes
        ),
        answer=KeyCreated.of,
        reveal=with_key,
    )


@router.get("/v1/keys", response_model=Page[KeyOut])
async def get_keys(
    call: Annotated[Call, require("keys:read")],
    cursor: Cursor = None,
    limit: Limit = 50,
    format: Literal["json", "csv"] = "json",
) -> Page[KeyOut] | Response:
    """Lists the store's keys, youngest first, without the keys themselves."""
    start = cursors.decode(cursor, str)

    async def fetch(after: tuple[str] | None, count: int) -> Sequence[Key]:
        async with call.transaction() as tx:
            return await store.page(tx, call.store_id, before=after[0] if after else None, limit=count)

    return await page_or_csv(
        fetch,
        format=format,
        start=start,
        limit=limit,
        after=lambda key: (key.key_id,),
        show=KeyOut.of,
        columns=_COLUMNS,
        filename="keys",
        cells=lambda key: {**key.model_dump(), "scopes": " ".join(key.scopes)},
    )


@router.delete("/v1/keys/{key_id}", status_code=204)
async def delete_key(key_id: str, call: Annotated[Call, require("keys:write")]) -> None:
    """Revokes a key, everywhere and for good."""
    async with call.transaction() as tx:
        await actions.revoke(tx, call.store_id, key_id)
    await call.ctx.live.refresh()
