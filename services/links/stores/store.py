"""Stores' rows. The kernel defines the table; here it is the truth, in the other services a slice."""

from dataclasses import dataclass
from datetime import datetime

from services.kernel.db import Row, Tx

_INSERT = """
insert into stores (store_id, name, currency, timezone, domains, locale, created_at, revision)
values (:store_id, :name, :currency, :timezone, cast(:domains as text[]), :locale, :created_at, :revision)
"""
_GET = """
select store_id, name, currency, timezone, domains, locale, created_at, revision from stores where store_id = :store_id
"""
_UPDATE = """
update stores set name = :name, timezone = :timezone, domains = cast(:domains as text[]), locale = :locale,
  revision = :revision
where store_id = :store_id
"""


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


def _store(row: Row) -> Store:
    return Store(**{**row._asdict(), "domains": tuple(row.domains)})


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
    """Writes what may change of a store. Its currency may not: programs and money are told in it."""
    await tx.execute(
        _UPDATE,
        store_id=store.store_id,
        name=store.name,
        timezone=store.timezone,
        domains=list(store.domains),
        locale=store.locale,
        revision=store.revision,
    )
