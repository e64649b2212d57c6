"""What the gateway asks before it gets a certificate for a name (`on_demand_tls` of Caddy): is it a link domain?

Without that anybody could make it ask for certificates by the thousand. Not under the product's own routes: the gateway
asks inside.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.kernel.context import Context
from services.kernel.http.call import CONTEXT
from services.links.hosts.hot import Hosts

router = APIRouter(include_in_schema=False)


@router.get("/tls/ask")
async def get_ask(request: Request, domain: Annotated[str, Query(max_length=260)] = "") -> Response:
    """200 for a link domain, 404 for any other name."""
    ctx: Context = request.scope[CONTEXT]
    hosts: Hosts = ctx.resources.hosts
    return Response(status_code=200 if hosts.has(domain.lower()) else 404, headers={"cache-control": "no-store"})
