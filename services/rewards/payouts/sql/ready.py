"""Who can be paid now, and how much: read from the books."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.kernel.db import Tx
from services.rewards.destinations.domain import Method
from services.rewards.payouts.domain.states import LIVE

_LIVE: Final = ", ".join(f"'{one}'" for one in LIVE)

# What is available, without what is left of lots of store credit, less its debt: that is no cash. A payout takes all
# the cash there is, so nothing of before the last one is left; and no entries are read. Names come from constants
# above (S608).
_CASH_NOW = """(
  b.available - coalesce((
    select sum(l.remaining) from lots l where l.store_id = b.store_id and l.owner = b.owner and l.side = b.side
      and l.unit = b.unit and l.pay_as = 'store_credit' and l.remaining > 0), 0)
  + coalesce((
    select o.amount from lot_debts o where o.store_id = b.store_id and o.owner = b.owner and o.side = b.side
      and o.unit = b.unit and o.pay_as = 'store_credit'), 0))::bigint"""
_READY = f"""
select d.ambassador_id, d.destination_id, d.method, l.number as after_number, c.cash
from destinations d
join balances b on b.store_id = d.store_id and b.owner = d.ambassador_id and b.side = 'ambassador'
  and b.unit = :currency
cross join lateral (
  select coalesce(max(p.reserve_number), 0) as number from payouts p
  where p.store_id = d.store_id and p.ambassador_id = d.ambassador_id and p.currency = :currency) l
cross join lateral (select {_CASH_NOW} as cash) c
where d.store_id = :store and d.ended_at is null and d.usable_at <= :now
  and d.method = any(cast(:methods as text[])) and b.available >= :minimum
  and c.cash >= :minimum and c.cash <= b.available and c.cash % cast(:step as bigint) = 0
  and not exists (
    select from payouts p where p.store_id = d.store_id and p.ambassador_id = d.ambassador_id
      and p.currency = :currency and p.status in ({_LIVE}))
  and not exists (
    select from contacts_seen s where s.store_id = d.store_id and s.ambassador_id = d.ambassador_id and s.blocked)
  and (not cast(:asked as boolean) or exists (
    select from payout_requests q where q.store_id = d.store_id and q.ambassador_id = d.ambassador_id
      and q.currency = :currency))
order by d.ambassador_id limit :count
"""  # noqa: S608
_LEFT_OUT = f"""
select case
    when l.live then 'in_payout'
    when s.blocked then 'blocked'
    when c.cash <= 0 then 'store_credit'
    when least(c.cash, b.available) < :minimum then 'below_minimum'
    when c.cash > b.available then 'overdrawn'
    when d.destination_id is null then 'no_destination'
    when d.method <> all(cast(:methods as text[])) then 'other_method'
    when d.usable_at > :now then 'cooling_off'
    when c.cash % cast(:step as bigint) <> 0 then 'fraction'
    when cast(:asked as boolean) and q.at is null then 'not_requested'
  end as why, count(*) as people, sum(b.available)::bigint as amount
from balances b
left join destinations d on d.store_id = b.store_id and d.ambassador_id = b.owner and d.ended_at is null
left join contacts_seen s on s.store_id = b.store_id and s.ambassador_id = b.owner
left join payout_requests q on q.store_id = b.store_id and q.ambassador_id = b.owner and q.currency = b.unit
cross join lateral (select exists (
    select from payouts p where p.store_id = b.store_id and p.ambassador_id = b.owner and p.currency = b.unit
      and p.status in ({_LIVE})) as live) l
cross join lateral (select {_CASH_NOW} as cash) c
where b.store_id = :store and b.side = 'ambassador' and b.unit = :currency and b.available > 0
group by 1 order by 1
"""  # noqa: S608
# What came into the available account, and went, behind a posting set, store credit aside.
_CASH_OF = """
select w.owner, w.after, c.cash
from unnest(cast(:owners as text[]), cast(:units as text[]), cast(:afters as bigint[])) w (owner, unit, after)
cross join lateral (
  select coalesce(-sum(e.amount_minor), 0)::bigint as cash
  from entries e
  join posting_sets s on s.store_id = e.store_id and s.number = e.number
  left join rewards r on r.store_id = s.store_id and r.reward_id = s.reward_id
  where e.store_id = :store and e.owner = w.owner and e.account = 'ambassador_available'
    and e.account <> 'program_expense' and e.unit = w.unit and e.number > w.after
    and (s.payout_id is not null or r.pay_as = 'cash')) c
"""
_PAYABLE = f"""
select {_CASH_NOW} from balances b
where b.store_id = :store and b.owner = :ambassador and b.side = 'ambassador' and b.unit = :currency
"""  # noqa: S608
_PARTS = """
select s.reward_id, s.payout_id, (-sum(e.amount_minor))::bigint as amount, max(s.at) as at
from entries e
join posting_sets s on s.store_id = e.store_id and s.number = e.number
left join rewards r on r.store_id = s.store_id and r.reward_id = s.reward_id
where e.store_id = :store and e.owner = :ambassador and e.account = 'ambassador_available'
  and e.account <> 'program_expense' and e.unit = :currency and e.number > :after and e.number < :before
  and (s.payout_id is not null or r.pay_as = 'cash')
group by s.reward_id, s.payout_id having sum(e.amount_minor) <> 0 order by max(e.number) limit :count
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a batch can hold: money of a currency for these kinds of destination, from the minimum on, in multiples of
    `step_minor`. `asked`: only of who asked for it.
    """

    currency: str
    methods: Collection[Method]
    minimum_minor: int
    step_minor: int
    asked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Somebody who can be paid, and all that they can be paid."""

    ambassador_id: str
    destination_id: str
    method: Method
    after_number: int
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a payout is made of: what one reward added or took, or an earlier payout brought back."""

    reward_id: str | None
    payout_id: str | None
    amount_minor: int


async def ready(tx: Tx, store_id: str, wanted: Wanted, *, count: int) -> list[Ready]:
    """Ambassadors with enough money and a destination that can be used, who are not blocked and none of whose payouts
    is on its way.
    """
    rows = await tx.all(_READY, store=store_id, **_bound(wanted), count=count, now=tx.now)
    return [
        Ready(
            ambassador_id=row.ambassador_id,
            destination_id=row.destination_id,
            method=row.method,
            after_number=row.after_number,
            amount_minor=row.cash,
        )
        for row in rows
    ]


async def left_out(tx: Tx, store_id: str, wanted: Wanted) -> Mapping[str, tuple[int, int]]:
    """Why others who have something are not paid: (people, what they have available) by reason."""
    rows = await tx.all(_LEFT_OUT, store=store_id, **_bound(wanted), now=tx.now)
    return {row.why: (row.people, row.amount) for row in rows if row.why is not None}


def _bound(wanted: Wanted) -> dict[str, Any]:
    return {
        "currency": wanted.currency,
        "methods": sorted(wanted.methods),
        "minimum": wanted.minimum_minor,
        "step": wanted.step_minor,
        "asked": wanted.asked,
    }


async def cash_since(tx: Tx, store_id: str, wanted: Sequence[tuple[str, str, int]]) -> dict[tuple[str, int], int]:
    """What has come and gone, without store credit, since the posting set of that number: by (ambassador, number)."""
    rows = await tx.all(
        _CASH_OF,
        store=store_id,
        owners=[w[0] for w in wanted],
        units=[w[1] for w in wanted],
        afters=[w[2] for w in wanted],
    )
    return {(row.owner, row.after): row.cash for row in rows}


async def payable(tx: Tx, store_id: str, ambassador_id: str, currency: str) -> int:
    """What an ambassador could be paid now, whatever the minimum; below zero where more was taken back than is left."""
    return int(await tx.scalar(_PAYABLE, store=store_id, ambassador=ambassador_id, currency=currency) or 0)


async def parts(
    tx: Tx, store_id: str, *, ambassador_id: str, currency: str, after: int, before: int, count: int
) -> list[Part]:
    """What a payout is made of, oldest first."""
    rows = await tx.all(
        _PARTS, store=store_id, ambassador=ambassador_id, currency=currency, after=after, before=before, count=count
    )
    return [Part(reward_id=row.reward_id, payout_id=row.payout_id, amount_minor=row.amount) for row in rows]
