"""SQL of limits per ambassador: a counter per rule, ambassador and period, moved with the rewards that it counts."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import date, timedelta

from contracts.events.catalog import ProgramPublished
from services.common.periods import Period, window
from services.kernel.db import Tx
from services.kernel.revisions import Ref
from services.rewards.grants.domain.caps import CountKey, LimitKey, Share, Tally, counts_of

_NOTE = """
insert into limit_periods (store_id, program_id, rule, period, counted_from)
select distinct w.store_id, w.program_id, w.rule, w.period, case when exists (
    select from programs p where p.store_id = w.store_id and p.program_id = w.program_id and p.version <> w.version
      and (cast(p.definition as jsonb) -> 'rewards' @> jsonb_build_array(jsonb_build_object('name', w.rule))
        or cast(p.definition as jsonb) -> 'event_rewards' @> jsonb_build_array(jsonb_build_object('name', w.rule))
        or cast(p.definition as jsonb) -> 'sponsor_rewards' @> jsonb_build_array(jsonb_build_object('name', w.rule)))
  ) then cast(:soon as date) else cast(:always as date) end
from unnest(cast(:stores as text[]), cast(:programs as text[]), cast(:versions as int[]), cast(:rules as text[]),
  cast(:periods as text[])) w(store_id, program_id, version, rule, period)
on conflict do nothing
"""

_PERIODS = """
select p.store_id, p.program_id, p.rule, p.period, p.counted_from from limit_periods p
join unnest(cast(:stores as text[]), cast(:programs as text[])) w(store_id, program_id) using (store_id, program_id)
"""

# S608 is silenced where statements share these pieces, which no caller can touch.
_WANTED = """unnest(cast(:stores as text[]), cast(:programs as text[]), cast(:rules as text[]),
  cast(:ambassadors as text[]), cast(:periods as text[]), cast(:firsts as date[])"""
_NAMES = "w(store_id, program_id, rule, ambassador_id, period, first"
# What a counter is kept for is six columns, and comes back as its place among those that were asked for.

_COUNTED = "r.side = 'friend' or r.split is null or r.split = 10000"
"""As `Reward.counted`."""

_COUNTS = f"""
select w.n, c.rewards, c.amount_minor, w.first >= p.counted_from as counted
from {_WANTED}) with ordinality {_NAMES}, n)
left join limit_counts c on c.store_id = w.store_id and c.ambassador_id = w.ambassador_id
  and c.program_id = w.program_id and c.rule = w.rule and c.period = w.period and c.first = w.first
left join limit_periods p on p.store_id = w.store_id and p.program_id = w.program_id and p.rule = w.rule
  and p.period = w.period
"""  # noqa: S608

_SUMS = f"""
select w.n, t.rewards, t.amount_minor
from {_WANTED}, cast(:lasts as date[])) with ordinality {_NAMES}, last, n)
cross join lateral (
  select (count(*) filter (where {_COUNTED}))::int as rewards,
    coalesce(sum(r.target_minor), 0)::bigint as amount_minor from rewards r
  where r.store_id = w.store_id and r.ambassador_id = w.ambassador_id and r.program_id = w.program_id
    and r.rule = w.rule and r.day between w.first and w.last and r.target_minor > 0
    and r.source_kind not in ('period', 'cashback')
) t
"""  # noqa: S608

_MOVE = f"""
update limit_counts c set rewards = c.rewards + w.rewards, amount_minor = c.amount_minor + w.amount_minor
from {_WANTED}, cast(:rewards as int[]), cast(:amounts as bigint[])) with ordinality
  {_NAMES}, rewards, amount_minor, n)
where c.store_id = w.store_id and c.ambassador_id = w.ambassador_id
  and c.program_id = w.program_id and c.rule = w.rule and c.period = w.period and c.first = w.first
returning w.n
"""  # noqa: S608

_OPEN = f"""
insert into limit_counts (store_id, program_id, rule, ambassador_id, period, first, rewards, amount_minor)
select * from {_WANTED}, cast(:rewards as int[]), cast(:amounts as bigint[]))
"""  # noqa: S608

_NEXT_AMBASSADOR = """
select ambassador_id from limit_counts where store_id = :store and ambassador_id > :after
order by ambassador_id offset :count limit 1
"""

_DRIFT = f"""
with made as (
  select r.ambassador_id, r.program_id, r.rule, p.period, p.counted_from, case p.period when 'ever'
      then date '-infinity' else cast(date_trunc(p.period, cast(r.day as timestamp)) as date) end as first,
    count(*) filter (where {_COUNTED}) as rewards, sum(r.target_minor) as amount_minor
  from rewards r join limit_periods p using (store_id, program_id, rule)
  where r.store_id = :store and r.ambassador_id > :after
    and (cast(:upto as text) is null or r.ambassador_id <= :upto) and r.target_minor > 0
    and r.source_kind not in ('period', 'cashback')
  group by 1, 2, 3, 4, 5, 6
), kept as (
  select * from limit_counts where store_id = :store and ambassador_id > :after
    and (cast(:upto as text) is null or ambassador_id <= :upto)
)
select ambassador_id, program_id, rule, period, first, coalesce(kept.rewards, 0) as kept_rewards,
  coalesce(kept.amount_minor, 0) as kept_minor, coalesce(made.rewards, 0)::bigint as rewards,
  coalesce(made.amount_minor, 0)::bigint as amount_minor
from made full join kept using (ambassador_id, program_id, rule, period, first)
where (coalesce(kept.rewards, 0), coalesce(kept.amount_minor, 0))
    <> (coalesce(made.rewards, 0), coalesce(made.amount_minor, 0))
  and (kept.rewards is not null or first >= made.counted_from)
order by 1, 2, 3, 4, 5
"""  # noqa: S608

_AHEAD = timedelta(days=7)
"""Orders are placed a day ahead at most: a period that begins later than this from now has no rewards yet."""

Counts = Mapping[CountKey, tuple[int, int]]
"""Rewards above zero and their sum, or differences of both."""


async def note_periods(tx: Tx, published: Sequence[ProgramPublished]) -> None:
    """Notes by what periods the rules of these versions limit. The versions are kept already.

    A rule that no other version has cannot have given anything yet: its counters are whole from the start. Of other
    rules only the periods to come are; the counter of an earlier one is summed up when it is first needed.
    """
    found = [
        (one.store_id, one.program_id, one.version, rule.name, rule.limits.per_ambassador.period)
        for one in published
        for rule in one.program.all_rules
        if rule.limits.per_ambassador is not None
    ]
    if found:
        await tx.execute(
            _NOTE,
            stores=[f[0] for f in found],
            programs=[f[1] for f in found],
            versions=[f[2] for f in found],
            rules=[f[3] for f in found],
            periods=[f[4] for f in found],
            soon=(tx.now + _AHEAD).date(),
            always=date.min,
        )


async def tallies(tx: Tx, wanted: Iterable[CountKey]) -> dict[LimitKey, list[Tally]]:
    """What counts against each limit in each of these periods.

    Reads one row for each. Only periods that began before their limit was received, and that nothing has changed in
    since, are summed up from the ambassador's rewards.
    """
    keys = sorted(set(wanted))
    rows = await tx.all(_COUNTS, **_columns(keys))
    counts = {keys[row.n - 1]: (row.rewards or 0, row.amount_minor or 0) for row in rows}
    counts |= await _sums(tx, [keys[row.n - 1] for row in rows if row.rewards is None and not row.counted])
    found: dict[LimitKey, list[Tally]] = {}
    for key, (rewards, amount) in counts.items():
        found.setdefault(key.limit, []).append(Tally(*window(key.period, key.first), rewards, amount))
    return found


async def count(tx: Tx, shares: Sequence[Share]) -> None:
    """Counts these rewards in and out. They are saved already.

    A counter below zero is refused by the database: more was taken out than was counted in.
    """
    kinds = await _periods(tx, {(store_id, program_id) for (store_id, program_id, *_), *_ in shares})
    if not kinds or not (differences := counts_of(shares, kinds)):
        return
    keys = sorted(differences)
    moved = {row.n for row in await tx.all(_MOVE, **_with_counts(keys, differences))}
    missing = [key for n, key in enumerate(keys, 1) if n not in moved]
    whole = {key: differences[key] for key in missing if key.first >= kinds[key.limit[:3]][key.period]}
    await _open(tx, whole)
    await _open(tx, await _sums(tx, [key for key in missing if key not in whole]))


async def drift(
    tx: Tx, store_id: str, *, count: int
) -> AsyncIterator[tuple[CountKey, tuple[int, int], tuple[int, int]]]:
    """Counters that are not what their rewards sum up to: key, (rewards, amount) as kept, and as they should be.

    Goes through the store by `count` counters at a time.
    """
    after: str | None = ""
    while after is not None:
        upto: str | None = await tx.scalar(_NEXT_AMBASSADOR, store=store_id, after=after, count=count)
        for row in await tx.all(_DRIFT, store=store_id, after=after, upto=upto):
            key = CountKey(store_id, row.program_id, row.rule, row.ambassador_id, row.period, row.first)
            yield key, (row.kept_rewards, row.kept_minor), (row.rewards, row.amount_minor)
        after = upto


async def _periods(tx: Tx, programs: Iterable[Ref]) -> dict[tuple[str, str, str], dict[Period, date]]:
    """By (store, program, rule): the kinds of periods that are counted, and from which first day on all are."""
    keys = sorted(set(programs))
    found: dict[tuple[str, str, str], dict[Period, date]] = {}
    for row in await tx.all(_PERIODS, stores=[k[0] for k in keys], programs=[k[1] for k in keys]):
        found.setdefault((row.store_id, row.program_id, row.rule), {})[row.period] = row.counted_from
    return found


async def _sums(tx: Tx, keys: Sequence[CountKey]) -> dict[CountKey, tuple[int, int]]:
    if not keys:
        return {}
    lasts = [window(key.period, key.first)[1] for key in keys]
    rows = await tx.all(_SUMS, **_columns(keys), lasts=lasts)
    return {keys[row.n - 1]: (row.rewards, row.amount_minor) for row in rows}


async def _open(tx: Tx, counts: Counts) -> None:
    if counts:
        await tx.execute(_OPEN, **_with_counts(sorted(counts), counts))


def _columns(keys: Sequence[CountKey]) -> dict[str, list[object]]:
    return {
        "stores": [k.store_id for k in keys],
        "programs": [k.program_id for k in keys],
        "rules": [k.rule for k in keys],
        "ambassadors": [k.ambassador_id for k in keys],
        "periods": [k.period for k in keys],
        "firsts": [k.first for k in keys],
    }


def _with_counts(keys: Sequence[CountKey], counts: Counts) -> dict[str, list[object]]:
    return {**_columns(keys), "rewards": [counts[k][0] for k in keys], "amounts": [counts[k][1] for k in keys]}
