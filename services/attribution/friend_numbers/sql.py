"""Gives and reads the numbers of friends."""

from collections.abc import Sequence
from typing import NamedTuple

from services.attribution.decisions.sql.orders import COLUMNS, OrderRow
from services.kernel.db import Tx

_TURN = "select pg_advisory_xact_lock(hashtextextended('kith.friends.' || :store || '.' || :ambassador, 0))"
_WITHOUT = """
select t.order_id from (
    select order_id from orders where store_id = :store and ambassador_id = :ambassador
    union
    select order_id from ties where store_id = :store and key = any(cast(:keys as text[]))
) t
where not exists (
    select from friend_numbers n
    where n.store_id = :store and n.ambassador_id = :ambassador and n.order_id = t.order_id
)
"""
# Whoever has a number already keeps it for further orders; the others get the next ones by their first order.
_GIVE = f"""
with fresh as (
    select o.order_id, o.placed_at, coalesce(m.into_id, o.person_id) as person
    from ({_WITHOUT}) w join orders o on o.store_id = :store and o.order_id = w.order_id
    left join person_merges m on m.store_id = o.store_id and m.person_id = o.person_id
), known as (
    select coalesce(m.into_id, o.person_id) as person, min(n.number) as number
    from friend_numbers n join orders o on o.store_id = n.store_id and o.order_id = n.order_id
    left join person_merges m on m.store_id = o.store_id and m.person_id = o.person_id
    where n.store_id = :store and n.ambassador_id = :ambassador group by 1
), firsts as (
    select distinct on (f.person) f.person, f.placed_at, f.order_id from fresh f
    where not exists (select from known k where k.person = f.person)
    order by f.person, f.placed_at, f.order_id
), given as (
    select person, row_number() over (order by placed_at, order_id)
      + coalesce((select max(number) from friend_numbers where store_id = :store and ambassador_id = :ambassador), 0)
      as number
    from firsts
)
insert into friend_numbers (store_id, ambassador_id, order_id, number)
select :store, :ambassador, f.order_id, coalesce(k.number, g.number)
from fresh f left join known k using (person) left join given g using (person)
order by 3 on conflict do nothing
"""  # noqa: S608  # the parts are ours
_PAGE = f"""
select n.number, {COLUMNS} from friend_numbers n
join orders o on o.store_id = n.store_id and o.order_id = n.order_id
where n.store_id = :store and n.ambassador_id = :ambassador
  and (cast(:number as int) is null or n.number = :number)
order by o.placed_at desc, o.order_id desc offset :skip limit :count
"""  # noqa: S608


class Seen(NamedTuple):
    """An order as one of an ambassador's friends made it."""

    number: int
    order: OrderRow


async def take_turn(tx: Tx, store_id: str, ambassador_id: str) -> None:
    """One transaction at a time numbers the friends of an ambassador, or counts what they wrote."""
    await tx.execute(_TURN, store=store_id, ambassador=ambassador_id)


async def some_without(tx: Tx, store_id: str, ambassador_id: str, keys: Sequence[str]) -> bool:
    """Whether an order that names the ambassador, by `keys` of `ties` or as won, has no number yet."""
    row = await tx.one_or_none(f"{_WITHOUT} limit 1", store=store_id, ambassador=ambassador_id, keys=list(keys))
    return row is not None


async def give(tx: Tx, store_id: str, ambassador_id: str, keys: Sequence[str]) -> None:
    """Numbers the friends behind these orders that have no number, in the order of their first ones."""
    await tx.execute(_GIVE, store=store_id, ambassador=ambassador_id, keys=list(keys))


async def page(
    tx: Tx,
    store_id: str,
    ambassador_id: str,
    *,
    skip: int = 0,
    number: int | None = None,
    count: int,
) -> list[Seen]:
    """Numbered orders of an ambassador's friends, the newest first; of one friend with `number`."""
    rows = await tx.all(
        _PAGE,
        store=store_id,
        ambassador=ambassador_id,
        number=number,
        skip=skip,
        count=count,
    )
    return [Seen(row[0], OrderRow(*tuple(row)[1:])) for row in rows]
