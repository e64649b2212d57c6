"""HTTP of keys."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response

from services.common.identify import secret
from services.kernel.auth.api_keys import KeyKind, issue
from services.kernel.db import Tx
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, require
from services.kernel.http.pages import Cursor, Limit, Page, page_or_csv
from services.links.keys import actions, sql
from services.links.keys.schemas import IdentifySecret, KeyCreated, KeyIn, KeyOut
from services.links.keys.sql import Key

router = APIRouter(tags=["keys"])

_COLUMNS = ("id", "kind", "label", "scopes", "created_at", "revoked_at", "last_used_at")


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
            return await sql.page(tx, call.store_id, before=after[0] if after else None, limit=count)

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


@router.get("/v1/keys/identify-secret", response_model=IdentifySecret)
async def get_identify_secret(call: Annotated[Call, require("keys:write")]) -> Response:
    """The secret under which the store's server proves to us, through its pages, which customer is signed in.

    `proof` = hex HMAC-SHA256 of the customer id, under this secret as text. It belongs on the server, never in a page.
    """
    async with call.transaction() as tx:
        generation = await actions.shown_identify_secret(tx, call.store_id)
    shown = IdentifySecret(generation=generation, secret=secret(call.ctx.ring, call.store_id, generation))
    return Response(shown.model_dump_json(), media_type="application/json", headers={"cache-control": "no-store"})


@router.post("/v1/keys/identify-secret/rotate", status_code=201, response_model=IdentifySecret)
async def post_identify_secret(call: Annotated[Call, require("keys:write")]) -> Response:
    """Makes a new identify secret. The one before it stays valid until the next rotation, everywhere."""

    async def rotate(tx: Tx) -> IdentifySecret:
        return IdentifySecret(generation=await actions.rotate_identify_secret(tx, call.store_id))

    def with_secret(answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, "secret": secret(call.ctx.ring, call.store_id, answer["generation"])}

    response = await call.once(rotate, answer=lambda rotated: rotated, reveal=with_secret)
    await call.ctx.live.refresh()
    return response
