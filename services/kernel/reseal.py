"""After a rotation of sealing keys: what older keys sealed is sealed anew, so that the old key can be taken away."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from services.kernel.auth.principal import CLI
from services.kernel.db import Database, Tx

BLOCK: Final = 500

_FIND: Final = """
select {key} as owner, {column} as sealed from {table}
where store_id = :store_id and {key} > :after and substring({column} from 1 for {length}) <> :newest
order by {key} limit {block} for update
"""
_PUT: Final = """
update {table} t set {column} = w.sealed{hint}
from unnest(cast(:owners as text[]), cast(:sealed as bytea[]), cast(:hints as text[])) w (owner, sealed, hint)
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
    for_workers: bool = False
    """Opened by the service's workers alone (`kernel.auth.opening`), where they were given keys for it."""
    hint: tuple[str, Callable[[bytes], str | None]] | None = None
    """A column beside it that says what may be shown of the value, and what it says: who cannot open it shows that."""


class Keys(Protocol):
    """What seals anew: the service's keys, or its workers'."""

    @property
    def newest(self) -> bytes:
        """How everything begins that the newest key sealed."""

    def seal(self, purpose: str, plain: bytes, *, owner: str) -> bytes:
        """Seals with the newest key."""

    def open(self, purpose: str, sealed: bytes, *, owner: str) -> bytes:
        """Opens with any. Raises `ValueError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resealed:
    """What one block brought. `last` is where the next one goes on, None at the end."""

    done: int
    lost: int
    """Values whose key is gone, or which are not their owner's: they stay as they are."""
    last: str | None


async def reseal(tx: Tx, sealing: Keys, where: Sealed, store_id: str, *, after: str = "") -> Resealed:
    """Seals a block of one store's values anew, of those that the newest key did not seal."""
    newest = sealing.newest
    statement = _FIND.format(table=where.table, key=where.key, column=where.column, length=len(newest), block=BLOCK)
    rows = await tx.all(statement, store_id=store_id, after=after, newest=newest)
    anew, hints = {}, []
    for row in rows:
        try:
            plain = sealing.open(where.purpose, row.sealed, owner=row.owner)
        except ValueError:
            continue
        anew[row.owner] = sealing.seal(where.purpose, plain, owner=row.owner)
        hints.append(None if where.hint is None else where.hint[1](plain))
    if anew:
        hint = "" if where.hint is None else f", {where.hint[0]} = w.hint"
        statement = _PUT.format(table=where.table, key=where.key, column=where.column, hint=hint)
        await tx.execute(statement, store_id=store_id, owners=list(anew), sealed=list(anew.values()), hints=hints)
    last = rows[-1].owner if len(rows) == BLOCK else None
    return Resealed(done=len(anew), lost=len(rows) - len(anew), last=last)


async def reseal_all(db: Database, sealing: Keys, where: Sealed, stores: Iterable[str]) -> tuple[int, int]:
    """Seals a column anew, store by store in blocks; how many values were, and how many cannot be opened."""
    done = lost = 0
    for store_id in stores:
        after: str | None = ""
        while after is not None:
            async with db.transaction([store_id], actor=CLI) as tx:
                block = await reseal(tx, sealing, where, store_id, after=after)
            done, lost, after = done + block.done, lost + block.lost, block.last
    return done, lost
