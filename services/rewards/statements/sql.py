"""SQL of statements: the movements of one beneficiary in one unit, in their order."""

from typing import Any, Final

import orjson

from services.kernel.db import Tx
from services.rewards.balances.sql import accounts_of
from services.rewards.ledger.sql import unpack_basis
from services.rewards.rules.domain import Side
from services.rewards.statements.domain import Moved, Standing

_MOVES = """
select e.number, s.at, s.movement, s.reward_id, s.payout_id, s.basis, s.packed_basis,
  case r.source_kind when 'order' then r.order_id end as order_id, r.event_name,
  case r.source_kind when 'period' then r.order_id end as milestone, r.currency,
  case when r.won_by is not null then r.level end as sponsor_level,
  d.redemption_id, d.name as item, e.pending, e.available, e.in_payout, e.reserved
from (
  select number,
    coalesce(-sum(amount_minor) filter (where account = :pending), 0)::bigint as pending,
    coalesce(-sum(amount_minor) filter (where account = :available), 0)::bigint as available,
    coalesce(-sum(amount_minor) filter (where account = :in_payout), 0)::bigint as in_payout,
    coalesce(-sum(amount_minor) filter (where account = :reserved), 0)::bigint as reserved
  from entries
  where store_id = :store and owner = :owner and number > :after and number <= :last
    and account <> 'program_expense' and account in (:pending, :available, :in_payout, :paid, :reserved, :used)
    and unit = :unit
  group by number order by number limit :count
) e
join posting_sets s on s.store_id = :store and s.number = e.number
left join rewards r on r.store_id = :store and r.reward_id = s.reward_id
left join spend_steps t on t.store_id = :store and t.number = e.number
left join spends p on p.store_id = :store and p.spend_id = t.spend_id and p.purpose = 'redemption'
left join redemptions d on d.store_id = :store and d.redemption_id = p.purpose_id
order by e.number
"""
_CHANGE = """
select coalesce(-sum(amount_minor) filter (where account = :pending), 0)::bigint as pending,
  coalesce(-sum(amount_minor) filter (where account = :available), 0)::bigint as available,
  coalesce(-sum(amount_minor) filter (where account = :in_payout), 0)::bigint as in_payout,
  coalesce(-sum(amount_minor) filter (where account = :reserved), 0)::bigint as reserved
from entries
where store_id = :store and owner = :owner and number > :after and number <= :last
  and account <> 'program_expense' and account in (:pending, :available, :in_payout, :reserved) and unit = :unit
"""
_NO_END: Final = 2**63 - 1


async def change(tx: Tx, store_id: str, *, owner: str, side: Side, unit: str, after: int, last: int | None) -> Standing:
    """What all movements behind a set's number, up to another (None: all), have changed together."""
    accounts = {name: account for name, account in accounts_of(side).items() if name not in ("paid", "used")}
    row = await tx.one(
        _CHANGE,
        store=store_id,
        owner=owner,
        unit=unit,
        after=after,
        last=_NO_END if last is None else last,
        **accounts,
    )
    return Standing(row.pending, row.available, row.in_payout, row.reserved)


async def moves(
    tx: Tx, store_id: str, *, owner: str, side: Side, unit: str, after: int, last: int, count: int
) -> list[Moved]:
    """Up to so many movements behind a set's number, up to another. Reads the beneficiary's own entries, by index."""
    rows = await tx.all(
        _MOVES, store=store_id, owner=owner, unit=unit, after=after, last=last, count=count, **accounts_of(side)
    )
    return [
        Moved(
            number=row.number,
            at=row.at,
            movement=row.movement,
            reason=_reason(row),
            reward_id=row.reward_id,
            payout_id=row.payout_id,
            order_id=row.order_id,
            event_name=row.event_name,
            milestone=row.milestone,
            redemption_id=row.redemption_id,
            item=row.item,
            currency=row.currency,
            sponsor_level=row.sponsor_level,
            pending=row.pending,
            available=row.available,
            in_payout=row.in_payout,
            reserved=row.reserved,
        )
        for row in rows
    ]


def _reason(row: Any) -> str:
    text = row.basis if row.packed_basis is None else unpack_basis(bytes(row.packed_basis))
    return str(orjson.loads(text).get("reason") or "")
