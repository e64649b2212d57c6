"""HTTP of link domains for programs."""

from typing import Annotated

from fastapi import APIRouter

from services.kernel.http.call import Call, require
from services.kernel.http.limits import limit
from services.links.hosts import actions
from services.links.hosts.schemas import LinkDomainIn, LinkDomainOut

router = APIRouter(tags=["stores"])


@router.get("/v1/stores/link-domain")
async def get_link_domain(call: Annotated[Call, require("domains:read")]) -> LinkDomainOut:
    """Where the store's share links are, and what to publish for a domain of its own."""
    async with call.transaction() as tx:
        return await actions.shown(tx, call.ctx, call.store_id)


@router.put("/v1/stores/link-domain")
async def put_link_domain(body: LinkDomainIn, call: Annotated[Call, require("domains:write")]) -> LinkDomainOut:
    """Chooses a domain below a proved one, as in go.shop.example. It is used once its name leads here."""
    async with call.transaction() as tx:
        await actions.choose(tx, call.ctx, call.store_id, body.domain)
        return await actions.shown(tx, call.ctx, call.store_id)


@router.post("/v1/stores/link-domain/verify", dependencies=[limit("link-domain-verify", per_minute=10)])
async def post_verify_link_domain(call: Annotated[Call, require("domains:write")]) -> LinkDomainOut:
    """Asks the name server, now. Where the domain leads here, share links are on it within two seconds."""
    async with call.transaction() as tx:
        domain = await actions.wanted(tx, call.store_id)
    finding = await actions.look(call.ctx, domain)
    async with call.transaction() as tx:
        if finding == "found":
            await actions.use(tx, call.ctx, call.store_id, domain)
        return await actions.shown(tx, call.ctx, call.store_id, finding)


@router.delete("/v1/stores/link-domain", status_code=204)
async def delete_link_domain(call: Annotated[Call, require("domains:write")]) -> None:
    """Goes back to Kith's own address. Links that were shared under the domain lead on while its name leads here and
    its certificate lasts; no new one is got for it.
    """
    async with call.transaction() as tx:
        await actions.drop(tx, call.store_id)
