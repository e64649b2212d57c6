"""Reads and writes how far imports have come."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from services.connectors.history.domain import SIZE, State
from services.kernel.db import Tx
from services.kernel.revisions import Ref


@dataclass(frozen=True, slots=True)
class History:
    """A connection's import; see the table for what its fields mean."""

    store_id: str
    hook_id: str
    host: str | None
    state: State
    before_at: datetime
    since_at: datetime
    until_at: datetime
    began_at: datetime
    moved_at: datetime
    reason: str | None = None
    round: int = 1
    cursor: str | None = None
    size: int = SIZE
    ended_at: datetime | None = None
    asked: int = 0
    found: int = 0
    taken: int = 0
    unreadable: int = 0


_NAMES: Final = [one.name for one in fields(History)]
_FIELDS = ", ".join(_NAMES)
_PUT = f"""
insert into histories ({_FIELDS}) values ({", ".join(f":{name}" for name in _NAMES)})
on conflict (store_id, hook_id) do update set {", ".join(f"{name} = excluded.{name}" for name in _NAMES[2:])}
"""  # noqa: S608  # names of columns
_ONE = f"select {_FIELDS} from histories where store_id = :store and hook_id = :hook"  # noqa: S608
_LOCKED = _ONE + " for update"
_LATER = """
select store_id, hook_id from histories
where store_id = any(cast(:stores as text[])) and since_at > :since order by 1, 2
"""
_DROP = "delete from histories where store_id = :store and hook_id = :hook"


async def put(tx: Tx, history: History) -> None:
    """Writes an import that is new, or locked."""
    await tx.execute(_PUT, **{name: getattr(history, name) for name in _NAMES})


async def one(tx: Tx, store_id: str, hook_id: str, *, lock: bool = False) -> History | None:
    """A connection's import; with `lock`, nobody else changes it before the transaction's end."""
    row = await tx.one_or_none(_LOCKED if lock else _ONE, store=store_id, hook=hook_id)
    return None if row is None else History(*tuple(row))


async def later_than(tx: Tx, stores: Sequence[str], since: datetime) -> list[Ref]:
    """Connections of these stores whose imports look back less far than to a moment."""
    return [(row.store_id, row.hook_id) for row in await tx.all(_LATER, stores=list(stores), since=since)]


async def drop(tx: Tx, store_id: str, hook_id: str) -> None:
    """Forgets a connection's import."""
    await tx.execute(_DROP, store=store_id, hook=hook_id)
