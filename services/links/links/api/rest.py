"""HTTP of links for programs."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, require
from services.kernel.http.pages import Cursor, Limit, Page, page_or_csv
from services.links.hosts.hot import share_base
from services.links.links import actions, sql
from services.links.links.schemas import LinkIn, LinkOut, LinkPatch
from services.links.links.sql import Link
from services.links.people.actions import Labels

router = APIRouter(tags=["links"])

_COLUMNS = (
    *("id", "program_id", "ambassador_id", "ambassador_name", "ambassador_code", "url", "destination", "channel"),
    *("expires_at", "created_at"),
)


@router.post("/v1/links", status_code=201, response_model=LinkOut)
async def post_link(body: LinkIn, call: Annotated[Call, require("links:write")]) -> Response:
    """Makes a share link for an ambassador."""
    return await call.once(
        lambda tx: actions.create(
            tx,
            call.store_id,
            program_id=body.program_id,
            ambassador_id=body.ambassador_id,
            destination=body.destination,
            slug=body.slug,
            channel=body.channel,
            utm=body.utm.values(),
            expires_at=body.expires_at + tx.offset if body.expires_at else None,
            fallback=body.fallback,
            split=body.split,
        ),
        answer=_shown(call),
    )


@router.get("/v1/links", response_model=Page[LinkOut])
async def get_links(
    call: Annotated[Call, require("links:read")],
    ambassador_id: Annotated[str | None, Query(max_length=64)] = None,
    program_id: Annotated[str | None, Query(max_length=64)] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    format: Literal["json", "csv"] = "json",
) -> Page[LinkOut] | Response:
    """Lists links that are not deleted, youngest first."""
    start = cursors.decode(cursor, str)
    labels = Labels(call.caller)

    async def fetch(after: tuple[str] | None, count: int) -> Sequence[Link]:
        async with call.transaction() as tx:
            rows = await sql.page(
                tx,
                call.store_id,
                before=after[0] if after else None,
                ambassador_id=ambassador_id,
                program_id=program_id,
                limit=count,
            )
            if format == "csv":
                await labels.learn(tx, call.store_id, (row.ambassador_id for row in rows))
            return rows

    return await page_or_csv(
        fetch,
        format=format,
        start=start,
        limit=limit,
        after=lambda link: (link.link_id,),
        show=_shown(call),
        columns=_COLUMNS,
        filename="links",
        cells=lambda link: {**link.model_dump(), **labels.of(link.ambassador_id)},
    )


@router.get("/v1/links/{link_id}")
async def get_link(link_id: str, call: Annotated[Call, require("links:read")]) -> LinkOut:
    """One link."""
    async with call.transaction() as tx:
        return _shown(call)(await actions.get(tx, call.store_id, link_id))


@router.patch("/v1/links/{link_id}")
async def patch_link(link_id: str, body: LinkPatch, call: Annotated[Call, require("links:write")]) -> LinkOut:
    """Changes a link. The redirect follows within two seconds."""
    async with call.transaction() as tx:
        changes: dict[str, object] = {name: getattr(body, name) for name in body.model_fields_set}
        if "utm" in changes:
            changes["utm"] = body.utm.values() if body.utm else {}
        if body.expires_at is not None:
            changes["expires_at"] = body.expires_at + tx.offset
        return _shown(call)(await actions.change(tx, call.store_id, link_id, changes))


@router.delete("/v1/links/{link_id}", status_code=204)
async def delete_link(link_id: str, call: Annotated[Call, require("links:write")]) -> None:
    """Ends a link: who opens it from then on is shown that it is over."""
    async with call.transaction() as tx:
        await actions.delete(tx, call.store_id, link_id)


def _shown(call: Call) -> partial[LinkOut]:
    return partial(LinkOut.of, base_url=share_base(call.ctx, call.store_id))
