"""SQL of the check of spends: whether they are what their sets posted, and what balances have."""

from collections.abc import AsyncIterator

from services.kernel.db import Tx

_CROOKED = """
with made as (
  select t.spend_id,
    coalesce(sum(t.amount) filter (where s.movement = 'set_aside'), 0)::bigint as reserved,
    coalesce(sum(t.amount) filter (where s.movement = 'use'), 0)::bigint as used,
    coalesce(sum(t.amount) filter (where s.movement = 'let_go'), 0)::bigint as let_go,
    coalesce(sum(t.amount) filter (where s.movement = 'give_back'), 0)::bigint as given_back,
    bool_and(coalesce(t.amount = e.amount_minor, false)) as posted
  from spend_steps t left join posting_sets s on s.store_id = t.store_id and s.number = t.number
  left join entries e on e.store_id = t.store_id and e.number = t.number and e.line = 1
  where t.store_id = :store and t.spend_id > :after and (cast(:upto as text) is null or t.spend_id <= :upto)
  group by 1
)
select spend_id, p.status, p.amount, p.captured, p.given_back, m.reserved, m.used, m.let_go, m.given_back as returned
from (
  select * from spends
  where store_id = :store and spend_id > :after and (cast(:upto as text) is null or spend_id <= :upto)
) p full join made m using (spend_id)
where (p.amount, p.captured, p.given_back, true) is distinct from (m.reserved, m.used, m.given_back, m.posted)
  or m.let_go <> case p.status when 'reserved' then 0 else p.amount - p.captured end
order by 1
"""
_NEXT_SPEND = """
select spend_id from spends where store_id = :store and spend_id > :after order by spend_id offset :count limit 1
"""
_DRIFT = """
select owner, unit, b.reserved, b.used, coalesce(p.reserved, 0) as live, coalesce(p.used, 0) as done
from (select owner, side, unit, reserved, used from balances where store_id = :store) b
full join (
  select owner, side, unit, coalesce(sum(amount) filter (where status = 'reserved'), 0)::bigint as reserved,
    sum(captured - given_back)::bigint as used
  from spends where store_id = :store group by 1, 2, 3
) p using (owner, side, unit)
where (coalesce(b.reserved, 0), coalesce(b.used, 0)) <> (coalesce(p.reserved, 0), coalesce(p.used, 0)) order by 1, 2
"""


async def drift(tx: Tx, store_id: str, *, count: int) -> AsyncIterator[str]:
    """What is wrong with spends, in words: one that is not what its sets posted, a balance whose reserved and used are
    not those of the spends. For verifications only.
    """
    after: str | None = ""
    while after is not None:
        upto: str | None = await tx.scalar(_NEXT_SPEND, store=store_id, after=after, count=count)
        for row in await tx.all(_CROOKED, store=store_id, after=after, upto=upto):
            kept, made = (row.amount, row.captured, row.given_back), (row.reserved, row.used, row.returned)
            yield (
                f"{row.spend_id} is kept as {row.status} {kept} (reserved, captured, given back),"
                f" its sets say {made}, and that {row.let_go} was let go"
            )
        after = upto
    for row in await tx.all(_DRIFT, store=store_id):
        yield (
            f"{row.owner} has ({row.reserved}, {row.used}) {row.unit} reserved and used,"
            f" spends come to ({row.live}, {row.done})"
        )
