"""SQL of balances at a past moment: where the books stood, and what somebody had there.

The books at a moment are a prefix of the store's sets: all up to the last one that was posted before it. Sets are
numbered without a gap and none is posted before the one in front of it, so the place is found by halving, without an
index of moments, which every set would pay for.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from services.kernel.db import Tx
from services.rewards.ledger.domain import Account, Holding
from services.rewards.rules.domain import Side

_LARGEST_STEP: Final = 40
"""As a power of two: more sets than any store will have. The steps are the same however long the books are, so that the
answer for a past moment never changes.
"""

_LAST_BEFORE = """
with recursive walk(place, step) as (
  select cast(0 as bigint), cast(1 as bigint) << cast(:largest as int)
  union all
  select w.place + case when (
      select s.at from posting_sets s where s.store_id = :store and s.number = w.place + w.step
    ) < :moment then w.step else 0 end, w.step >> 1
  from walk w where w.step > 0
)
select place from walk where step = 0
"""

_HOLDINGS_AT = """
select e.unit,
  coalesce(-sum(e.amount_minor) filter (where s.movement in ('grant', 'raise', 'join')), 0)::bigint as granted,
  coalesce(sum(e.amount_minor) filter (where s.movement = 'claw_back'), 0)::bigint as clawed_back,
  coalesce(-sum(e.amount_minor) filter (where e.account = :pending), 0)::bigint as pending,
  coalesce(-sum(e.amount_minor) filter (where e.account = :available), 0)::bigint as available,
  coalesce(-sum(e.amount_minor) filter (where e.account = :in_payout), 0)::bigint as in_payout,
  coalesce(-sum(e.amount_minor) filter (where e.account = :paid), 0)::bigint as paid,
  coalesce(sum(e.amount_minor) filter (where s.movement in ('expire', 'restore')), 0)::bigint as expired,
  coalesce(-sum(e.amount_minor) filter (where e.account = :reserved), 0)::bigint as reserved,
  coalesce(-sum(e.amount_minor) filter (where e.account = :used), 0)::bigint as used
from entries e join posting_sets s on s.store_id = e.store_id and s.number = e.number
where e.store_id = :store and e.owner = :owner and e.number <= :number and e.account <> 'program_expense'
  and e.account in (:pending, :available, :in_payout, :paid, :reserved, :used)
group by e.unit order by e.unit
"""


def accounts_of(side: Side) -> Mapping[str, str]:
    """The accounts of a beneficiary of that side, by the parts of a balance. Friends are not paid out."""
    return {
        "pending": str(Account.held_by(side, available=False)),
        "available": str(Account.held_by(side, available=True)),
        "in_payout": str(Account.AMBASSADOR_IN_PAYOUT) if side == "ambassador" else "",
        "paid": str(Account.AMBASSADOR_PAID) if side == "ambassador" else "",
        "reserved": f"{side}_reserved",
        "used": f"{side}_used",
    }


async def last_before(tx: Tx, store_id: str, moment: datetime) -> int:
    """Number of the last set that was posted before a moment; 0 if none was. Costs 41 look-ups by primary key, however
    long the books are.
    """
    return int(await tx.scalar(_LAST_BEFORE, store=store_id, moment=moment, largest=_LARGEST_STEP))


async def holdings_at(tx: Tx, store_id: str, *, owner: str, side: Side, number: int) -> dict[str, Holding]:
    """What one beneficiary had after the set of that number, by unit. Reads their own entries up to there, by index."""
    rows = await tx.all(_HOLDINGS_AT, store=store_id, owner=owner, number=number, **accounts_of(side))
    return {row.unit: Holding(*tuple(row)[1:]) for row in rows}
