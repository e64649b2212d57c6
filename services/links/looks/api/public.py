"""`/look/{store}.css`: a store's colours and logo as a stylesheet, for pages of ours that another service makes."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from services.kernel.context import Context
from services.kernel.http.call import CONTEXT
from services.kernel.http.limits import limit
from services.links.looks import actions
from services.links.looks.domain import sheet

router = APIRouter(include_in_schema=False)


@router.get("/look/{store_id}.css", dependencies=[limit("looks", per_minute=240)])
async def get_sheet(store_id: Annotated[str, Path(pattern="^str_[0-9a-z]{1,40}$")], request: Request) -> Response:
    """What friends see of a store anyway. A store that nobody has looks as one that chose nothing."""
    ctx: Context = request.scope[CONTEXT]
    async with ctx.db.transaction([store_id]) as tx:
        look = await actions.get(tx, store_id)
    headers = {"cache-control": "public, max-age=60", "x-content-type-options": "nosniff"}
    return Response(sheet(look), media_type="text/css", headers=headers)
