"""The bare address: under a store's link domain it leads to the store, under ours to the console."""

from typing import cast

from fastapi import APIRouter, Request, Response

from services.kernel.context import Context
from services.kernel.http.call import CONTEXT
from services.links.hosts.hot import Hosts, store_page
from services.links.session.api import current_session
from services.links.session.domain import HOME

router = APIRouter(include_in_schema=False)


@router.get("/")
async def get_start(request: Request) -> Response:
    """Leads who opens the bare address to the store, or else to the console or its door."""
    ctx: Context = request.scope[CONTEXT]
    there = await store_page(ctx.db, cast(Hosts, ctx.resources.hosts), request.scope)
    if there is None:
        there = HOME if current_session(ctx, request) is not None else "/console/session"
    return Response(status_code=303, headers={"location": there, "cache-control": "no-store"})
