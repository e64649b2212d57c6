"""From the newest states of orders to rewards, postings and events, many orders at a time.

A batch takes one store lock set and a fixed number of statements, whatever its size.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from contracts.events.actions import Action
from contracts.events.conversions import Conversion
from contracts.program import Program
from services.common.periods import local_day, window
from services.kernel import due
from services.kernel.db import Tx
from services.kernel.revisions import Ref, newest
from services.rewards.budgets import actions as budgets
from services.rewards.grants.actions import cashback, milestones, plan_targets
from services.rewards.grants.actions.announce import announce
from services.rewards.grants.actions.books import move_of
from services.rewards.grants.actions.moments import moment_in
from services.rewards.grants.actions.sponsors import Activity, active_sponsors
from services.rewards.grants.domain.caps import Caps, CountKey, budget_key, shares_of, spent_differences
from services.rewards.grants.domain.plan import grades_of, plan
from services.rewards.grants.domain.retries import RETRIES_JOB, Room, room_made
from services.rewards.grants.domain.reward import Change, Reward
from services.rewards.grants.sql import conversions, counters, custom_events, limits, retries
from services.rewards.grants.sql import rewards as rewards_sql
from services.rewards.ledger.domain import change as posting_of
from services.rewards.lots import actions as lots
from services.rewards.lots.actions import Written
from services.rewards.memberships import actions as memberships
from services.rewards.release_rules.domain import RELEASE_JOB
from services.rewards.rules.domain import Entitlement, Order, entitlements
from services.rewards.slices import sql as slices
from services.rewards.spending import actions as spending
from services.rewards.tiers import actions as tiers
from services.rewards.tiers.domain import TierKey

WAITING_JOB = "waiting"
"""The due job that decides what waited."""
_ANY_ZONE = ZoneInfo("UTC")
"""For orders that earn nothing: no day is made for them."""


@dataclass(slots=True)
class _Batch:
    """What the orders of a batch need to be decided."""

    orders: list[Order] = field(default_factory=list)
    entitled: dict[Ref, list[Entitlement]] = field(default_factory=dict)
    rewards: dict[Ref, list[Reward]] = field(default_factory=dict)
    programs: dict[Ref, Program] = field(default_factory=dict)
    zones: dict[str, ZoneInfo] = field(default_factory=dict)
    caps: Caps = field(default_factory=Caps)


async def take_states(tx: Tx, states: Sequence[Conversion]) -> list[Change]:
    """Takes decisions as they came: keeps the highest revision of each order and grants accordingly.

    Repeats and older revisions change nothing. Returns what changed.
    """
    latest = newest(states, key=lambda state: (state.store_id, state.order_id))
    await tx.lock_stores(store_id for store_id, _ in latest)
    fresh = await conversions.keep(tx, list(latest.values()))
    orders = [Order.of(state) for ref, state in latest.items() if ref in fresh]
    await spending.return_unsold(tx, {(one.store_id, one.order_id): one.unsold for one in orders if one.unsold})
    return await regrant(tx, orders)


async def take_events(tx: Tx, states: Sequence[Action]) -> list[Change]:
    """The same for decisions on custom events."""
    latest = newest(states, key=lambda state: (state.store_id, state.event_id))
    await tx.lock_stores(store_id for store_id, _ in latest)
    fresh = await custom_events.keep(tx, list(latest.values()))
    return await regrant(tx, [Order.of_event(state) for ref, state in latest.items() if ref in fresh])


async def regrant(tx: Tx, orders: Sequence[Order]) -> list[Change]:
    """Recomputes all rewards of these orders, or of these custom events, in the order given. Their stores must be
    locked.

    Orders whose program version or store is not known yet are marked and left as they are.
    """
    if not orders:
        return []
    # Before their rewards: what somebody bought with an order of the batch holds for the others.
    counted = await memberships.recount(tx, orders)
    batch = await _load(tx, orders, counted.stores)
    changes: list[Change] = []
    for order in batch.orders:
        key = (order.store_id, order.order_id)
        moment = moment_in(tx, batch.zones.get(order.store_id, _ANY_ZONE))
        changes += plan(order, batch.entitled.get(key, []), batch.rewards.get(key, []), batch.caps, moment)
    await settle_changes(tx, changes)
    await look_again(tx, counted.again - {(order.store_id, order.order_id) for order in orders if order.event is None})
    # Behind the orders' own rewards, so that both read the budget as those have left it.
    if orders[0].source_kind != "order":
        return changes
    counting = [(order, batch.programs.get((order.store_id, order.order_id))) for order in batch.orders]
    reached = await milestones.recount(tx, counting)
    await settle_changes(tx, reached)
    bonuses = await plan_targets.recount(tx, counting, batch.zones)
    await settle_changes(tx, bonuses)
    given = await cashback.recount(tx, batch.orders)
    await settle_changes(tx, given)
    await tiers.recount(tx, counting)
    return [*changes, *reached, *bonuses, *given]


async def look_again(tx: Tx, orders: Collection[Ref]) -> None:
    """Has the rewards of these orders computed anew, some hundreds in each transaction."""
    if orders:
        await conversions.mark_waiting(tx, orders)
        await due.schedule(tx, WAITING_JOB, {store_id: tx.now for store_id, _ in orders})


async def settle_changes(tx: Tx, changes: Sequence[Change]) -> None:
    """Posts, saves and announces changes, with what they make of budgets, and sees to it that the release job looks at
    what will become available.
    """
    if not changes:
        return
    raised_by, lying = await _post(tx, changes)
    await rewards_sql.save(tx, [one.after for one in changes], raised_by, lying)
    spent = await counters.spend(tx, spent_differences(_spent_by(changes)))
    if shares := [share for one in changes for share in shares_of(one.before, one.after)]:
        await limits.count(tx, shares)
    await due.schedule(tx, RELEASE_JOB, _releases(changes))
    announce(tx, changes)
    await budgets.spent(tx, spent)
    if room := room_made(changes):
        await retry_refused(tx, room)


async def retry_refused(tx: Tx, room: Collection[Room]) -> None:
    """Has what caps refused where there may be room now tried again, where the programs want that. Their stores must be
    locked.
    """
    await due.schedule(tx, RETRIES_JOB, dict.fromkeys(await retries.begin(tx, room), tx.now))


async def _load(tx: Tx, orders: Sequence[Order], with_memberships: Collection[str]) -> _Batch:
    batch = _Batch()
    standing = {(o.store_id, o.program_id, o.program_version): o for o in orders if o.refusal is None}
    programs = await slices.versions(tx, [(s, p, v) for s, p, v in standing if p is not None and v is not None])
    names = await slices.time_zones(tx, {o.store_id for o in orders}) if standing else {}
    batch.zones = {store_id: ZoneInfo(name) for store_id, name in names.items()}
    waiting: list[Ref] = []
    for order in orders:
        program = _program(order, programs)
        if order.refusal is None and (program is None or order.store_id not in batch.zones):
            waiting.append((order.store_id, order.order_id))
            continue
        batch.orders.append(order)
        if program is not None:
            batch.programs[order.store_id, order.order_id] = program
    kind = orders[0].source_kind
    await (conversions if kind == "order" else custom_events).mark_waiting(tx, waiting)
    for reward in await rewards_sql.of_sources(tx, kind, [(o.store_id, o.order_id) for o in batch.orders]):
        batch.rewards.setdefault((reward.store_id, reward.source_id), []).append(reward)
    await _ask_memberships(tx, batch, with_memberships)
    await _entitle(tx, batch)
    await _load_caps(tx, batch)
    return batch


async def _entitle(tx: Tx, batch: _Batch) -> None:
    """Notes what the rules give for each order, at the tiers that ambassadors are in now. Orders get their day, where
    rules ask for it; a reward that exists keeps its day, even if the store has moved to another zone since.
    """
    orders = [(one, batch.programs.get((one.store_id, one.order_id))) for one in batch.orders]
    multiplied = {
        _whose(one)
        for one, program in orders
        if program is not None and program.tiers is not None and one.event is None and one.refusal is None
    }
    now = await tiers.tiers_of(tx, multiplied) if multiplied else {}
    active = await active_sponsors(tx, orders, batch.rewards)
    batch.orders = [_entitled(batch, order, now.get(_whose(order)), active) for order in batch.orders]


async def _ask_memberships(tx: Tx, batch: _Batch, stores: Collection[str]) -> None:
    """Notes in orders of these stores what their ambassadors held, where rules ask."""
    asking: list[Order] = []
    others: list[Order] = []
    for order in batch.orders:
        program = batch.programs.get((order.store_id, order.order_id))
        if order.event is None and order.store_id in stores:
            asks = program is not None and program.by_membership and order.refusal is None
            (asking if asks else others).append(order)
    held = await memberships.stand(tx, asking, others)
    if held:
        batch.orders = [
            order if (found := held.get((order.store_id, order.order_id))) is None else order.held_by(found)
            for order in batch.orders
        ]


def _entitled(batch: _Batch, order: Order, tier: str | None, active: Mapping[Ref, Activity]) -> Order:
    ref = (order.store_id, order.order_id)
    program = batch.programs.get(ref)
    if program is None:
        return order
    rewards = batch.rewards.get(ref, ())
    if program.by_day and order.refusal is None:
        kept = (reward.day for reward in rewards if reward.placed_at == order.placed_at)
        order = order.in_zone(batch.zones[order.store_id], day=next(kept, None))
    grades = grades_of(order, program, rewards, tier)
    batch.entitled[ref] = entitlements(order, program, grades=grades, active=active.get(ref))
    return order


def _whose(order: Order) -> TierKey:
    return TierKey(order.store_id, order.ambassador_id or "", order.program_id or "")


def _program(order: Order, programs: Mapping[tuple[str, str, int], Program]) -> Program | None:
    if order.program_id is None or order.program_version is None:
        return None
    return programs.get((order.store_id, order.program_id, order.program_version))


async def _load_caps(tx: Tx, batch: _Batch) -> None:
    entitled = [(store_id, one) for (store_id, _), ones in batch.entitled.items() for one in ones]
    programs = {(store_id, one.program_id) for store_id, one in entitled}
    if not programs:
        return
    batch.caps.budgets = await slices.budgets(tx, programs)
    if batch.caps.budgets:
        batch.caps.spent.update(await counters.spent(tx, programs))
    if periods := _periods(batch):
        batch.caps.tallies.update(await limits.tallies(tx, periods))


def _periods(batch: _Batch) -> set[CountKey]:
    """Every period of every limit that the batch's orders may count against."""
    found: set[CountKey] = set()
    for order in batch.orders:
        key = (order.store_id, order.order_id)
        for one in batch.entitled.get(key, ()):
            if one.limit is None:
                continue
            days = {local_day(order.placed_at, batch.zones[order.store_id])}
            # A reward that exists keeps its day, even if the store has moved to another zone since.
            days.update(r.day for r in batch.rewards.get(key, ()) if r.key == one.key)
            period = one.limit.period
            found.update(
                CountKey(order.store_id, one.program_id, one.rule, one.ambassador_id, period, window(period, day)[0])
                for day in days
            )
    return found


async def _post(tx: Tx, changes: Sequence[Change]) -> tuple[dict[str, int], dict[str, str | None]]:
    """Writes the postings of the changes; returns, by reward, the number of the set that raised it, and its lot."""
    written = [set_ for one in changes for set_ in _written(one)]
    done = [(one.posting, outcome) for one, outcome in zip(written, await lots.post(tx, written), strict=True)]
    return (
        {p.reward_id: outcome.number for p, outcome in done if p.raises and p.reward_id},
        {p.reward_id: outcome.lot_id for p, outcome in done if outcome.lot_id is not None and p.reward_id},
    )


def _written(one: Change) -> list[Written]:
    before, after = one.before, one.after
    if before is not None and before.unit != after.unit:
        # Points are no money: what was granted in one unit goes back in it, and the new amount starts afresh.
        moves = [(before, -before.target_minor, False), (after, after.target_minor, True)]
    else:
        moves = [(after, one.difference, False)]
    return [
        Written(
            posting_of(
                store_id=reward.store_id,
                program_id=reward.program_id,
                reward_id=reward.reward_id,
                side=reward.side,
                beneficiary_id=reward.beneficiary_id,
                unit=reward.unit,
                difference=difference,
                available=reward.released_at is not None,
                corrects=before.granted_by if before else None,
                basis=after.basis,
            ),
            None if reward.released_at is None else move_of(reward, difference, anew=anew),
        )
        for reward, difference, anew in moves
        if difference
    ]


def _spent_by(changes: Iterable[Change]) -> Iterable[tuple[tuple[str, str, str], int]]:
    for one in changes:
        if one.before is not None and one.before.target_minor:
            yield budget_key(one.before), -one.before.target_minor
        if one.after.target_minor:
            yield budget_key(one.after), one.after.target_minor


def _releases(changes: Iterable[Change]) -> dict[str, datetime]:
    """The earliest moment, by store, at which something of this becomes available."""
    earliest: dict[str, datetime] = {}
    for one in changes:
        after = one.after
        if after.target_minor and after.settled_at is not None and after.released_at is None:
            earliest[after.store_id] = min(earliest.get(after.store_id, after.available_at), after.available_at)
    return earliest
