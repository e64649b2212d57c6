"""Who is in which tier: told by what settled orders came to, moved by them and by time.

A standing is kept with the moment from which it may be another, so that it is read by one row; only who has passed that
moment, or whose program has a newer version, is worked out from counters, those of one window at most. Whatever job is
late, what is read is right.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from contracts.events.catalog import AmbassadorSaved, ProgramPublished
from contracts.events.tiers import Rank, TierChanged
from contracts.events.tracking import ClickRecorded
from contracts.program import Program
from contracts.tiers import Tier, Tiers
from services.common.periods import local_day
from services.kernel import due
from services.kernel.db import Tx
from services.kernel.revisions import Ref
from services.rewards.rules.domain import Order
from services.rewards.slices import sql as slices
from services.rewards.tiers import sql
from services.rewards.tiers.domain import (
    IN_ALL,
    TIERS_JOB,
    Count,
    Counted,
    Move,
    Rules,
    Standing,
    TierKey,
    advance,
    counted,
    differences,
    first_day,
    friends_of,
    is_fresh,
    move_of,
)

AT_ONCE: Final = 500
"""People who are looked at in one transaction."""
MOST_CLICKS_A_DAY: Final = 100
"""Of one ambassador: a script that clicks is at times taken for a person."""
CLICKS_KEPT: Final = timedelta(days=45)
"""How long a click may be reported again: the bus keeps it for 30 days, and a spool may bring it late. What comes later
is not counted.
"""


class Seen(NamedTuple):
    """Somebody's standing as it is kept and as it is now, and what that follows from."""

    kept: Standing | None
    now: Standing
    rules: Rules
    counts: Mapping[date, Count]
    joined: date | None


async def tiers_of(tx: Tx, keys: Collection[TierKey]) -> dict[TierKey, str | None]:
    """The tier that each of these people is in now, by its name."""
    rules = await _rules(tx, keys)
    kept = await sql.standings(tx, keys)
    stale = [key for key in keys if key in rules and not is_fresh(kept.get(key), rules[key], tx.now)]
    seen = await _see(tx, stale, rules, kept)
    return {key: seen[key].now.tier if key in seen else kept[key].tier for key in keys if key in rules}


async def see(tx: Tx, keys: Collection[TierKey]) -> dict[TierKey, Seen]:
    """Where these people stand now, with all that it follows from. Nothing of it is written."""
    return await _see(tx, keys, await _rules(tx, keys), await sql.standings(tx, keys))


async def tier_under(tx: Tx, key: TierKey, tiers: Tiers, zone: ZoneInfo) -> str | None:
    """The tier that somebody would be in if their program had these."""
    rules = {key: Rules(0, tiers, zone)}
    return (await _see(tx, [key], rules, await sql.standings(tx, [key])))[key].now.tier


async def recount(tx: Tx, orders: Sequence[tuple[Order, Program | None]]) -> None:
    """Counts orders as they are now, with the versions that they are under, and moves their ambassadors. Their stores
    must be locked, and rewards of the batch granted: an order lifts no reward that is granted with it.
    """
    settled = [(order, program) for order, program in orders if order.settled_at is not None]
    if not settled:
        return
    before = await sql.of_orders(tx, [(order.store_id, order.order_id) for order, _ in settled])
    if not before and not any(program is not None and program.tiers is not None for _, program in settled):
        return
    after = await _counted(tx, settled, before)
    changed = {ref for ref in before.keys() | after.keys() if before.get(ref) != after.get(ref)}
    if not changed:
        return
    was, now = ([side[ref] for ref in sorted(changed) if ref in side] for side in (before, after))
    friends = friends_of([*was, *now])
    seen = await see(tx, {key for key, _ in friends})
    first_before = await sql.first_days(tx, friends)
    await sql.keep(tx, now, dropped=[ref for ref in changed if ref not in after])
    moved = differences(was, now, first_before, await sql.first_days(tx, friends))
    await sql.move(tx, moved)
    await _save(tx, {key: _with(one, moved.get(key, {}), tx.now) for key, one in seen.items()})


async def look_again(tx: Tx, keys: Collection[TierKey]) -> None:
    """Moves these people to where they stand now. Their stores must be locked."""
    await _save(tx, await see(tx, keys))


async def move_due(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Moves whom time moves, and goes on through programs that have other tiers now; some hundreds of people in all.
    Says when to look at each store again.
    """
    await tx.lock_stores(stores)
    each = max(1, AT_ONCE // len(stores))
    whose_turn = await sql.due(tx, stores, now=tx.now, count=each)
    swept, left = await sql.sweep(tx, stores, programs=len(stores), count=each)
    await look_again(tx, {*whose_turn, *swept})
    return await sql.next_due(tx, stores) | dict.fromkeys(left, tx.now)


async def take_programs(tx: Tx, published: Sequence[ProgramPublished]) -> None:
    """Looks at all ambassadors of programs that have tiers now, or had. The versions are kept already."""
    tiered = await slices.with_tiers(tx, {(one.store_id, one.program_id) for one in published})
    if tiered:
        # The job that goes through them has the lock too: it cannot go on from where it was.
        await tx.lock_stores({store_id for store_id, _ in tiered})
        await sql.begin_sweeps(tx, tiered)
        await due.schedule(tx, TIERS_JOB, {store_id: tx.now for store_id, _ in tiered})


async def take_ambassadors(tx: Tx, saved: Sequence[AmbassadorSaved]) -> None:
    """Looks at ambassadors whose program has tiers by the time that they are there. They are kept already."""
    newest = await slices.newest_of(tx, {(one.store_id, one.program_id) for one in saved})
    by_time = {ref for ref, (_, program) in newest.items() if program.tiers and program.tiers.measure == "tenure"}
    keys = {TierKey(one.store_id, one.ambassador_id, one.program_id) for one in saved if _ref(one) in by_time}
    if keys:
        await tx.lock_stores({key.store_id for key in keys})
        await look_again(tx, keys)


async def take_clicks(tx: Tx, clicks: Sequence[ClickRecorded]) -> None:
    """Counts what people clicked on links of those whose tiers are by clicks, each click once."""
    newest = await slices.newest_of(tx, {(one.store_id, one.program_id) for one in clicks})
    by_clicks = {ref for ref, (_, program) in newest.items() if program.tiers and program.tiers.measure == "clicks"}
    oldest = tx.now - CLICKS_KEPT
    counted = [
        one
        for one in clicks
        if one.quality == "person" and one.at > oldest and (one.store_id, one.program_id) in by_clicks
    ]
    if not counted:
        return
    stores = {one.store_id for one in counted}
    await tx.lock_stores(stores)
    zones = await slices.time_zones(tx, stores)
    days = {
        (one.store_id, one.click_id): local_day(one.at, ZoneInfo(zones.get(one.store_id, "UTC"))) for one in counted
    }
    new = await sql.add_clicks(tx, days)
    moved: dict[TierKey, dict[date, Count]] = {}
    for one in {(one.store_id, one.click_id): one for one in counted}.values():
        if (ref := (one.store_id, one.click_id)) in new:
            by_day = moved.setdefault(TierKey(one.store_id, one.ambassador_id, one.program_id), {})
            by_day[days[ref]] = by_day.get(days[ref], Count()).plus(Count(clicks=1))
    moved = {key: by_day for key, by_day in (await _within_a_day(tx, moved)).items() if by_day}
    await sql.move(tx, moved)
    # Twice as many go as come: however many there were, what may not be reported again any more is gone some day.
    await sql.forget_clicks(tx, stores, before=tx.now.date() - CLICKS_KEPT, count=2 * len(counted))
    await look_again(tx, moved)


async def _within_a_day(tx: Tx, moved: Mapping[TierKey, Mapping[date, Count]]) -> dict[TierKey, dict[date, Count]]:
    """What counters move by, with those of all days, where no day of anybody's has too many clicks."""
    kept = await sql.counts(tx, {key: min(by_day) for key, by_day in moved.items()})
    found: dict[TierKey, dict[date, Count]] = {}
    for key, by_day in moved.items():
        own = kept.get(key, {})
        room = {day: max(0, MOST_CLICKS_A_DAY - own.get(day, Count()).clicks) for day in by_day}
        less = {day: Count(clicks=min(by.clicks, room[day])) for day, by in by_day.items() if room[day]}
        found[key] = less | {IN_ALL: Count(clicks=sum(by.clicks for by in less.values()))} if less else {}
    return found


def _ref(saved: AmbassadorSaved) -> Ref:
    return saved.store_id, saved.program_id


async def _counted(
    tx: Tx, settled: Iterable[tuple[Order, Program | None]], before: Mapping[Ref, Counted]
) -> dict[Ref, Counted]:
    zones = await slices.time_zones(tx, {order.store_id for order, _ in settled})
    found: dict[Ref, Counted] = {}
    for order, program in settled:
        zone = ZoneInfo(zones.get(order.store_id, "UTC"))
        was = before.get((order.store_id, order.order_id))
        one = counted(order, program, today=local_day(tx.now, zone), zone=zone, before=was)
        if one is not None:
            found[one.ref] = one
    return found


async def _rules(tx: Tx, keys: Collection[TierKey]) -> dict[TierKey, Rules]:
    if not keys:
        return {}
    newest = await slices.newest_of(tx, {(key.store_id, key.program_id) for key in keys})
    zones = await slices.time_zones(tx, {key.store_id for key in keys})
    return {
        key: Rules(version, program.tiers, ZoneInfo(zones.get(key.store_id, "UTC")))
        for key in keys
        for version, program in [newest[key.store_id, key.program_id]]
    }


async def _see(
    tx: Tx, keys: Collection[TierKey], rules: Mapping[TierKey, Rules], kept: Mapping[TierKey, Standing]
) -> dict[TierKey, Seen]:
    firsts = {key: _needed_from(rules[key], kept.get(key), tx.now) for key in keys}
    counts = await sql.counts(tx, {key: first for key, first in firsts.items() if _counts_orders(rules[key])})
    by_time = [key for key in keys if not _counts_orders(rules[key])]
    joined = await slices.joined(tx, [key[:2] for key in by_time])
    found = {}
    for key in keys:
        rule, count, moment = rules[key], counts.get(key, {}), joined.get(key[:2])
        day = None if moment is None else local_day(moment, rule.zone)
        found[key] = Seen(kept.get(key), advance(kept.get(key), rule, count, day, tx.now), rule, count, day)
    return found


def _counts_orders(rules: Rules) -> bool:
    return rules.tiers is not None and rules.tiers.measure != "tenure"


def _needed_from(rules: Rules, kept: Standing | None, now: datetime) -> date:
    since = now if kept is None or kept.due_at is None else min(kept.due_at, now)
    return first_day(rules.tiers, local_day(since, rules.zone))


def _with(one: Seen, moved: Mapping[date, Count], now: datetime) -> Seen:
    """The same person, with counts moved: where they stood just before is where they come from."""
    counts = {day: one.counts.get(day, Count()).plus(moved.get(day, Count())) for day in {*one.counts, *moved}}
    return one._replace(now=advance(one.now, one.rules, counts, one.joined, now), counts=counts)


async def _save(tx: Tx, seen: Mapping[TierKey, Seen]) -> None:
    moves = {
        key: move for key, one in seen.items() if (move := move_of(one.kept, one.now, one.rules.tiers)) is not None
    }
    if not moves:
        return
    await sql.save(tx, {key: move.after for key, move in moves.items()})
    soonest: dict[str, datetime] = {}
    for key, move in sorted(moves.items()):
        if move.after.due_at is not None:
            soonest[key.store_id] = min(soonest.get(key.store_id, move.after.due_at), move.after.due_at)
        if move.why is not None:
            tx.emit(_changed(key, move))
    await due.schedule(tx, TIERS_JOB, soonest)


def _rank(tier: Tier) -> Rank:
    return Rank(name=tier.name, multiplier_basis_points=tier.multiplier_basis_points, privileges=tier.privileges)


def _changed(key: TierKey, move: Move) -> TierChanged:
    tier = None if move.tiers is None else move.tiers.named(move.after.tier)
    assert move.why is not None
    return TierChanged(
        store_id=key.store_id,
        ambassador_id=key.ambassador_id,
        program_id=key.program_id,
        program_version=move.after.version,
        tier=None if tier is None else _rank(tier),
        before=move.left,
        why=move.why,
        changed_at=move.after.since,
        revision=move.after.revision,
    )
