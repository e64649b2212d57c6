"""Reads and writes what platforms' ids of codes stand for."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from services.kernel.db import Tx

_ADD = """
insert into remote_codes (store_id, connection_id, remote_id, code, noted_at)
select :store, :connection, w.r, w.c, :at from unnest(cast(:ids as text[]), cast(:codes as text[])) w (r, c)
order by 2, 3 on conflict do nothing
"""
_FIND = """
select r.store_id, r.connection_id, r.remote_id, r.code from remote_codes r
join unnest(cast(:stores as text[]), cast(:connections as text[]), cast(:ids as text[])) w (s, c, r)
  on r.store_id = w.s and r.connection_id = w.c and r.remote_id = w.r
"""


class RemoteId(NamedTuple):
    """A code as a connection's platform names it."""

    store_id: str
    connection_id: str
    remote_id: str


async def add(tx: Tx, store_id: str, connection_id: str, found: Mapping[str, str]) -> None:
    """Notes codes by their ids. What is known stays."""
    ids = sorted(found)
    await tx.execute(
        _ADD, store=store_id, connection=connection_id, at=tx.now, ids=ids, codes=[found[one] for one in ids]
    )


async def codes(tx: Tx, named: Collection[RemoteId]) -> dict[RemoteId, str]:
    """What these stand for, as far as it is known."""
    ordered = sorted(named)
    rows = await tx.all(
        _FIND,
        stores=[one.store_id for one in ordered],
        connections=[one.connection_id for one in ordered],
        ids=[one.remote_id for one in ordered],
    )
    return {RemoteId(row.store_id, row.connection_id, row.remote_id): row.code for row in rows}
