"""HTTP of a store's domains for programs."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.kernel.db import Tx
from services.kernel.errors import NotFound
from services.kernel.http.call import Call, require
from services.kernel.http.limits import limit
from services.kernel.http.pages import Page
from services.links.domains.api.look import look, proof_in
from services.links.domains.schemas import DomainIn, DomainOut
from services.links.stores import actions as stores
from services.links.stores import sql as rows
from services.links.stores.api import policy_of
from services.links.stores.sql import Claim

router = APIRouter(tags=["stores"])


@router.get("/v1/stores/domains", response_model=Page[DomainOut])
async def get_domains(call: Annotated[Call, require("domains:read")]) -> Page[DomainOut]:
    """Lists the store's domains: those that links may lead to, and those to be proved, with what to publish."""
    async with call.transaction() as tx:
        return Page(data=await listed(tx, call.store_id), next_cursor=None)


@router.post("/v1/stores/domains", status_code=201, response_model=DomainOut)
async def post_domain(body: DomainIn, call: Annotated[Call, require("domains:write")]) -> Response:
    """Names one domain more. Where a proof is asked for, the answer says what to publish."""
    policy = await policy_of(call.ctx)

    async def add(tx: Tx) -> Claim | None:
        await stores.add_domain(tx, call.store_id, body.domain, policy)
        return (await rows.claims(tx, call.store_id)).get(body.domain)

    return await call.once(add, answer=lambda claim: DomainOut.of(body.domain, claim))


@router.post(
    "/v1/stores/domains/{domain}/verify", response_model=DomainOut, dependencies=[limit("domain-verify", per_minute=10)]
)
async def post_verify(domain: str, call: Annotated[Call, require("domains:write")]) -> Response:
    """Looks for the proof, now. `findings` say what was found where; repeat it once the proof is published."""
    claim = await open_claim(call, domain)
    findings = await look(call.ctx, call.store_id, claim) if claim is not None else None

    async def note(tx: Tx) -> Claim | None:
        if claim is None or findings is None:
            return (await rows.claims(tx, call.store_id)).get(domain)
        await stores.checked_domain(tx, call.store_id, claim, proof_in(findings))
        return (await rows.claims(tx, call.store_id)).get(domain, claim)

    return await call.once(note, status=200, answer=lambda noted: DomainOut.of(domain, noted, findings))


@router.delete("/v1/stores/domains/{domain}", status_code=204)
async def delete_domain(domain: str, call: Annotated[Call, require("domains:write")]) -> None:
    """Takes a domain away: links that led there lead to the program's landing page, or nowhere. A link domain below it
    is dropped too: share links are on Kith's own address again.
    """
    policy = await policy_of(call.ctx)
    async with call.transaction() as tx:
        await stores.drop_domain(tx, call.store_id, domain, policy)


async def open_claim(call: Call, domain: str) -> Claim | None:
    """The claim that a look can settle, None for a domain that counts already. Raises `NotFound`."""
    async with call.transaction() as tx:
        store = await stores.get(tx, call.store_id)
        claim = (await rows.claims(tx, call.store_id)).get(domain)
    if claim is None and domain not in store.domains:
        raise NotFound("The store has no such domain.")
    return claim if domain not in store.domains else None


async def listed(tx: Tx, store_id: str) -> list[DomainOut]:
    """All domains, those that count first."""
    store, claims = await stores.get(tx, store_id), await rows.claims(tx, store_id)
    waiting = [name for name in claims if name not in store.domains]
    return [DomainOut.of(name, claims.get(name)) for name in (*store.domains, *waiting)]
