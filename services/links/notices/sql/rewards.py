"""Ambassadors' rewards as rewards last reported them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.kernel.db import Row, Tx

_FIELDS = "store_id, reward_id, ambassador_id, order_id, revision, amount_minor, currency, pay_as, status, available_at"
_KNOWN = f"""
select {_FIELDS} from notice_rewards
where store_id = any(cast(:stores as text[])) and reward_id = any(cast(:rewards as text[]))
"""  # noqa: S608  # our own words
_PUT = f"""
insert into notice_rewards ({_FIELDS})
select * from unnest(cast(:stores as text[]), cast(:rewards as text[]), cast(:ambassadors as text[]),
  cast(:orders as text[]), cast(:revisions as int[]), cast(:amounts as bigint[]), cast(:currencies as text[]),
  cast(:pay_as as text[]), cast(:statuses as text[]), cast(:available as timestamptz[])) order by 1, 2
on conflict (store_id, reward_id) do update set revision = excluded.revision, amount_minor = excluded.amount_minor,
  status = excluded.status, available_at = excluded.available_at
where notice_rewards.revision < excluded.revision
"""  # noqa: S608
_OF_ORDER = f"""
select {_FIELDS} from notice_rewards
where store_id = :store_id and ambassador_id = :ambassador_id and order_id = :order_id
order by reward_id
"""  # noqa: S608
_ONE = f"select {_FIELDS} from notice_rewards where store_id = :store_id and reward_id = :reward_id"  # noqa: S608
_OF_PERSON = f"""
select {_FIELDS} from notice_rewards
where store_id = :store_id and ambassador_id = :ambassador_id and amount_minor > 0
"""  # noqa: S608


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    """An ambassador's reward. `order_id` is empty where it is for no order."""

    store_id: str
    reward_id: str
    ambassador_id: str
    order_id: str
    revision: int
    amount_minor: int
    currency: str
    pay_as: str
    status: str
    available_at: datetime | None


def _reward(row: Row) -> Reward:
    return Reward(**row._asdict())


async def known(tx: Tx, rewards: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Reward]:
    """(store, reward) → what was last received of it."""
    wanted = sorted(set(rewards))
    rows = await tx.all(_KNOWN, stores=sorted({s for s, _ in wanted}), rewards=[r for _, r in wanted])
    return {(row.store_id, row.reward_id): _reward(row) for row in rows}


async def put(tx: Tx, rewards: Sequence[Reward]) -> None:
    """Keeps the newest state of each; one of each reward."""
    if rewards:
        await tx.execute(
            _PUT,
            stores=[r.store_id for r in rewards],
            rewards=[r.reward_id for r in rewards],
            ambassadors=[r.ambassador_id for r in rewards],
            orders=[r.order_id for r in rewards],
            revisions=[r.revision for r in rewards],
            amounts=[r.amount_minor for r in rewards],
            currencies=[r.currency for r in rewards],
            pay_as=[r.pay_as for r in rewards],
            statuses=[r.status for r in rewards],
            available=[r.available_at for r in rewards],
        )


async def of_order(tx: Tx, store_id: str, ambassador_id: str, order_id: str) -> Sequence[Reward]:
    """What an order brings an ambassador now."""
    rows = await tx.all(_OF_ORDER, store_id=store_id, ambassador_id=ambassador_id, order_id=order_id)
    return [_reward(row) for row in rows]


async def one(tx: Tx, store_id: str, reward_id: str) -> Reward | None:
    """One reward."""
    row = await tx.one_or_none(_ONE, store_id=store_id, reward_id=reward_id)
    return _reward(row) if row else None


async def of_person(tx: Tx, store_id: str, ambassador_id: str) -> Sequence[Reward]:
    """Everything that an ambassador has or waits for."""
    rows = await tx.all(_OF_PERSON, store_id=store_id, ambassador_id=ambassador_id)
    return [_reward(row) for row in rows]
