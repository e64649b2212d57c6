"""Link domains stand in the kernel's directory alone: found by name whichever store asks, and nobody's twice."""

from services.kernel.db import Tx

_KIND = "link-domain"
_WANTED = "link-domain-wanted"
"""What a store chose and its name server does not say yet, by store."""

_ALL = "select key, store_id from directory where kind = :kind"
_OWN = "select key from directory where kind = :kind and store_id = :store_id"
_CHOSEN = "select id from directory where kind = :kind and key = :store_id"
_ADD = """
insert into directory (kind, key, store_id, id) values (:kind, :domain, :store_id, '')
on conflict (kind, key) do nothing returning key
"""
_CHOOSE = """
insert into directory (kind, key, store_id, id) values (:kind, :store_id, :store_id, :domain)
on conflict (kind, key) do update set id = excluded.id
"""
_DROP = "delete from directory where kind = any(cast(:kinds as text[])) and store_id = :store_id"


async def everybodys(tx: Tx) -> dict[str, str]:
    """Domain → its store, of those that lead here."""
    return {row.key: row.store_id for row in await tx.all(_ALL, kind=_KIND)}


async def own(tx: Tx, store_id: str) -> tuple[str | None, str | None]:
    """The store's link domain that leads here, and the one that it chose."""
    row = await tx.one_or_none(_OWN, kind=_KIND, store_id=store_id)
    chosen = await tx.one_or_none(_CHOSEN, kind=_WANTED, store_id=store_id)
    return row.key if row else None, chosen.id if chosen else None


async def choose(tx: Tx, store_id: str, domain: str) -> None:
    """Writes what the store wants; what led here before goes on doing so until the new one does."""
    await tx.execute(_CHOOSE, kind=_WANTED, store_id=store_id, domain=domain)


async def use(tx: Tx, store_id: str, domain: str) -> bool:
    """Makes a domain the store's; False if another store has it."""
    await tx.execute(_DROP, kinds=[_KIND], store_id=store_id)
    return await tx.one_or_none(_ADD, kind=_KIND, store_id=store_id, domain=domain) is not None


async def drop_wish(tx: Tx, store_id: str) -> None:
    """Forgets what the store chose; what leads here stays."""
    await tx.execute(_DROP, kinds=[_WANTED], store_id=store_id)


async def drop_used(tx: Tx, store_id: str) -> None:
    """Forgets what leads here; what the store chose stays."""
    await tx.execute(_DROP, kinds=[_KIND], store_id=store_id)


async def drop(tx: Tx, store_id: str) -> None:
    """Goes back to our address."""
    await tx.execute(_DROP, kinds=[_KIND, _WANTED], store_id=store_id)
