"""Reads what ambassadors brought, by month and channel, from the roll-up of that name."""

from collections.abc import Sequence
from datetime import date

from services.analytics.own.domain import Sums
from services.kernel.db import Row, Tx

_OWN = """
select channel, currency, cast(sum(clicks) as bigint) as clicks, cast(sum(friends) as bigint) as friends,
       cast(sum(orders) as bigint) as orders, cast(sum(reward_minor) as bigint) as reward_minor
from own
where store_id = :store and start = any(cast(:months as date[])) and program_id = :program
  and ambassador_id = :ambassador
group by channel, currency
"""
_EVERYBODY = """
select ambassador_id, cast(sum(clicks) as bigint) as clicks, cast(sum(friends) as bigint) as friends,
       cast(sum(orders) as bigint) as orders,
       cast(coalesce(sum(reward_minor) filter (where currency = :currency), 0) as bigint) as reward_minor
from own
where store_id = :store and start = any(cast(:months as date[])) and program_id = :program
group by ambassador_id order by ambassador_id limit :most
"""
# `percentile_disc` takes the lower of two in the middle, as `median_low` does.
_MIDDLES = """
with each as (
  select channel, ambassador_id, sum(clicks) as clicks, sum(friends) as friends, sum(orders) as orders
  from own
  where store_id = :store and start = any(cast(:months as date[])) and program_id = :program
    and channel = any(cast(:channels as text[]))
  group by channel, ambassador_id having sum(clicks) > 0 or sum(friends) > 0 or sum(orders) > 0
  order by ambassador_id limit :most)
select channel, cast(percentile_disc(0.5) within group (order by clicks) as bigint) as clicks,
  cast(percentile_disc(0.5) within group (order by friends) as bigint) as friends,
  cast(percentile_disc(0.5) within group (order by orders) as bigint) as orders
from each group by channel having count(*) >= :peers
"""
_OF_LINKS = """
select link_id, clicks, friends, orders from link_results
where store_id = :store and link_id = any(cast(:ids as text[])) and ambassador_id = :ambassador
"""
_PAGES = """
select p.page, cast(sum(m.orders) as bigint) as orders
from link_months m join link_pages p on p.store_id = m.store_id and p.link_id = m.link_id
where m.store_id = :store and m.start = any(cast(:months as date[])) and m.orders > 0
  and p.store_id = :store and p.program_id = :program and p.page is not null
group by p.page
having count(distinct m.ambassador_id) filter (where m.ambassador_id <> :reader) >= :others
order by orders desc, p.page limit :most
"""
MOST_PEERS = 20_000
"""Of a larger program so many are looked at: they are no worse a middle."""


async def by_channel(
    tx: Tx, store_id: str, ambassador_id: str, program_id: str, months: Sequence[date]
) -> dict[str, Sums]:
    """What an ambassador brought in these months, by channel. Rewards, which have none, stand under ""."""
    rows = await tx.all(_OWN, store=store_id, months=list(months), program=program_id, ambassador=ambassador_id)
    found: dict[str, Sums] = {}
    for row in rows:
        found[row.channel] = found.get(row.channel, Sums()).plus(_sums(row, row.currency))
    return found


async def everybody(tx: Tx, store_id: str, program_id: str, months: Sequence[date], *, currency: str) -> list[Sums]:
    """What each ambassador of a program brought in these months; rewards in one currency."""
    rows = await tx.all(
        _EVERYBODY, store=store_id, months=list(months), program=program_id, currency=currency, most=MOST_PEERS
    )
    return [_sums(row, currency) for row in rows]


async def middles(
    tx: Tx, store_id: str, program_id: str, months: Sequence[date], channels: Sequence[str], *, peers: int
) -> dict[str, Sums]:
    """The medians of who brought something by a channel in these months, for those of the channels by which at least so
    many ambassadors of the program did. Without rewards, which have no channel.
    """
    rows = await tx.all(
        _MIDDLES,
        store=store_id,
        months=list(months),
        program=program_id,
        channels=list(channels),
        peers=peers,
        most=MOST_PEERS,
    )
    return {row.channel: Sums(row.clicks, row.friends, row.orders) for row in rows}


async def by_link(tx: Tx, store_id: str, ambassador_id: str, link_ids: Sequence[str]) -> dict[str, Sums]:
    """What came of these links, as far as they are the ambassador's, by the link's id. Without rewards."""
    rows = await tx.all(_OF_LINKS, store=store_id, ids=list(link_ids), ambassador=ambassador_id)
    return {row.link_id: Sums(row.clicks, row.friends, row.orders) for row in rows}


async def pages_that_sell(
    tx: Tx, store_id: str, program_id: str, months: Sequence[date], *, reader: str, others: int, most: int
) -> list[str]:
    """Pages by links to which friends bought in these months, the most bought from first: those only by whose links
    friends of at least so many ambassadors besides the reader did.
    """
    rows = await tx.all(
        _PAGES, store=store_id, months=list(months), program=program_id, reader=reader, others=others, most=most
    )
    return [row.page for row in rows]


def _sums(row: Row, currency: str) -> Sums:
    return Sums(row.clicks, row.friends, row.orders, {currency: row.reward_minor} if row.reward_minor else {})
