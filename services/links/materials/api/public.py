"""What readers of a material load and click: `/m/{material}/{slug}/picture.webp` and `/m/{material}/{slug}`.

The way on is never closed: a material that was deleted leads to the link as before. Counted are people, by what their
browser says of itself, and only with a link of the material's own store.
"""

import asyncio
from typing import Final, cast

from fastapi import APIRouter, Request, Response

from services.common.portal_session import portal_of
from services.kernel.auth import sessions
from services.kernel.context import Context
from services.kernel.db import is_transient
from services.kernel.errors import TooMany, Unauthorized
from services.kernel.http.call import CONTEXT
from services.kernel.http.console import open_session
from services.kernel.http.hot import HotAnswer
from services.links.materials import sql
from services.links.materials.hot import materials_of
from services.links.redirect.domain.agents import is_robot
from services.links.redirect.domain.click import mark
from services.links.redirect.hot.handler import Redirect

router = APIRouter(tags=["materials"])

_A_DAY: Final = "private, max-age=86400"
"""How long a browser shows a picture without asking: so each reader is about one view a day."""

_PATIENCE_S: Final = 0.5
"""How long a click waits for a count."""


@router.get("/m/{material_id}/{slug}", status_code=302, response_class=Response)
async def get_material_link(material_id: str, slug: str, request: Request) -> Response:
    """Counts the click on a material, and leads to the ambassador's link.

    404 for a slug that nobody has.
    """
    ctx: Context = request.scope[CONTEXT]
    redirect = cast(Redirect, ctx.resources)
    entry = redirect.cache.ready(slug) or await redirect.find(request.scope, slug)
    if entry is None or redirect.is_foreign(request.scope, entry):
        return HotAnswer(lambda scope, _, send: redirect.unknown(scope, send))
    store_id = await _whose(ctx, request, material_id)
    if store_id == entry.store_id and mark(request.method, dict(request.scope["headers"])) == "person":
        materials_of(ctx).count(store_id, material_id, ctx.live.now().date(), clicks=1)
    headers = {"location": f"/r/{entry.slug}?ch=material", "cache-control": "private, no-store"}
    return Response(status_code=302, headers={**headers, "referrer-policy": "no-referrer-when-downgrade"})


@router.get("/m/{material_id}/{slug}/picture.webp", response_class=Response)
async def get_material_picture(material_id: str, slug: str, request: Request) -> Response:
    """Shows a banner's picture, and counts that it was seen.

    404 for a material that has none, or was deleted.
    """
    ctx: Context = request.scope[CONTEXT]
    store_id = await materials_of(ctx).store_of(ctx, request.scope, material_id)
    hosts = cast(Redirect, ctx.resources).hosts
    if not store_id or (hosts.any and hosts.foreign(dict(request.scope["headers"]).get(b"host"), store_id)):
        return Response(status_code=404, headers={"cache-control": "no-store"})
    body = materials_of(ctx).pictures.get(material_id)
    if body is None:
        async with ctx.db.transaction([store_id]) as tx:
            body = await sql.picture(tx, store_id, material_id)
        if body is not None:
            materials_of(ctx).pictures[material_id] = body
    if body is None:
        return Response(status_code=404, headers={"cache-control": "no-store"})
    agent = request.headers.get("user-agent", "").encode("latin-1", "replace")
    if request.method == "GET" and not is_robot(agent) and not _is_of(ctx, request, store_id):
        materials_of(ctx).count(store_id, material_id, ctx.live.now().date(), views=1)
    headers = {
        "cache-control": _A_DAY,
        "cross-origin-resource-policy": "cross-origin",
        "x-content-type-options": "nosniff",
        "x-robots-tag": "noindex",
    }
    return Response(body, media_type="image/webp", headers=headers)


def _is_of(ctx: Context, request: Request, store_id: str) -> bool:
    """Whether somebody of the store, or one of its ambassadors, looks at a page of ours: their own look is no view."""
    try:
        if open_session(ctx, request.cookies.get(sessions.COOKIE, "")).store_id == store_id:
            return True
    except Unauthorized:
        pass
    try:
        return portal_of(ctx, request).store_id == store_id
    except Unauthorized:
        return False


async def _whose(ctx: Context, request: Request, material_id: str) -> str:
    """Whose material is clicked on; empty where that is not known in time: then it is not counted, and leads on."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await materials_of(ctx).store_of(ctx, request.scope, material_id)
    except TooMany:
        return ""
    except Exception as error:
        if not is_transient(error):
            raise
        return ""
