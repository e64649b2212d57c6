"""Choosing a link domain, and using it once its name leads here."""

from urllib.parse import urlsplit

from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.names import NoNameServer, addresses
from services.links.host_names import sql
from services.links.hosts.domain import Finding, leads_here, refusal
from services.links.hosts.schemas import LinkDomainOut
from services.links.stores import actions as stores


def own_host(ctx: Context) -> str:
    """The host of our own address."""
    return urlsplit(ctx.settings.base_url).hostname or ""


async def shown(tx: Tx, ctx: Context, store_id: str, finding: Finding | None = None) -> LinkDomainOut:
    """Where the store's links are, and where they shall be."""
    used, chosen = await sql.own(tx, store_id)
    waiting = chosen if chosen != used else None
    return LinkDomainOut(
        domain=used,
        chosen=waiting,
        status="waiting" if waiting else "used" if used else "none",
        cname=own_host(ctx),
        finding=finding,
    )


async def choose(tx: Tx, ctx: Context, store_id: str, domain: str) -> None:
    """Notes the store's wish. Raises `Invalid` for a domain that is not its own."""
    own = await stores.get(tx, store_id)
    refused = refusal(domain, own.domains, own_host=own_host(ctx))
    if refused:
        raise Invalid.field("domain", refused, code="nobodys_domain")
    await sql.choose(tx, store_id, domain)
    tx.note("domain.added", on=domain, after={"proved": False})


async def wanted(tx: Tx, store_id: str) -> str:
    """What the store chose. Raises `NotFound`."""
    _, chosen = await sql.own(tx, store_id)
    if chosen is None:
        raise NotFound("The store has chosen no link domain.")
    return chosen


async def look(ctx: Context, domain: str) -> Finding:
    """Whether a domain's name leads to where ours does. Takes some seconds at most; outside of transactions."""
    try:
        return leads_here(await addresses(domain.partition(":")[0]), await addresses(own_host(ctx)))
    except NoNameServer:
        return "unreachable"


async def use(tx: Tx, ctx: Context, store_id: str, domain: str) -> None:
    """Makes the chosen domain, which leads here, the one of the store's links. Raises `Conflict`, also if it is not the
    store's any more: much may have happened to its domains since it was chosen.
    """
    own = await stores.get(tx, store_id, lock=True)
    used, chosen = await sql.own(tx, store_id)
    if chosen != domain or used == domain:
        return
    if refused := refusal(domain, own.domains, own_host=own_host(ctx)):
        raise Conflict(refused, code="nobodys_domain")
    if not await sql.use(tx, store_id, domain):
        raise Conflict("Another store uses this domain for its links.", code="domain_taken")
    tx.note("domain.proved", on=domain, after={"method": "cname"})


async def drop(tx: Tx, store_id: str) -> None:
    """Goes back to our address. Links under the domain lead on while its name leads here and its certificate lasts: the
    gateway gets no new one for a domain that is no store's.
    """
    used, chosen = await sql.own(tx, store_id)
    if used or chosen:
        await sql.drop(tx, store_id)
        tx.note("domain.removed", on=used or chosen or "", before={"proved": used is not None})
