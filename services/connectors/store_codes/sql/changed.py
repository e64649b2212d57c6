"""Codes that are to be compared with the set-up by themselves: a code was saved, or whose it is takes part or not."""

from collections.abc import Sequence

from services.kernel.db import Tx
from services.kernel.revisions import Ref

# A row that is there already is written again, so that its connection is among those returned: it may be asleep.
_NOTE = """
with named (store_id, code_id) as (
  select * from unnest(cast(:code_stores as text[]), cast(:codes as text[]))
  union
  select c.store_id, c.code_id
  from unnest(cast(:owner_stores as text[]), cast(:owners as text[])) w (store_id, ambassador_id)
  join codes c on c.store_id = w.store_id and c.ambassador_id = w.ambassador_id
)
insert into changed_codes (store_id, connection_id, code_id)
select r.store_id, r.connection_id, n.code_id
from named n join code_carriers r on r.store_id = n.store_id and r."on"
order by 1, 2, 3
on conflict (store_id, connection_id, code_id) do update set code_id = excluded.code_id
returning store_id, connection_id
"""
_TAKE = """
delete from changed_codes where store_id = :store and connection_id = :connection and code_id = any(array(
  select code_id from changed_codes where store_id = :store and connection_id = :connection
  order by code_id limit :count))
returning code_id
"""
_ANY = "select exists (select from changed_codes where store_id = :store and connection_id = :connection)"


async def note(tx: Tx, codes: Sequence[Ref], ambassadors: Sequence[Ref]) -> set[Ref]:
    """Notes these codes, and those of these ambassadors, for each connection that carries its store's codes; returns
    these connections. The caller holds the locks of all carriers of these stores.
    """
    rows = await tx.all(
        _NOTE,
        code_stores=[store_id for store_id, _ in codes],
        codes=[code_id for _, code_id in codes],
        owner_stores=[store_id for store_id, _ in ambassadors],
        owners=[ambassador_id for _, ambassador_id in ambassadors],
    )
    return {(row.store_id, row.connection_id) for row in rows}


async def take(tx: Tx, store_id: str, connection_id: str, *, count: int) -> list[str]:
    """Takes up to `count` of a connection's; they are compared in this transaction."""
    rows = await tx.all(_TAKE, store=store_id, connection=connection_id, count=count)
    return [row.code_id for row in rows]


async def is_any(tx: Tx, store_id: str, connection_id: str) -> bool:
    """Whether a connection has some to compare."""
    return bool(await tx.scalar(_ANY, store=store_id, connection=connection_id))
