"""Connections that carry codes, and whose turn it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.kernel.db import Tx
from services.kernel.revisions import Ref

_COLUMNS = 'store_id, connection_id, platform, "on", sweep, awake, round, revision, problem, applies, hosts, hosts_at'
_TURNED = """
insert into code_carriers (store_id, connection_id, platform, "on", sweep, awake, round, revision)
values (:store, :connection, :platform, :on, '', false, 0, 1)
on conflict (store_id, connection_id) do update set "on" = excluded."on", sweep = '', problem = null,
    revision = code_carriers.revision + 1, hosts_at = null
where code_carriers."on" <> excluded."on"
"""
_ONE = f"select {_COLUMNS} from code_carriers where store_id = :store and connection_id = :connection"  # noqa: S608
_LOCKED = _ONE + " for update"
_ALL = f"select {_COLUMNS} from code_carriers where store_id = :store"  # noqa: S608
_OF_STORES = f"""
select {_COLUMNS} from code_carriers where store_id = any(cast(:stores as text[])) and "on"
order by store_id, connection_id for update
"""  # noqa: S608
_ANEW = """
update code_carriers set revision = revision + 1, hosts_at = null
where store_id = :store and connection_id = :connection
"""
_SWITCHED = """
insert into code_carriers (store_id, connection_id, platform, "on", sweep, awake, round, revision, applies)
values (:store, :connection, :platform, false, '', false, 0, 1, :applies)
on conflict (store_id, connection_id) do update set applies = excluded.applies, revision = code_carriers.revision + 1
where code_carriers.applies <> excluded.applies
"""
_HOSTS = """
update code_carriers set hosts = :hosts, hosts_at = :at, revision = :revision
where store_id = :store and connection_id = :connection
"""
_WRITE = """
update code_carriers set sweep = :sweep, awake = :awake, round = :round, problem = :problem
where store_id = :store and connection_id = :connection
"""


@dataclass(frozen=True, slots=True)
class Carrier:
    """A connection that carries codes, or did."""

    store_id: str
    connection_id: str
    platform: str
    on: bool
    sweep: str | None
    awake: bool
    round: int
    revision: int
    problem: str | None
    applies: bool = True
    hosts: tuple[str, ...] = ()
    hosts_at: datetime | None = None

    @property
    def discount_hosts(self) -> tuple[str, ...]:
        """Where links may lead by an address that applies the code."""
        return self.hosts if self.applies else ()

    @property
    def ref(self) -> Ref:
        """Its store and connection."""
        return self.store_id, self.connection_id


async def turn(tx: Tx, store_id: str, connection_id: str, *, platform: str, on: bool) -> bool:
    """Lets a connection carry codes, or no longer; False where that is so already. Its hosts are asked for anew."""
    return await tx.execute(_TURNED, store=store_id, connection=connection_id, platform=platform, on=on) == 1


async def one(tx: Tx, store_id: str, connection_id: str, *, lock: bool = False) -> Carrier | None:
    """One connection; with `lock`, nobody else begins or ends its work before the transaction's end."""
    row = await tx.one_or_none(_LOCKED if lock else _ONE, store=store_id, connection=connection_id)
    return _carrier(row) if row else None


async def of_store(tx: Tx, store_id: str) -> dict[str, Carrier]:
    """A store's, by connection; those that are off as well."""
    return {row.connection_id: _carrier(row) for row in await tx.all(_ALL, store=store_id)}


async def locked(tx: Tx, stores: Sequence[str]) -> list[Carrier]:
    """All that carry codes of these stores, locked."""
    return [_carrier(row) for row in await tx.all(_OF_STORES, stores=sorted(stores))]


async def begin_anew(tx: Tx, store_id: str, connection_id: str) -> None:
    """What its shop was asked for up to now says nothing any more; its hosts are asked for once more."""
    await tx.execute(_ANEW, store=store_id, connection=connection_id)


async def switch(tx: Tx, store_id: str, connection_id: str, *, platform: str, applies: bool) -> bool:
    """Lets links lead to the shop by an address that applies the code, or no longer; False where that is so already."""
    done = await tx.execute(_SWITCHED, store=store_id, connection=connection_id, platform=platform, applies=applies)
    return done == 1


async def keep_hosts(tx: Tx, carrier: Carrier) -> None:
    """Writes what is known of the shop's hosts, and the revision by which that is reported."""
    await tx.execute(
        _HOSTS,
        store=carrier.store_id,
        connection=carrier.connection_id,
        hosts=list(carrier.hosts),
        at=carrier.hosts_at,
        revision=carrier.revision,
    )


async def write(tx: Tx, carrier: Carrier) -> None:
    """Writes how its work stands."""
    await tx.execute(
        _WRITE,
        store=carrier.store_id,
        connection=carrier.connection_id,
        sweep=carrier.sweep,
        awake=carrier.awake,
        round=carrier.round,
        problem=carrier.problem,
    )


def _carrier(row: Any) -> Carrier:
    values = row._asdict()
    return Carrier(**{**values, "hosts": tuple(values["hosts"])})
