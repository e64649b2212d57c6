"""Setting up a store and changing it; which domains it named, and which it proved."""

import secrets
from dataclasses import replace

from contracts.events.catalog import StoreConfigured
from services.kernel.db import Tx
from services.kernel.errors import Conflict, Invalid, NotFound
from services.links.changes import sql as changes
from services.links.host_names import sql as host_names
from services.links.stores import sql as rows
from services.links.stores.domain import DomainPolicy, Method, lies_below, refusal
from services.links.stores.sql import Claim, Placeholders, Store

MOST_DOMAINS = 50


async def create(tx: Tx, store: Store, policy: DomainPolicy) -> Store:
    """Adds a store and announces it. Its `domains` are those that it names: they count once proved."""
    store = replace(store, domains=await _sorted_out(tx, store.store_id, (), store.domains, policy))
    await rows.insert(tx, store)
    _announce(tx, store)
    tx.note("store.made", on=store.store_id, after=_figures(store))
    return store


async def get(tx: Tx, store_id: str, *, lock: bool = False) -> Store:
    """The store; with `lock`, nobody else changes it before the end of the transaction. Raises `NotFound`."""
    store = await rows.get(tx, store_id, lock=lock)
    if store is None:
        raise NotFound("There is no such store.")
    return store


async def change(
    tx: Tx,
    store_id: str,
    *,
    name: str | None = None,
    timezone: str | None = None,
    locale: str | None = None,
    placeholders: Placeholders | None = None,
) -> Store:
    """Changes the given fields; nothing is announced when nothing differs."""
    before = await get(tx, store_id, lock=True)
    after = replace(
        before,
        name=name or before.name,
        timezone=timezone or before.timezone,
        locale=locale or before.locale,
        placeholders=placeholders or before.placeholders,
    )
    if after.placeholders != before.placeholders:
        await rows.put_placeholders(tx, store_id, after.placeholders)
    if after != before:
        fields = ("name", "timezone", "locale", "placeholders")
        changed = [field for field in fields if getattr(after, field) != getattr(before, field)]
        tx.note(
            "store.changed",
            on=store_id,
            before=_figures(before),
            after={**_figures(after), "changed": ",".join(changed)},
        )
    return await _save(tx, before, after)


async def name_domains(tx: Tx, store_id: str, wanted: tuple[str, ...], policy: DomainPolicy) -> Store:
    """Makes these all the domains of the store. A new one counts once it is proved; one that is left out is forgotten,
    and with it the link domain below it.

    Raises `Invalid` for a domain that can be nobody's, and `Conflict` rather than leave links without a page.
    """
    before = await get(tx, store_id, lock=True)
    named = {*before.domains, *await rows.claims(tx, store_id)}
    kept = await _sorted_out(tx, store_id, before.domains, wanted, policy)
    if before.domains and not kept:
        raise Conflict("Prove another domain first: without one, no link would lead anywhere.", code="last_domain")
    for domain in dict.fromkeys(wanted):
        if domain not in named:
            tx.note("domain.added", on=domain, after={"proved": domain in kept})
    for domain in sorted(named.difference(wanted)):
        tx.note("domain.removed", on=domain, before={"proved": domain in before.domains})
    await _keep_link_domain_below(tx, store_id, kept)
    return await _save(tx, before, replace(before, domains=kept))


async def add_domain(tx: Tx, store_id: str, domain: str, policy: DomainPolicy) -> Store:
    """Names one domain more. Raises `Invalid`."""
    before = await get(tx, store_id, lock=True)
    named = (*before.domains, *await rows.claims(tx, store_id))
    return await name_domains(tx, store_id, tuple(dict.fromkeys((*named, domain))), policy)


async def drop_domain(tx: Tx, store_id: str, domain: str, policy: DomainPolicy) -> Store:
    """Takes one domain away. Raises `NotFound`, and `Conflict` if links would lead nowhere."""
    before = await get(tx, store_id, lock=True)
    named = tuple(dict.fromkeys((*before.domains, *await rows.claims(tx, store_id))))
    if domain not in named:
        raise NotFound("The store has no such domain.")
    return await name_domains(tx, store_id, tuple(one for one in named if one != domain), policy)


async def checked_domain(tx: Tx, store_id: str, claim: Claim, method: Method | None) -> Store:
    """Notes what a look at a claimed domain found; proved, it counts from now on."""
    before = await get(tx, store_id, lock=True)
    still_open = await rows.checked(tx, store_id, claim.domain, token=claim.token, method=method)
    if method is None or not still_open:
        return before
    tx.note("domain.proved", on=claim.domain, after={"method": method})
    return await _save(tx, before, replace(before, domains=(*before.domains, claim.domain)))


async def _sorted_out(
    tx: Tx, store_id: str, before: tuple[str, ...], wanted: tuple[str, ...], policy: DomainPolicy
) -> tuple[str, ...]:
    """Of the wanted domains those that count, in their order; the others become claims."""
    if len(wanted) > MOST_DOMAINS:
        raise Invalid.field("domains", f"A store has at most {MOST_DOMAINS} domains.", code="too_many")
    await rows.keep_claims(tx, store_id, wanted)
    claims = await rows.claims(tx, store_id)
    kept = []
    for domain in wanted:
        if domain in before:
            kept.append(domain)
            continue
        refused = refusal(domain, policy)
        if refused:
            raise Invalid.field("domains", refused, code="nobodys_domain")
        if not policy.proof or lies_below(domain, [known for known in before if known in wanted]):
            kept.append(domain)
        elif domain not in claims:
            await rows.claim(tx, store_id, Claim(domain=domain, token=secrets.token_hex(16), claimed_at=tx.now))
    # What counts without a proof of its own has nothing left to prove.
    open_claims = tuple(one for one in wanted if one in before or one not in kept)
    await rows.keep_claims(tx, store_id, open_claims)
    return tuple(kept)


async def _keep_link_domain_below(tx: Tx, store_id: str, domains: tuple[str, ...]) -> None:
    """Who lost `shop.example` does not speak for `go.shop.example` any more."""
    used, chosen = await host_names.own(tx, store_id)
    if chosen is not None and not lies_below(chosen, domains):
        await host_names.drop_wish(tx, store_id)
    if used is not None and not lies_below(used, domains):
        await host_names.drop_used(tx, store_id)
        tx.note("domain.removed", on=used, before={"proved": True})


async def _save(tx: Tx, before: Store, after: Store) -> Store:
    if after == before:
        return before
    after = replace(after, revision=before.revision + 1)
    await rows.update(tx, after)
    await changes.note(tx, "store", after.store_id)
    _announce(tx, after)
    return after


def _figures(store: Store) -> dict[str, str | int | None]:
    return {"currency": store.currency, "timezone": store.timezone, "locale": store.locale}


def _announce(tx: Tx, store: Store) -> None:
    tx.emit(
        StoreConfigured(
            store_id=store.store_id,
            name=store.name,
            currency=store.currency,
            timezone=store.timezone,
            domains=store.domains,
            locale=store.locale,
            created_at=store.created_at,
            revision=store.revision,
            placeholders=store.placeholders.names,
        )
    )
