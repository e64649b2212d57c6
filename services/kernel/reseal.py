"""After a rotation of sealing keys: what older keys sealed is sealed anew, so that the old key can be taken away."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from services.kernel.auth.principal import CLI
from services.kernel.auth.sealing import Sealing
from services.kernel.db import Database, Tx

BLOCK: Final = 500

_FIND: Final = """
select {key} as owner, {column} as sealed from {table}
where store_id = :store_id and {key} > :after and substring({column} from 1 for {length}) <> :newest
order by {key} limit {block} for update
"""
_PUT: Final = """
update {table} t set {column} = w.sealed
from unnest(cast(:owners as text[]), cast(:sealed as bytea[])) w (owner, sealed)
where t.store_id = :store_id and t.{key} = w.owner
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A column of sealed values in a service's manifest. `key` is the column whose text names the owner: unique within
    the table, and what the values are sealed for.
    """

    table: str
    key: str
    column: str
    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resealed:
    """What one block brought. `last` is where the next one goes on, None at the end."""

    done: int
    lost: int
    """Values whose key is gone, or which are not their owner's: they stay as they are."""
    last: str | None


async def reseal(tx: Tx, sealing: Sealing, where: Sealed, store_id: str, *, after: str = "") -> Resealed:
    """Seals a block of one store's values anew, of those that the newest key did not seal."""
    newest = sealing.newest
    statement = _FIND.format(table=where.table, key=where.key, column=where.column, length=len(newest), block=BLOCK)
    rows = await tx.all(statement, store_id=store_id, after=after, newest=newest)
    anew = {}
    for row in rows:
        try:
            plain = sealing.open(where.purpose, row.sealed, owner=row.owner)
        except ValueError:
            continue
        anew[row.owner] = sealing.seal(where.purpose, plain, owner=row.owner)
    if anew:
        statement = _PUT.format(table=where.table, key=where.key, column=where.column)
        await tx.execute(statement, store_id=store_id, owners=list(anew), sealed=list(anew.values()))
    last = rows[-1].owner if len(rows) == BLOCK else None
    return Resealed(done=len(anew), lost=len(rows) - len(anew), last=last)


async def reseal_all(db: Database, sealing: Sealing, where: Sealed, stores: Iterable[str]) -> tuple[int, int]:
    """Seals a column anew, store by store in blocks; how many values were, and how many cannot be opened."""
    done = lost = 0
    for store_id in stores:
        after: str | None = ""
        while after is not None:
            async with db.transaction([store_id], actor=CLI) as tx:
                block = await reseal(tx, sealing, where, store_id, after=after)
            done, lost, after = done + block.done, lost + block.lost, block.last
    return done, lost
