"""SQL of the catalogue and of redemptions."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

import msgspec

from services.kernel.db import Row, Tx
from services.kernel.revisions import Ref
from services.rewards.catalogue.domain import Item, Redemption
from services.rewards.pools.sql import EACH

_ITEM: Final = (
    *("store_id", "item_id", "program_id", "version", "kind", "name", "description", "paid_in", "unit", "price"),
    *("tier_prices", "stock", "pool_id", "from_at", "until_at", "status", "made_at", "changed_at"),
)
_REDEMPTION: Final = (
    *("store_id", "redemption_id", "ambassador_id", "program_id", "item_id", "item_version", "kind", "name", "paid_in"),
    *("unit", "price", "tier", "stocked", "pool_id", "code", "status", "revision", "reason", "once", "made_by"),
    *("made_at", "fulfilled_at", "ended_at"),
)
_MOVING: Final = ("status", "revision", "reason", "fulfilled_at", "ended_at")
# S608 is silenced where statements are put together from our own words.
_ADD_ITEM = f"insert into catalogue_items ({', '.join(_ITEM)}) values ({', '.join(':' + f for f in _ITEM)})"  # noqa: S608
_KEEP_ITEM = f"""
update catalogue_items set {", ".join(f"{one} = :{one}" for one in _ITEM[2:])}
where store_id = :store_id and item_id = :item_id
"""  # noqa: S608
_ONE_ITEM = f"select {', '.join(_ITEM)} from catalogue_items where store_id = :store and item_id = :item"  # noqa: S608
_ITEMS = f"""
select {", ".join(_ITEM)} from catalogue_items
where store_id = :store and (cast(:before as text) is null or item_id < :before) {{filters}}
order by item_id desc limit :count
"""  # noqa: S608
_ITEM_FILTERS: Final = {"status": "and status = :status", "program_id": "and program_id = :program_id"}
_FREE = """
select pool_id, made + added - handed as free from pools
where store_id = :store and pool_id = any(cast(:pools as text[]))
"""
_STOCK = """
update catalogue_items set stock = stock + :by where store_id = :store and item_id = :item and stock is not null
"""
_ADD = f"insert into redemptions ({', '.join(_REDEMPTION)}) values ({', '.join(':' + f for f in _REDEMPTION)})"  # noqa: S608
_MOVE = f"""
update redemptions set {", ".join(f"{one} = :{one}" for one in _MOVING)}
where store_id = :store_id and redemption_id = :redemption_id
"""  # noqa: S608
_READ = f"select {', '.join(_REDEMPTION)} from redemptions where store_id = :store"  # noqa: S608
_ONE = _READ + " and redemption_id = :redemption"
_ONCE = _READ + " and ambassador_id = :ambassador and once = :once"
_LIST = _READ + (
    " and (cast(:before as text) is null or redemption_id < :before) {filters} order by redemption_id desc limit :count"
)
_FILTERS: Final = {"status": "and status = :status", "ambassador_id": "and ambassador_id = :ambassador_id"}
_WAITING = (
    "select count(*) from (select from redemptions where store_id = :store and status = 'requested' limit :most) w"
)
_FORGET = """
update redemptions r set reason = null
from unnest(cast(:stores as text[]), cast(:ambassadors as text[])) w(s, a)
where r.store_id = w.s and r.ambassador_id = w.a and r.reason is not null
"""
_NEXT = """
select redemption_id from redemptions where store_id = :store and redemption_id > :after
order by redemption_id offset :count limit 1
"""
# What a redemption costs is reserved while it waits, used once it is fulfilled, and given back where it is called off.
_CROOKED = """
select * from (
select r.redemption_id, r.status, r.price, r.unit, p.spend_id, p.status as spend, p.amount, p.captured, p.given_back,
  (p.owner, p.side, p.unit, p.pay_as, p.amount, p.status, p.captured, p.given_back) is not distinct from (
    r.ambassador_id, 'ambassador', r.unit, r.paid_in, r.price,
    case r.status when 'requested' then 'reserved' when 'cancelled' then 'released' else 'captured' end,
    case when r.status in ('fulfilled', 'returned') then r.price else 0 end,
    case when r.status = 'returned' then r.price else 0 end
  ) as paid, r.code, r.pool_id, s.codes[1 + (h.place - 1) % :each] as handed
from redemptions r
left join spends p on p.store_id = r.store_id and p.purpose_id = r.redemption_id and p.purpose = 'redemption'
left join pool_handouts h on h.store_id = r.store_id and h.pool_id = r.pool_id and h.reference = r.redemption_id
left join pool_slices s on s.store_id = h.store_id and s.pool_id = h.pool_id and s.slice = 1 + (h.place - 1) / :each
where r.store_id = :store and r.redemption_id > :after and (cast(:upto as text) is null or r.redemption_id <= :upto)
) c where not paid or code is distinct from handed order by 1
"""
_NEXT_SPEND = """
select spend_id from spends where store_id = :store and spend_id > :after order by spend_id offset :count limit 1
"""
_WITHOUT = """
select spend_id, purpose_id from spends p
where store_id = :store and spend_id > :after and (cast(:upto as text) is null or spend_id <= :upto)
  and purpose = 'redemption'
  and not exists (select from redemptions r where r.store_id = p.store_id and r.redemption_id = p.purpose_id)
order by 1
"""


async def add_item(tx: Tx, item: Item) -> None:
    """Keeps a new item."""
    await tx.execute(_ADD_ITEM, **_columns(item))


async def keep_item(tx: Tx, item: Item) -> None:
    """Keeps how an item is now."""
    await tx.execute(_KEEP_ITEM, **_columns(item))


async def item(tx: Tx, store_id: str, item_id: str) -> Item | None:
    """An item."""
    row = await tx.one_or_none(_ONE_ITEM, store=store_id, item=item_id)
    return None if row is None else _item(row)


async def items(tx: Tx, store_id: str, *, before: str | None, count: int, filters: Mapping[str, str]) -> list[Item]:
    """A store's, youngest first, below the id `before`. Filters: status, program_id."""
    statement = _ITEMS.format(filters=" ".join(_ITEM_FILTERS[name] for name in sorted(filters)))
    return [_item(row) for row in await tx.all(statement, store=store_id, before=before, count=count, **filters)]


async def free(tx: Tx, store_id: str, pools: Sequence[str]) -> dict[str, int]:
    """How many codes each of these pools has left."""
    rows = await tx.all(_FREE, store=store_id, pools=sorted(set(pools)))
    return {row.pool_id: row.free for row in rows}


async def move_stock(tx: Tx, store_id: str, item_id: str, by: int) -> None:
    """Takes of an item's stock, or puts back; nothing where it has no end."""
    await tx.execute(_STOCK, store=store_id, item=item_id, by=by)


async def add(tx: Tx, one: Redemption) -> None:
    """Keeps what was redeemed."""
    await tx.execute(_ADD, **{name: getattr(one, name) for name in _REDEMPTION})


async def move(tx: Tx, one: Redemption) -> None:
    """Keeps how far a redemption is now."""
    fields = {name: getattr(one, name) for name in _MOVING}
    await tx.execute(_MOVE, store_id=one.store_id, redemption_id=one.redemption_id, **fields)


async def get(tx: Tx, store_id: str, redemption_id: str) -> Redemption | None:
    """One by its id."""
    row = await tx.one_or_none(_ONE, store=store_id, redemption=redemption_id)
    return None if row is None else _redemption(row)


async def by_once(tx: Tx, store_id: str, ambassador_id: str, once: str) -> Redemption | None:
    """What somebody redeemed under a key of theirs."""
    row = await tx.one_or_none(_ONCE, store=store_id, ambassador=ambassador_id, once=once)
    return None if row is None else _redemption(row)


async def listed(
    tx: Tx, store_id: str, *, before: str | None, count: int, filters: Mapping[str, str]
) -> list[Redemption]:
    """A store's, youngest first, below the id `before`. Filters: status, ambassador_id."""
    statement = _LIST.format(filters=" ".join(_FILTERS[name] for name in sorted(filters)))
    rows = await tx.all(statement, store=store_id, before=before, count=count, **filters)
    return [_redemption(row) for row in rows]


async def waiting(tx: Tx, store_id: str, *, most: int) -> int:
    """How many wait to be fulfilled, counted up to `most`."""
    return int(await tx.scalar(_WAITING, store=store_id, most=most))


async def forget_words(tx: Tx, ambassadors: Sequence[Ref]) -> None:
    """Drops what was written about ambassadors who were erased; what they redeemed stays."""
    await tx.execute(_FORGET, stores=[one[0] for one in ambassadors], ambassadors=[one[1] for one in ambassadors])


async def drift(tx: Tx, store_id: str, *, count: int) -> AsyncIterator[str]:
    """What is wrong with redemptions, in words: one whose spend is not what it should be by now, one that names another
    code than the one that was handed out for it, a spend for none. For verifications only.
    """
    after: str | None = ""
    while after is not None:
        upto: str | None = await tx.scalar(_NEXT, store=store_id, after=after, count=count)
        for row in await tx.all(_CROOKED, store=store_id, after=after, upto=upto, each=EACH):
            if not row.paid:
                found = "there is none"
                if row.spend_id is not None:
                    figures = (row.amount, row.captured, row.given_back)
                    found = f"{row.spend_id} is {row.spend} {figures} (reserved, captured, given back), or another's"
                yield f"{row.redemption_id} is {row.status} for {row.price} {row.unit}; of its spend, {found}"
            if row.code != row.handed:
                yield f"{row.redemption_id} has another code than {row.pool_id} handed out for it"
        after = upto
    behind: str | None = ""
    while behind is not None:
        last: str | None = await tx.scalar(_NEXT_SPEND, store=store_id, after=behind, count=count)
        for row in await tx.all(_WITHOUT, store=store_id, after=behind, upto=last):
            yield f"{row.spend_id} is for redemption {row.purpose_id}, which is not there"
        behind = last


def _columns(item: Item) -> dict[str, object]:
    found = {name: getattr(item, name) for name in _ITEM}
    return found | {"tier_prices": msgspec.json.encode(dict(item.tier_prices)).decode()}


def _item(row: Row) -> Item:
    return Item(**row._asdict() | {"tier_prices": msgspec.json.decode(row.tier_prices, type=dict[str, int])})


def _redemption(row: Row) -> Redemption:
    return Redemption(**row._asdict())
