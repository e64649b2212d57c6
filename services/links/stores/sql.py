"""Stores' rows. The kernel defines the table; here it is the truth, in the other services a slice."""

from dataclasses import dataclass
from datetime import datetime

from services.kernel.db import Row, Tx
from services.links.stores.domain import Method

_INSERT = """
insert into stores (store_id, name, currency, timezone, domains, locale, created_at, revision)
values (:store_id, :name, :currency, :timezone, cast(:domains as text[]), :locale, :created_at, :revision)
"""
_GET = """
select store_id, name, currency, timezone, domains, locale, created_at, revision,
  (select to_jsonb(p) - 'store_id' from store_placeholders p where p.store_id = stores.store_id) as placeholders
from stores where store_id = :store_id
"""
_UPDATE = """
update stores set name = :name, timezone = :timezone, domains = cast(:domains as text[]), locale = :locale,
  revision = :revision
where store_id = :store_id
"""
_PLACEHOLDERS = """
insert into store_placeholders (store_id, customer_ids, emails, phones, names)
values (:store_id, cast(:customer_ids as text[]), cast(:emails as text[]), cast(:phones as text[]),
  cast(:names as text[]))
on conflict (store_id) do update set customer_ids = excluded.customer_ids, emails = excluded.emails,
  phones = excluded.phones, names = excluded.names
"""
_CLAIM = """
insert into store_domains (store_id, domain, token, claimed_at) values (:store_id, :domain, :token, :at)
"""
_CLAIMS = """
select domain, token, claimed_at, checked_at, proved_at, method from store_domains
where store_id = :store_id order by domain
"""
_CHECKED = """
update store_domains set checked_at = :at, method = cast(:method as text),
  proved_at = case when cast(:method as text) is null then null else cast(:at as timestamptz) end
where store_id = :store_id and domain = :domain and token = :token and proved_at is null
"""
_KEEP = "delete from store_domains where store_id = :store_id and domain <> all(cast(:domains as text[]))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placeholders:
    """What a store's systems fill in where a buyer gave no name; `names` is how it travels."""

    customer_ids: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A store as it is set up. `domains` are hosts, with their port where it is not the standard one."""

    store_id: str
    name: str
    currency: str
    timezone: str
    domains: tuple[str, ...]
    locale: str
    created_at: datetime
    revision: int
    placeholders: Placeholders = Placeholders()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A domain that a store had to prove: `token` is what it publishes, `method` how it proved it, None until then."""

    domain: str
    token: str
    claimed_at: datetime
    checked_at: datetime | None = None
    proved_at: datetime | None = None
    method: Method | None = None


def _store(row: Row) -> Store:
    own = Placeholders(**{field: tuple(values) for field, values in (row.placeholders or {}).items()})
    return Store(**{**row._asdict(), "domains": tuple(row.domains), "placeholders": own})


async def insert(tx: Tx, store: Store) -> None:
    """Adds a store."""
    await tx.execute(
        _INSERT,
        store_id=store.store_id,
        name=store.name,
        currency=store.currency,
        timezone=store.timezone,
        domains=list(store.domains),
        locale=store.locale,
        created_at=store.created_at,
        revision=store.revision,
    )


async def get(tx: Tx, store_id: str, *, lock: bool = False) -> Store | None:
    """One store, if this transaction sees it; with `lock`, nobody else changes it before the end of the transaction."""
    row = await tx.one_or_none(_GET + ("for update" if lock else ""), store_id=store_id)
    return _store(row) if row else None


async def update(tx: Tx, store: Store) -> None:
    """Writes what may change of a store. Its currency may not: programs and money are in it."""
    await tx.execute(
        _UPDATE,
        store_id=store.store_id,
        name=store.name,
        timezone=store.timezone,
        domains=list(store.domains),
        locale=store.locale,
        revision=store.revision,
    )


async def put_placeholders(tx: Tx, store_id: str, own: Placeholders) -> None:
    """Writes what stands for nobody at a store."""
    await tx.execute(
        _PLACEHOLDERS,
        store_id=store_id,
        customer_ids=list(own.customer_ids),
        emails=list(own.emails),
        phones=list(own.phones),
        names=list(own.names),
    )


async def claim(tx: Tx, store_id: str, claim: Claim) -> None:
    """Adds a domain that has to be proved."""
    await tx.execute(_CLAIM, store_id=store_id, domain=claim.domain, token=claim.token, at=claim.claimed_at)


async def claims(tx: Tx, store_id: str) -> dict[str, Claim]:
    """Every domain that had to be proved, by its name."""
    return {row.domain: Claim(**row._asdict()) for row in await tx.all(_CLAIMS, store_id=store_id)}


async def checked(tx: Tx, store_id: str, domain: str, *, token: str, method: Method | None) -> bool:
    """Notes that somebody looked, and how the domain was proved. False if that claim is open no more."""
    found = await tx.execute(_CHECKED, store_id=store_id, domain=domain, token=token, method=method, at=tx.now)
    return found > 0


async def keep_claims(tx: Tx, store_id: str, domains: tuple[str, ...]) -> None:
    """Forgets the claims of all other domains: who names one of them again proves it anew."""
    await tx.execute(_KEEP, store_id=store_id, domains=list(domains))
