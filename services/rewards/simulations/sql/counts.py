"""SQL of what a run counts against caps: from how counters stood at the period's beginning, in rows of its own."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from services.kernel.db import Tx
from services.rewards.grants.domain.caps import CountKey

# What the rewards of earlier orders were worth when the period began: without what was posted since. One that was
# granted only later (its order came late, or the store's past was taken over) counts as it stands now.
_STOOD = """
with later as (
  select s.reward_id, e.unit, sum(e.amount_minor) as amount_minor
  from posting_sets s join entries e on e.store_id = s.store_id and e.number = s.number
  where s.store_id = :store and s.number > :number and e.account = 'program_expense' and e.owner = :program
  group by 1, 2
), stood as (
  select r.rule, r.ambassador_id, r.unit, r.day,
    r.side = 'friend' or r.split is null or r.split = 10000 as counted,
    case when r.granted_at >= :from_at then r.target_minor
      else r.target_minor - coalesce(l.amount_minor, 0) end as amount_minor
  from rewards r left join later l on l.reward_id = r.reward_id and l.unit = r.unit
  where r.store_id = :store and r.program_id = :program and r.placed_at < :from_at
)
"""
# S608 is silenced where statements share pieces, which no caller can touch.
_SPENT = f"""{_STOOD}
select unit, sum(amount_minor)::bigint as amount_minor from stood group by unit having sum(amount_minor) <> 0
"""  # noqa: S608

_BEGIN = f"""{_STOOD}
insert into simulation_counts (store_id, simulation_id, ambassador_id, rule, period, first, rewards, amount_minor)
select :store, :simulation, s.ambassador_id, w.rule, w.period, w.first,
  (count(*) filter (where s.counted))::int, sum(s.amount_minor)::bigint
from unnest(cast(:rules as text[]), cast(:periods as text[]), cast(:firsts as date[]), cast(:lasts as date[]))
  w(rule, period, first, last)
join stood s on s.rule = w.rule and s.day between w.first and w.last and s.amount_minor > 0
group by 3, 4, 5, 6
"""  # noqa: S608

_WANTED = """unnest(cast(:ambassadors as text[]), cast(:rules as text[]), cast(:periods as text[]),
  cast(:firsts as date[])"""

_READ = f"""
select c.ambassador_id, c.rule, c.period, c.first, c.rewards, c.amount_minor
from {_WANTED}) w(ambassador_id, rule, period, first)
join simulation_counts c on c.store_id = :store and c.simulation_id = :simulation
  and c.ambassador_id = w.ambassador_id and c.rule = w.rule and c.period = w.period and c.first = w.first
"""  # noqa: S608

_KEEP = f"""
insert into simulation_counts (store_id, simulation_id, ambassador_id, rule, period, first, rewards, amount_minor)
select :store, :simulation, w.* from {_WANTED}, cast(:rewards as int[]), cast(:amounts as bigint[])) w
on conflict (store_id, simulation_id, ambassador_id, rule, period, first) do update
  set rewards = excluded.rewards, amount_minor = excluded.amount_minor
"""  # noqa: S608

Window = tuple[str, str, object, object]
"""Rule, kind of period, its first and last day."""


async def stood(tx: Tx, store_id: str, program_id: str, *, from_at: datetime, number: int) -> dict[str, int]:
    """What counted against the program's budgets at a moment, by unit. `number`: the last posting set before it."""
    rows = await tx.all(_SPENT, store=store_id, program=program_id, from_at=from_at, number=number)
    return {row.unit: row.amount_minor for row in rows}


async def begin(
    tx: Tx,
    store_id: str,
    simulation_id: str,
    *,
    program_id: str,
    from_at: datetime,
    number: int,
    windows: Sequence[Window],
) -> None:
    """Opens a run's counters of the periods that hold its beginning, as they stood then."""
    if windows:
        await tx.execute(
            _BEGIN,
            store=store_id,
            simulation=simulation_id,
            program=program_id,
            from_at=from_at,
            number=number,
            rules=[w[0] for w in windows],
            periods=[w[1] for w in windows],
            firsts=[w[2] for w in windows],
            lasts=[w[3] for w in windows],
        )


async def read(
    tx: Tx, store_id: str, simulation_id: str, program_id: str, keys: Iterable[CountKey]
) -> dict[CountKey, tuple[int, int]]:
    """How these counters stand in a run; zero where nothing was counted yet."""
    wanted = sorted(keys)
    found = dict.fromkeys(wanted, (0, 0))
    if wanted:
        for row in await tx.all(_READ, store=store_id, simulation=simulation_id, **_columns(wanted)):
            key = CountKey(store_id, program_id, row.rule, row.ambassador_id, row.period, row.first)
            found[key] = (row.rewards, row.amount_minor)
    return found


async def keep(tx: Tx, store_id: str, simulation_id: str, counts: Mapping[CountKey, tuple[int, int]]) -> None:
    """Writes how these counters stand now."""
    if counts:
        keys = sorted(counts)
        await tx.execute(
            _KEEP,
            store=store_id,
            simulation=simulation_id,
            rewards=[counts[key][0] for key in keys],
            amounts=[counts[key][1] for key in keys],
            **_columns(keys),
        )


def _columns(keys: Sequence[CountKey]) -> dict[str, list[object]]:
    return {
        "ambassadors": [key.ambassador_id for key in keys],
        "rules": [key.rule for key in keys],
        "periods": [key.period for key in keys],
        "firsts": [key.first for key in keys],
    }
