"""SQL of the check of lots: whether they and their debts are what their entries and the books say."""

from collections.abc import AsyncIterator

from services.kernel.db import Tx

_NEXT_LOT = "select lot_id from lots where store_id = :store and lot_id > :after order by lot_id offset :count limit 1"
# Lines below 0 are what of a lot paid a debt when it returned from a spend: it is taken back from then on.
_DRIFT = """
with made as (
  select e.lot_id,
    coalesce(sum(e.amount) filter (where s.movement in ('release', 'grant', 'raise')), 0)::bigint as granted,
    coalesce(-sum(e.amount) filter (where s.movement in ('claw_back', 'join') or e.line < 0), 0)::bigint as clawed_back,
    coalesce(-sum(e.amount) filter (where s.movement in ('expire', 'restore')), 0)::bigint as expired,
    coalesce(-sum(e.amount) filter (where p.status = 'reserved' and e.line > 0), 0)::bigint as reserved,
    coalesce(-sum(e.amount) filter (where p.status <> 'reserved' and e.line > 0), 0)::bigint as used
  from lot_entries e left join posting_sets s on s.store_id = e.store_id and s.number = e.number
  left join spend_steps t on t.store_id = e.store_id and t.number = e.number
  left join spends p on p.store_id = t.store_id and p.spend_id = t.spend_id
  where e.store_id = :store and e.lot_id > :after and (cast(:upto as text) is null or e.lot_id <= :upto)
  group by 1
), kept as (
  select lot_id, granted, clawed_back, expired, reserved, used from lots
  where store_id = :store and lot_id > :after and (cast(:upto as text) is null or lot_id <= :upto)
), both_of as (
  select lot_id, array[coalesce(k.granted, 0), coalesce(k.clawed_back, 0), coalesce(k.expired, 0),
      coalesce(k.reserved, 0), coalesce(k.used, 0)] as kept,
    array[coalesce(m.granted, 0), coalesce(m.clawed_back, 0), coalesce(m.expired, 0),
      coalesce(m.reserved, 0), coalesce(m.used, 0)] as made
  from kept k full join made m using (lot_id)
)
select lot_id, kept, made from both_of where kept <> made order by 1
"""
_NEXT_NUMBER = """
select number from posting_sets where store_id = :store and number > :after order by number offset :count limit 1
"""
_ASTRAY = """
with posted as (
  select e.number, (-sum(e.amount_minor))::bigint as amount
  from entries e join posting_sets s on s.store_id = e.store_id and s.number = e.number
  left join rewards r on r.store_id = s.store_id and r.reward_id = s.reward_id
  where e.store_id = :store and e.number > :after and (cast(:upto as bigint) is null or e.number <= :upto)
    and e.account in ('ambassador_available', 'friend_available')
    and (s.movement in ('expire', 'restore', 'set_aside', 'let_go', 'give_back') or r.pay_as <> 'cash')
  group by 1
), kept as (
  select number, sum(amount)::bigint as amount from lot_entries
  where store_id = :store and number > :after and (cast(:upto as bigint) is null or number <= :upto) group by 1
)
select number, coalesce(p.amount, 0) as posted, coalesce(k.amount, 0) as kept
from posted p full join kept k using (number) where coalesce(p.amount, 0) <> coalesce(k.amount, 0) order by 1
"""
_DEBTS_ASTRAY = """
with made as (
  select h.owner, split_part(h.account, '_', 1) as side, h.unit,
    coalesce(r.pay_as, p.pay_as, case h.unit when 'points' then 'points' else 'store_credit' end) as pay_as,
    (-sum(e.amount))::bigint as amount
  from lot_entries e
  join posting_sets s on s.store_id = e.store_id and s.number = e.number
  left join rewards r on r.store_id = s.store_id and r.reward_id = s.reward_id
  left join spend_steps t on t.store_id = e.store_id and t.number = e.number
  left join spends p on p.store_id = t.store_id and p.spend_id = t.spend_id
  join entries h on h.store_id = e.store_id and h.number = e.number
    and h.account in ('ambassador_available', 'friend_available')
    and (s.movement <> 'join' or h.amount_minor < 0)
  where e.store_id = :store and e.lot_id is null
  group by 1, 2, 3, 4
)
select owner, unit, coalesce(k.amount, 0) as kept, coalesce(m.amount, 0) as made
from (select owner, side, unit, pay_as, amount from lot_debts where store_id = :store) k
full join made m using (owner, side, unit, pay_as)
where coalesce(k.amount, 0) <> coalesce(m.amount, 0) order by 1, 2
"""


async def drift(tx: Tx, store_id: str, *, count: int) -> AsyncIterator[str]:
    """What is wrong with lots, in words: one that is not what its entries say, a set that moved points or credit and
    not as much in lots, a debt that is not what was taken back too much. For verifications only.
    """
    after: str | None = ""
    while after is not None:
        upto: str | None = await tx.scalar(_NEXT_LOT, store=store_id, after=after, count=count)
        for row in await tx.all(_DRIFT, store=store_id, after=after, upto=upto):
            kept, made = tuple(row.kept), tuple(row.made)
            yield f"{row.lot_id} is kept as {kept} (granted, taken, expired, reserved, used), entries say {made}"
        after = upto
    behind: int | None = 0
    while behind is not None:
        last: int | None = await tx.scalar(_NEXT_NUMBER, store=store_id, after=behind, count=count)
        for row in await tx.all(_ASTRAY, store=store_id, after=behind, upto=last):
            yield f"set {row.number} moved {row.posted}, in lots and debts it is {row.kept}"
        behind = last
    for row in await tx.all(_DEBTS_ASTRAY, store=store_id):
        yield f"{row.owner} has a debt of {row.kept} {row.unit}, entries say {row.made}"
