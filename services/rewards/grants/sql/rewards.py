"""SQL of rewards: loading all of an order, saving changes, finding what is due, listing.

The column `order_id` holds the id of the source, of whatever kind: it got its name when orders were the only one, and
replicas of a former version write by that name. The id of a custom event stands there behind a mark that no order's
begins with: the store may well call both `1001`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from services.kernel.db import Row, Tx
from services.kernel.revisions import Ref
from services.rewards.grants.domain.reward import Reward
from services.rewards.rules.domain import Reason, SourceKind

_TYPES = {
    "store_id": "text",
    "source_kind": "text",
    "order_id": "text",
    "program_id": "text",
    "rule": "text",
    "level": "int",
    "beneficiary_id": "text",
    "reward_id": "text",
    "side": "text",
    "ambassador_id": "text",
    "program_version": "int",
    "pay_as": "text",
    "unit": "text",
    "currency": "text",
    "order_revision": "int",
    "placed_at": "timestamptz",
    "day": "date",
    "base_minor": "bigint",
    "total_minor": "bigint",
    "refunded_minor": "bigint",
    "want_minor": "bigint",
    "bound_minor": "bigint",
    "target_minor": "bigint",
    "reason": "text",
    "revision": "int",
    "settled_at": "timestamptz",
    "available_at": "timestamptz",
    "created_at": "timestamptz",
    "granted_at": "timestamptz",
    "changed_at": "timestamptz",
    "approved_at": "timestamptz",
    "released_at": "timestamptz",
    "rejected_at": "timestamptz",
    "settled_minor": "bigint",
    "note": "text",
    "waits_for": "text",
    "waits_why": "text",
    "waits_since": "timestamptz",
    "granted_by": "bigint",
    "event_name": "text",
    "tier": "text",
    "multiplier": "int",
    "lot_id": "text",
    "plan_target": "bigint",
    "plan_counted": "bigint",
    "plan_sold": "bigint",
    "won_by": "text",
    "sponsor_active": "boolean",
    "split": "int",
}
"""Columns that are fields of `Reward`, with their types. `status` is written beside them: it follows from them."""

_ATTRIBUTES = {"order_id": "source_id"}
"""Fields of `Reward` that are called otherwise than their columns."""

_KEY = ("store_id", "order_id", "program_id", "rule", "level", "side", "beneficiary_id")
_NEVER_CHANGE = {*_KEY, "source_kind", "event_name", "reward_id", "created_at"}
_FIELDS = ", ".join(_TYPES)
COLUMNS = ", ".join(f"r.{name} as {_ATTRIBUTES.get(name, name)}" for name in _TYPES)
"""What is read of a reward `r`, for `reward_of`."""

# S608 is silenced where statements are put together from the names above, which no caller can touch.
_SAVE = (
    f"insert into rewards ({_FIELDS}, status) select * from unnest("  # noqa: S608
    + ", ".join(f"cast(:{name} as {kind}[])" for name, kind in _TYPES.items())
    + f", cast(:status as text[])) on conflict ({', '.join(_KEY)}) do update set "
    + ", ".join(f"{name} = excluded.{name}" for name in (*_TYPES, "status") if name not in _NEVER_CHANGE)
)

_OF_SOURCES = (
    f"select {COLUMNS} from rewards r"  # noqa: S608
    " join unnest(cast(:stores as text[]), cast(:orders as text[])) w(store_id, order_id) using (store_id, order_id)"
    " where r.source_kind = :kind"
    " order by r.store_id, r.order_id, r.reward_id"
)

_ONE = f"select {COLUMNS} from rewards r where r.store_id = :store and r.reward_id = :reward"  # noqa: S608

_DUE = (
    f"select {COLUMNS} from unnest(cast(:stores as text[])) w(store_id) cross join lateral ("  # noqa: S608
    " select * from rewards where store_id = w.store_id and target_minor > 0 and settled_at is not null"
    " and released_at is null and waits_for is null and available_at <= :now order by available_at limit :count) r"
    " order by r.store_id, r.available_at, r.reward_id"
)

_ASKED_ABOUT = (
    f"select {COLUMNS} from rewards r where r.store_id = any(cast(:stores as text[])) and r.waits_for = 'store'"  # noqa: S608
    " and r.target_minor > 0 order by r.store_id, r.waits_since limit :count"
)

_NEXT_DUE = """
select w.store_id, r.available_at as at from unnest(cast(:stores as text[])) w(store_id) cross join lateral (
  select available_at from rewards where store_id = w.store_id and target_minor > 0 and settled_at is not null
    and released_at is null and waits_for is null order by available_at limit 1
) r
"""

_SEVERAL = (
    f"select {COLUMNS} from rewards r"  # noqa: S608
    " where r.store_id = :store and r.reward_id = any(cast(:rewards as text[])) order by r.reward_id"
)

_LIST = (
    f"select {COLUMNS} from rewards r where r.store_id = :store"  # noqa: S608
    " and (cast(:before as text) is null or r.reward_id < :before) {filters} order by r.reward_id desc limit :count"
)

_BEHIND = (
    f"select {COLUMNS} from rewards r"  # noqa: S608
    " where r.store_id = :store and r.reward_id > :after order by r.reward_id limit :count"
)

_LIST_FILTERS = {
    "order_id": "and r.source_kind = 'order' and r.order_id = :order_id",
    "ambassador_id": "and r.ambassador_id = :ambassador_id",
    "status": "and r.status = :status",
    "beneficiary_id": "and r.beneficiary_id = :beneficiary_id",
    "program_id": "and r.program_id = :program_id",
    # The word stands in the statement too: only so its own small index serves it.
    "person": "and r.source_kind = 'person' and r.source_kind = :person",
    "order": "and r.source_kind = :order",
    "event": "and r.source_kind = 'event' and r.source_kind = :event",
    "period": "and r.source_kind <> 'order' and r.source_kind = 'period' and r.source_kind = :period",
    "cashback": "and r.source_kind <> 'order' and r.source_kind = 'cashback' and r.source_kind = :cashback",
    "event_id": "and r.source_kind = 'event' and r.order_id = :event_id",
    # What somebody gets as a sponsor, by its own small index.
    "sponsor_id": "and r.won_by is not null and r.ambassador_id = :sponsor_id",
}

_POSTED = """
select r.reward_id, r.target_minor, coalesce(sum(e.amount_minor), 0)::bigint as posted
from rewards r
left join posting_sets s on s.store_id = r.store_id and s.reward_id = r.reward_id
left join entries e on e.store_id = s.store_id and e.number = s.number and e.account = 'program_expense'
  and e.unit = r.unit
where r.store_id = :store and r.reward_id > :after
group by r.reward_id, r.target_minor order by r.reward_id limit :count
"""


_OF_EVENT = "event/"
"""Before the id of a custom event: no id of an order holds a slash."""


def reward_of(row: Row) -> Reward:
    """A row of `COLUMNS`."""
    source_id = row.source_id.removeprefix(_OF_EVENT) if row.source_kind == "event" else row.source_id
    return Reward(**{**row._asdict(), "reason": Reason(row.reason), "source_id": source_id})


def _kept_as(kind: SourceKind, source_id: str) -> str:
    return _OF_EVENT + source_id if kind == "event" else source_id


async def save(
    tx: Tx,
    rewards: Sequence[Reward],
    raised_by: Mapping[str, int] | None = None,
    lots: Mapping[str, str | None] | None = None,
) -> None:
    """Writes these rewards, in this order: the caller puts lowered ones first, for the one-beneficiary key's sake.

    `raised_by` is, by reward, the number of the posting set that has just raised it; `lots` the lot in which it lies
    since.
    """
    raised, lying = raised_by or {}, lots or {}
    columns: dict[str, list[object]] = {
        name: [getattr(reward, _ATTRIBUTES.get(name, name)) for reward in rewards] for name in _TYPES
    }
    columns["order_id"] = [_kept_as(reward.source_kind, reward.source_id) for reward in rewards]
    columns["granted_by"] = [raised.get(reward.reward_id, reward.granted_by) for reward in rewards]
    columns["lot_id"] = [lying.get(reward.reward_id, reward.lot_id) for reward in rewards]
    columns["reason"] = [str(reward.reason) for reward in rewards]
    await tx.execute(_SAVE, **columns, status=[reward.status for reward in rewards])


async def of_sources(tx: Tx, kind: SourceKind, keys: Iterable[Ref]) -> list[Reward]:
    """All rewards of these (store, order), or of these custom events."""
    wanted = sorted(keys)
    ids = [_kept_as(kind, source_id) for _, source_id in wanted]
    rows = await tx.all(_OF_SOURCES, kind=kind, stores=[k[0] for k in wanted], orders=ids)
    return [reward_of(row) for row in rows]


async def one(tx: Tx, store_id: str, reward_id: str) -> Reward | None:
    """A reward by its id."""
    row = await tx.one_or_none(_ONE, store=store_id, reward=reward_id)
    return None if row is None else reward_of(row)


async def several(tx: Tx, store_id: str, ids: Iterable[str]) -> dict[str, Reward]:
    """Rewards by their ids; those that there are."""
    rows = await tx.all(_SEVERAL, store=store_id, rewards=sorted(set(ids)))
    return {row.reward_id: reward_of(row) for row in rows}


async def due(tx: Tx, stores: Sequence[str], *, now: datetime, count: int) -> list[Reward]:
    """Settled rewards whose hold is over and about which nobody is asked, the longest waiting first, at most `count` of
    each store.
    """
    return [reward_of(row) for row in await tx.all(_DUE, stores=sorted(stores), now=now, count=count)]


async def asked_about(tx: Tx, stores: Iterable[str], *, count: int) -> list[Reward]:
    """Rewards above zero in these stores that wait for the word of the store's server."""
    return [reward_of(row) for row in await tx.all(_ASKED_ABOUT, stores=sorted(stores), count=count)]


async def next_due(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """When the next settled reward of each store becomes available."""
    return {row.store_id: row.at for row in await tx.all(_NEXT_DUE, stores=sorted(stores))}


async def listed(tx: Tx, store_id: str, *, before: str | None, count: int, filters: Mapping[str, str]) -> list[Reward]:
    """Rewards of a store, newest first, below the id `before`. Filters: see `_LIST_FILTERS`, and `source`."""
    if (kind := filters.get("source")) is not None:
        filters = {name: value for name, value in filters.items() if name != "source"} | {kind: kind}
    if (event_id := filters.get("event_id")) is not None:
        filters = {**filters, "event_id": _kept_as("event", event_id)}
    sql = _LIST.format(filters=" ".join(_LIST_FILTERS[name] for name in sorted(filters)))
    return [reward_of(row) for row in await tx.all(sql, store=store_id, before=before, count=count, **filters)]


async def posted(tx: Tx, store_id: str, *, after: str, count: int) -> list[tuple[str, int, int]]:
    """(reward, target, what the ledger says it cost) in the order of ids, above the id `after`."""
    rows = await tx.all(_POSTED, store=store_id, after=after, count=count)
    return [(row.reward_id, row.target_minor, row.posted) for row in rows]


async def behind(tx: Tx, store_id: str, *, after: str, count: int) -> list[Reward]:
    """Rewards in the order of ids, above the id `after`."""
    return [reward_of(row) for row in await tx.all(_BEHIND, store=store_id, after=after, count=count)]
