"""Reads standings by any of their orders, and takes them over from what was counted."""

from collections.abc import Sequence
from datetime import datetime

from services.analytics.standings.domain import COLUMNS, RECENT, Chosen, Direction, Sort, Standing
from services.kernel.db import Row, Tx
from services.kernel.revisions import Ref

_FIGURES = (
    *("clicks", "friends", "orders", "revenue_minor", "reward_minor", "available_minor", "points", "last_active_s"),
)
_FIELDS = ", ".join(("ambassador_id", "program_id", "group_name", "status", "joined_at", *_FIGURES))
_TAKE_OVER = f"""
insert into standings (store_id, {_FIELDS})
select a.store_id, a.ambassador_id, a.program_id, a.group_name, a.status, a.joined_at,
  {", ".join(f"coalesce(r.{name}, 0)" for name in _FIGURES)}
from unnest(cast(:stores as text[]), cast(:ids as text[])) as k(store_id, id)
join ambassadors a on a.store_id = k.store_id and a.ambassador_id = k.id
left join results r on r.store_id = a.store_id and r.ambassador_id = a.ambassador_id
order by 1, 2
on conflict (store_id, ambassador_id) do update set program_id = excluded.program_id,
  group_name = excluded.group_name, status = excluded.status, joined_at = excluded.joined_at,
  {", ".join(f"{name} = excluded.{name}" for name in _FIGURES)}
"""  # noqa: S608  # the names are ours, here and below
_NARROWED = """
  and (cast(:program as text) is null or program_id = :program)
  and (cast(:group as text) is null or group_name = :group)
  and (cast(:status as text) is null or status = :status)
  and (cast(:but as text) is null or status <> :but)
  and (cast(:active_from as bigint) is null or last_active_s >= :active_from)
  and (cast(:active_to as bigint) is null or last_active_s < :active_to)
  and (cast(:joined_from as timestamptz) is null or joined_at >= :joined_from)
  and (cast(:joined_to as timestamptz) is null or joined_at < :joined_to)
"""


# Some are found by the key and put in order; a filter that leaves few of many would walk through all of an order.
_AMONG = f"""
with standings as materialized (
  select store_id, {_FIELDS} from standings where store_id = :store and ambassador_id = any(cast(:among as text[]))
)
"""  # noqa: S608


def _page_sql(sort: Sort, order: Direction) -> str:
    column, sign = COLUMNS[sort], "<" if order == "desc" else ">"
    kind = "timestamptz" if sort == "joined" else "bigint"
    behind = f"({column}, ambassador_id) {sign} (cast(:value as {kind}), cast(:after as text))"
    return (
        f"select {_FIELDS} from standings where store_id = :store {_NARROWED}"  # noqa: S608
        f" and (cast(:after as text) is null or {behind})"
        f" order by {column} {order}, ambassador_id {order} limit :count"
    )


# A plan for all stores takes the usual store's size for each: it would sort all rows of one that is large.
_BY_INDEX = "set local enable_sort = off"
_PAGES = {(sort, order): _page_sql(sort, order) for sort in COLUMNS for order in ("desc", "asc")}
_SOME = f"select {_FIELDS} from standings where store_id = :store and ambassador_id = any(cast(:ids as text[]))"  # noqa: S608
# From one group to the next by the index: as many steps as there are groups, however many people are in them.
_GROUPS = """
with recursive found as (
  (select group_name from standings where store_id = :store and group_name is not null order by group_name limit 1)
  union all
  select (select s.group_name from standings s where s.store_id = :store and s.group_name > found.group_name
    order by s.group_name limit 1) from found where found.group_name is not null
)
select group_name from found where group_name is not null limit :count
"""
_CLICKS_OF_LINKS = """
select link_id, cast(sum(clicks) as bigint) as clicks from link_results
where store_id = :store and link_id = any(cast(:ids as text[])) group by link_id
"""


async def take_over(tx: Tx, ambassadors: Sequence[Ref]) -> None:
    """Makes these standings what was counted by now. Who is not known here yet has none."""
    if ambassadors:
        await tx.execute(_TAKE_OVER, stores=[a[0] for a in ambassadors], ids=[a[1] for a in ambassadors])


async def page(
    tx: Tx, store_id: str, chosen: Chosen, after: tuple[int | datetime, str] | None, *, count: int
) -> list[Standing]:
    """Up to `count` standings behind a place."""
    value, ambassador_id = after or (None, None)
    recently = int((tx.now - RECENT).timestamp())
    active_from, active_to = {
        "recent": (recently, None),
        "quiet": (1, recently),
        "never": (None, 1),
        None: (None, None),
    }[chosen.activity]
    statement, some = _PAGES[chosen.sort, chosen.order], {}
    if chosen.among is None:
        await tx.execute(_BY_INDEX)
    else:
        statement, some = _AMONG + statement, {"among": list(chosen.among)}
    rows = await tx.all(
        statement,
        **some,
        store=store_id,
        program=chosen.program_id,
        group=chosen.group,
        status=chosen.status,
        but=None if chosen.status else "erased",
        active_from=active_from,
        active_to=active_to,
        joined_from=chosen.joined_from,
        joined_to=chosen.joined_to,
        value=value,
        after=ambassador_id,
        count=count,
    )
    return [_standing(row) for row in rows]


async def some(tx: Tx, store_id: str, ambassador_ids: Sequence[str]) -> dict[str, Standing]:
    """Standings by the ambassador's id."""
    rows = await tx.all(_SOME, store=store_id, ids=list(ambassador_ids))
    return {row.ambassador_id: _standing(row) for row in rows}


async def groups(tx: Tx, store_id: str, *, count: int) -> list[str]:
    """The groups that ambassadors are in, the first so many."""
    return [row.group_name for row in await tx.all(_GROUPS, store=store_id, count=count)]


async def clicks_of_links(tx: Tx, store_id: str, link_ids: Sequence[str]) -> dict[str, int]:
    """How often people clicked these links."""
    rows = await tx.all(_CLICKS_OF_LINKS, store=store_id, ids=list(link_ids))
    return {row.link_id: row.clicks for row in rows}


def _standing(row: Row) -> Standing:
    return Standing(**row._asdict())
