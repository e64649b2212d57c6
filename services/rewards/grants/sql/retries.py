"""SQL of what caps refused: where it is tried again, and how far that has come."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from services.kernel.db import Tx
from services.rewards.grants.domain.retries import Room
from services.rewards.grants.domain.reward import Reward
from services.rewards.grants.sql.rewards import COLUMNS, reward_of
from services.rewards.rules.domain import POINTS

# The newest version says whether; what was granted in may be the currency of another one. Where no budget is in force,
# room is of limits alone: a sweep under way goes on, and has those in whose limits it is wait for the next one.
_BEGIN = """
with w as materialized (
  select r.store_id, r.program_id, u.unit, r.whose, r.everybody or b.budget_minor is not null as anew
  from (
    select store_id, program_id, array_remove(array_agg(ambassador_id), null) as whose,
      bool_or(ambassador_id is null) as everybody
    from unnest(cast(:stores as text[]), cast(:programs as text[]), cast(:ambassadors as text[]))
      one(store_id, program_id, ambassador_id)
    group by store_id, program_id
  ) r
  cross join lateral (
    select definition from programs p where p.store_id = r.store_id and p.program_id = r.program_id
    order by version desc limit 1
  ) n
  cross join lateral (
    select p.currency as unit from programs p where p.store_id = r.store_id and p.program_id = r.program_id
    union select :points
  ) u
  left join lateral (
    select p.budget_minor from programs p
    where p.store_id = r.store_id and p.program_id = r.program_id and p.currency = u.unit
    order by version desc limit 1
  ) b on true
  where cast(n.definition as jsonb) -> 'retry_capped' = 'true'
)
insert into capped_sweeps as s (store_id, program_id, unit, placed_at, reward_id, again)
select store_id, program_id, unit, null, '', '{}' from w
where exists (
  select from rewards r where r.store_id = w.store_id and r.program_id = w.program_id and r.unit = w.unit
    and r.target_minor < r.want_minor
)
order by 1, 2, 3
on conflict (store_id, program_id, unit) do update set (placed_at, reward_id, again) = (
  select case when w.anew then null else s.placed_at end, case when w.anew then '' else s.reward_id end,
    case when w.anew or s.placed_at is null then '{}'
      else array(select distinct unnest(s.again || w.whose) order by 1) end
  from w where (w.store_id, w.program_id, w.unit) = (s.store_id, s.program_id, s.unit)
)
returning store_id
"""

_BEGUN = """
select store_id, program_id, unit, again from capped_sweeps where store_id = any(cast(:stores as text[]))
order by store_id, program_id, unit limit :count
"""

_KEYS = """unnest(cast(:stores as text[]), cast(:programs as text[]), cast(:units as text[]))
  w(store_id, program_id, unit)"""

# The moment alone is said too: under row-level security an index is entered neither by texts nor by `coalesce`.
# S608 is silenced where statements share pieces, which no caller can touch.
_NEXT = f"""
select {COLUMNS} from {_KEYS} join capped_sweeps s using (store_id, program_id, unit)
cross join lateral (
  select * from rewards c where c.store_id = s.store_id and c.program_id = s.program_id and c.unit = s.unit
    and c.target_minor < c.want_minor
    and c.placed_at >= case when s.placed_at is null then timestamptz '-infinity' else s.placed_at end
    and (c.placed_at, c.reward_id) > (coalesce(s.placed_at, timestamptz '-infinity'), s.reward_id)
  order by c.placed_at, c.reward_id limit :count
) r
order by r.store_id, r.program_id, r.unit, r.placed_at, r.reward_id
"""  # noqa: S608

_GO_ON = """
update capped_sweeps s set placed_at = w.placed_at, reward_id = w.reward_id
from unnest(cast(:stores as text[]), cast(:programs as text[]), cast(:units as text[]),
  cast(:placed as timestamptz[]), cast(:rewards as text[])) w(store_id, program_id, unit, placed_at, reward_id)
where (s.store_id, s.program_id, s.unit) = (w.store_id, w.program_id, w.unit)
"""

_END = f"""
delete from capped_sweeps s using {_KEYS}
where (s.store_id, s.program_id, s.unit) = (w.store_id, w.program_id, w.unit) and s.again = '{{}}'
"""  # noqa: S608

_ONCE_MORE = f"""
update capped_sweeps s set placed_at = null, reward_id = '', again = '{{}}' from {_KEYS}
where (s.store_id, s.program_id, s.unit) = (w.store_id, w.program_id, w.unit)
returning s.store_id
"""  # noqa: S608


class Sweep(NamedTuple):
    """Rewards of one program in one unit that caps refused."""

    store_id: str
    program_id: str
    unit: str


async def begin(tx: Tx, room: Collection[Room]) -> set[str]:
    """Has what caps refused where there is room tried again from the oldest purchase on, where the newest version wants
    that and something was refused. Returns the stores of those.
    """
    rows = await tx.all(
        _BEGIN,
        stores=[one.store_id for one in room],
        programs=[one.program_id for one in room],
        ambassadors=[one.ambassador_id for one in room],
        points=POINTS,
    )
    return {row.store_id for row in rows}


async def begun(tx: Tx, stores: Iterable[str], *, count: int) -> dict[Sweep, frozenset[str]]:
    """At most so many of those that have not come to their end in these stores, and the ambassadors whose rewards wait
    for the next one.
    """
    rows = await tx.all(_BEGUN, stores=sorted(stores), count=count)
    return {Sweep(row.store_id, row.program_id, row.unit): frozenset(row.again) for row in rows}


async def refused(tx: Tx, sweeps: Sequence[Sweep], *, count: int) -> dict[Sweep, list[Reward]]:
    """The next rewards of each, at most `count`, the oldest purchase first."""
    found: dict[Sweep, list[Reward]] = {one: [] for one in sweeps}
    for row in await tx.all(_NEXT, **_columns(sweeps), count=count):
        reward = reward_of(row)
        found[Sweep(reward.store_id, reward.program_id, reward.unit)].append(reward)
    return found


async def go_on(tx: Tx, last: dict[Sweep, Reward], ended: Sequence[Sweep]) -> set[str]:
    """Has each go on behind its last reward, and ends others, or has them begin once more for those who wait for that.
    Returns the stores of these.
    """
    if last:
        rewards = list(last.values())
        await tx.execute(
            _GO_ON,
            **_columns(list(last)),
            placed=[one.placed_at for one in rewards],
            rewards=[one.reward_id for one in rewards],
        )
    if not ended:
        return set()
    await tx.execute(_END, **_columns(ended))
    return {row.store_id for row in await tx.all(_ONCE_MORE, **_columns(ended))}


def _columns(sweeps: Sequence[Sweep]) -> dict[str, list[str]]:
    return {
        "stores": [one.store_id for one in sweeps],
        "programs": [one.program_id for one in sweeps],
        "units": [one.unit for one in sweeps],
    }
