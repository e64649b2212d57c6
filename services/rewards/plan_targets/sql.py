"""SQL of targets: setting them, taking them away, listing them with how far they are, and who files mean."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from contracts.events.catalog import AmbassadorSaved
from services.common.codes import fold
from services.kernel.db import Row, Tx
from services.rewards.grants.domain.plan_targets import Count, PlanKey

_SET = """
insert into plan_targets (store_id, ambassador_id, program_id, goal, first, target, set_at)
select w.*, cast(:now as timestamptz)
from unnest(cast(:stores as text[]), cast(:ambassadors as text[]), cast(:programs as text[]), cast(:goals as text[]),
  cast(:firsts as date[]), cast(:targets as bigint[])) w(store_id, ambassador_id, program_id, goal, first, target)
on conflict (store_id, ambassador_id, program_id, goal, first) do update set target = excluded.target,
  set_at = excluded.set_at
"""

# S608 is silenced where statements share a piece of our own.
_WANTED = """unnest(cast(:stores as text[]), cast(:ambassadors as text[]), cast(:programs as text[]),
  cast(:goals as text[]), cast(:firsts as date[])) w(store_id, ambassador_id, program_id, goal, first)"""

_TAKE_AWAY = f"""
delete from plan_targets t using {_WANTED}
where t.store_id = w.store_id and t.ambassador_id = w.ambassador_id and t.program_id = w.program_id
  and t.goal = w.goal and t.first = w.first
"""  # noqa: S608

_READ = """
select t.store_id, t.ambassador_id, t.program_id, t.goal, t.first, t.target, t.set_at,
  coalesce(c.counted, 0) as counted, coalesce(c.sold_minor, 0) as sold_minor
from plan_targets t
left join plan_counts c on c.store_id = t.store_id and c.ambassador_id = t.ambassador_id
  and c.program_id = t.program_id and c.goal = t.goal and c.first = t.first
"""

_SEVERAL = f"""
{_READ} join {_WANTED} on w.store_id = t.store_id and w.ambassador_id = t.ambassador_id
  and w.program_id = t.program_id and w.goal = t.goal and w.first = t.first
"""

_LIST = (
    _READ
    + """
where t.store_id = :store {filters} and (cast(:first_before as date) is null
  or (t.first, t.goal, t.ambassador_id, t.program_id)
    < (cast(:first_before as date), :goal_before, :who_before, :program_before))
order by t.first desc, t.goal desc, t.ambassador_id desc, t.program_id desc limit :count
"""
)
_FILTERS = {
    "ambassador_id": "and t.ambassador_id = :ambassador_id",
    "plan": "and split_part(t.goal, '/', 1) = :plan",
    "kind": "and split_part(t.goal, '/', 2) = :kind",
    "first": "and t.first = cast(:first as date)",
}

_RUNNING = (
    _READ
    + """
where t.store_id = :store and t.ambassador_id = :ambassador and t.first between :since and :today
order by t.first desc, t.goal
"""
)


_KEEP_EXTERNAL_IDS = """
insert into external_ids (store_id, ambassador_id, external_id, revision)
select * from unnest(cast(:stores as text[]), cast(:ambassadors as text[]), cast(:external_ids as text[]),
  cast(:revisions as int[])) order by 1, 2
on conflict (store_id, ambassador_id) do update set external_id = excluded.external_id, revision = excluded.revision
where external_ids.revision < excluded.revision
"""

_NAMED = """
select w.name, a.ambassador_id, a.program_id
from unnest(cast(:names as text[]), cast(:codes as text[])) w(name, code)
cross join lateral (
  select w.name as ambassador_id
  union select ambassador_id from codes where store_id = :store and code = w.code and not retired
  union select ambassador_id from external_ids where store_id = :store and external_id = w.name
) one
join ambassadors a on a.store_id = :store and a.ambassador_id = one.ambassador_id
where not exists (select from closed_portals c where c.store_id = :store and c.ambassador_id = a.ambassador_id)
order by w.name, a.ambassador_id
"""


class Kept(NamedTuple):
    """A target as it is kept, and how far it is."""

    key: PlanKey
    target: int
    so_far: Count
    set_at: datetime


Place = tuple[str, str, str, str]
"""Where a page of the list ended: first day, goal, ambassador, program."""


async def keep(tx: Tx, targets: Mapping[PlanKey, int]) -> None:
    """Sets these targets."""
    if targets:
        keys = sorted(targets)
        await tx.execute(_SET, **_columns(keys), targets=[targets[key] for key in keys], now=tx.now)


async def take_away(tx: Tx, keys: Iterable[PlanKey]) -> None:
    """Takes these targets away."""
    if gone := sorted(keys):
        await tx.execute(_TAKE_AWAY, **_columns(gone))


async def several(tx: Tx, keys: Iterable[PlanKey]) -> dict[PlanKey, Kept]:
    """Targets by their keys; those that there are."""
    wanted = sorted(set(keys))
    rows = await tx.all(_SEVERAL, **_columns(wanted)) if wanted else []
    return {one.key: one for one in map(_kept, rows)}


async def listed(
    tx: Tx, store_id: str, *, before: Place | None, count: int, filters: Mapping[str, object]
) -> list[Kept]:
    """Targets, those of the youngest periods first, behind a place. Filters: see `_FILTERS`."""
    first, goal, who, program = before or (None, "", "", "")
    rows = await tx.all(
        _LIST.format(filters=" ".join(_FILTERS[name] for name in sorted(filters))),
        store=store_id,
        first_before=None if first is None else date.fromisoformat(first),
        goal_before=goal,
        who_before=who,
        program_before=program,
        count=count,
        **filters,
    )
    return [_kept(row) for row in rows]


async def running(tx: Tx, store_id: str, ambassador_id: str, *, since: date, today: date) -> list[Kept]:
    """An ambassador's targets of periods that began between two days."""
    rows = await tx.all(_RUNNING, store=store_id, ambassador=ambassador_id, since=since, today=today)
    return [_kept(row) for row in rows]


async def keep_external_ids(tx: Tx, saved: Sequence[AmbassadorSaved]) -> None:
    """Keeps how the store calls each; one of each ambassador."""
    if saved:
        await tx.execute(
            _KEEP_EXTERNAL_IDS,
            stores=[a.store_id for a in saved],
            ambassadors=[a.ambassador_id for a in saved],
            external_ids=[a.external_id for a in saved],
            revisions=[a.revision for a in saved],
        )


async def named(tx: Tx, store_id: str, names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Who may be meant by each of these names: ambassadors' ids, codes that work, or the store's own ids. By name,
    ambassador → program; who was erased is nobody.
    """
    wanted = sorted(set(names))
    rows = await tx.all(_NAMED, store=store_id, names=wanted, codes=[fold(name) for name in wanted])
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        found.setdefault(row.name, {})[row.ambassador_id] = row.program_id
    return found


def _kept(row: Row) -> Kept:
    key = PlanKey(row.store_id, row.ambassador_id, row.program_id, row.goal, row.first)
    return Kept(key, row.target, Count(row.counted, row.sold_minor), row.set_at)


def _columns(keys: Sequence[PlanKey]) -> dict[str, list[Any]]:
    return {
        "stores": [key.store_id for key in keys],
        "ambassadors": [key.ambassador_id for key in keys],
        "programs": [key.program_id for key in keys],
        "goals": [key.goal for key in keys],
        "firsts": [key.first for key in keys],
    }
