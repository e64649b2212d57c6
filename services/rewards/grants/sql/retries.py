"""SQL of what caps refused: where it is tried again, and how far that has come."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from services.kernel.db import Tx
from services.kernel.revisions import Ref
from services.rewards.grants.domain.reward import Reward
from services.rewards.grants.sql.rewards import COLUMNS, reward_of
from services.rewards.rules.domain import POINTS

# The newest version says whether; what was granted in may be the currency of another one.
_BEGIN = """
insert into capped_sweeps (store_id, program_id, unit, placed_at, reward_id)
select w.store_id, w.program_id, u.unit, null, ''
from unnest(cast(:stores as text[]), cast(:programs as text[])) w(store_id, program_id)
cross join lateral (
  select definition from programs p where p.store_id = w.store_id and p.program_id = w.program_id
  order by version desc limit 1
) n
cross join lateral (
  select p.currency as unit from programs p where p.store_id = w.store_id and p.program_id = w.program_id
  union select :points
) u
where cast(n.definition as jsonb) -> 'retry_capped' = 'true' and exists (
  select from rewards r where r.store_id = w.store_id and r.program_id = w.program_id and r.unit = u.unit
    and r.target_minor < r.want_minor
)
order by 1, 2, 3
on conflict (store_id, program_id, unit) do update set placed_at = null, reward_id = ''
returning store_id
"""

_BEGUN = """
select store_id, program_id, unit from capped_sweeps where store_id = any(cast(:stores as text[]))
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
where (s.store_id, s.program_id, s.unit) = (w.store_id, w.program_id, w.unit)
"""  # noqa: S608


class Sweep(NamedTuple):
    """Rewards of one program in one unit that caps refused."""

    store_id: str
    program_id: str
    unit: str


async def begin(tx: Tx, programs: Collection[Ref]) -> set[str]:
    """Has what caps refused in these (store, program) tried again from the oldest purchase on, where the newest version
    wants that and something was refused. Returns the stores of those.
    """
    keys = sorted(programs)
    rows = await tx.all(_BEGIN, stores=[k[0] for k in keys], programs=[k[1] for k in keys], points=POINTS)
    return {row.store_id for row in rows}


async def begun(tx: Tx, stores: Iterable[str], *, count: int) -> list[Sweep]:
    """At most so many of those that have not come to their end in these stores."""
    rows = await tx.all(_BEGUN, stores=sorted(stores), count=count)
    return [Sweep(row.store_id, row.program_id, row.unit) for row in rows]


async def refused(tx: Tx, sweeps: Sequence[Sweep], *, count: int) -> dict[Sweep, list[Reward]]:
    """The next rewards of each, at most `count`, the oldest purchase first."""
    found: dict[Sweep, list[Reward]] = {one: [] for one in sweeps}
    for row in await tx.all(_NEXT, **_columns(sweeps), count=count):
        reward = reward_of(row)
        found[Sweep(reward.store_id, reward.program_id, reward.unit)].append(reward)
    return found


async def go_on(tx: Tx, last: dict[Sweep, Reward], ended: Sequence[Sweep]) -> None:
    """Has each go on behind its last reward, and ends others."""
    if last:
        rewards = list(last.values())
        await tx.execute(
            _GO_ON,
            **_columns(list(last)),
            placed=[one.placed_at for one in rewards],
            rewards=[one.reward_id for one in rewards],
        )
    if ended:
        await tx.execute(_END, **_columns(ended))


def _columns(sweeps: Sequence[Sweep]) -> dict[str, list[str]]:
    return {
        "stores": [one.store_id for one in sweeps],
        "programs": [one.program_id for one in sweeps],
        "units": [one.unit for one in sweeps],
    }
