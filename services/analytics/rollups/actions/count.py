"""Counts a batch of events: finds what each one changes, and adds the difference.

Steps follow what depends on what: ambassadors and clicks first, because orders, shares and friends look them up; then
whatever waited for them is counted anew. All of it happens under the locks of the batch's stores.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from contracts.events import EVENTS
from contracts.events.catalog import AmbassadorSaved, ProgramPublished
from contracts.events.conversions import Conversion
from contracts.events.rewards import AnyReward
from contracts.events.tracking import (
    ClickRecorded,
    ShareRecorded,
    SignupRecorded,
    TrackingPayload,
    VisitRecorded,
    WidgetViewed,
)
from services.analytics.facts import sql as facts
from services.analytics.facts.domain import Friend, Order, Reward, Share, Touch, person_of, touch_of
from services.analytics.rollups import sql
from services.analytics.rollups.actions.results import note_changed
from services.analytics.rollups.domain import counting
from services.analytics.rollups.domain.measures import NO_CURRENCY, NO_PROGRAM, Deltas
from services.analytics.rollups.domain.sketch import hash_of
from services.analytics.slices import sql as slices
from services.analytics.slices.domain import Ambassador
from services.common.periods import local_day
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.revisions import Ref, newest

S = TypeVar("S", Ambassador, Share, Friend, Order, Reward)

SLICE = 500
"""Waiting events that one transaction counts."""
VISITORS, VIEWERS, SHARERS = "visitors", "viewers", "sharers"


@dataclass(slots=True)
class _Batch:
    """One transaction's work: what came, what it differs, and what else must be looked at again."""

    tx: Tx
    zones: Mapping[str, ZoneInfo]
    deltas: Deltas
    ambassadors: set[Ref] = field(default_factory=set)
    people: dict[sql.SketchKey, set[int]] = field(default_factory=dict)
    orders: set[Ref] = field(default_factory=set)
    shares: set[Ref] = field(default_factory=set)
    friends: set[Ref] = field(default_factory=set)
    touches: dict[Ref, list[Touch]] = field(default_factory=dict)
    signups: dict[Ref, datetime] = field(default_factory=dict)

    def differ(
        self, count: Callable[[Deltas, S, int], None], before: Mapping[Ref, S], after: Mapping[Ref, S]
    ) -> dict[Ref, S]:
        """Takes back what the old states counted, adds what the new ones count, and returns those that changed."""
        changed = {key: state for key, state in after.items() if before.get(key) != state}
        for key, state in changed.items():
            if key in before:
                count(self.deltas, before[key], -1)
            count(self.deltas, state, 1)
        return changed


async def count(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """Counts events, in any order and however often they come. Those of stores not set up yet wait for that."""
    stores = {e.store_id for e in events}
    await tx.lock_stores(stores)
    calendars = await slices.calendars(tx, stores)
    zones = {s: calendar.zone for s, calendar in calendars.items()}
    await facts.park(tx, [e for e in events if e.store_id not in zones])
    known = [e for e in events if e.store_id in zones]
    if known:
        deltas = Deltas({s: calendar.currency for s, calendar in calendars.items()})
        await _count(_Batch(tx, zones, deltas), known)


async def count_waiting(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Counts some of what came before its store was set up; returns the stores of which more waits, at once."""
    await tx.lock_stores(stores)
    parked = await facts.unpark(tx, stores, count=SLICE)
    events = [
        Event(
            id=str(p.id),
            type=p.type,
            at=p.at,
            store_id=p.store_id,
            data=EVENTS[p.type].model_validate_json(p.data, extra="ignore"),
        )
        for p in parked
    ]
    if events:
        await count(tx, events)
    return dict.fromkeys(stores, tx.now) if len(events) == SLICE else {}


async def _count(batch: _Batch, events: Sequence[Event[Any]]) -> None:
    payloads = [e.data for e in events]
    await _keep_programs(batch, [p for p in payloads if isinstance(p, ProgramPublished)])
    await _count_ambassadors(batch, [p for p in payloads if isinstance(p, AmbassadorSaved)])
    await _count_clicks(batch, [p for p in payloads if isinstance(p, ClickRecorded)])
    shared = await _count_reports(batch, [p for p in payloads if isinstance(p, TrackingPayload)])
    await _count_orders(batch, [p for p in payloads if isinstance(p, Conversion)])
    await _count_shares(batch, shared)
    await _count_friends(batch)
    await _count_rewards(batch, [p for p in payloads if isinstance(p, AnyReward)])
    await sql.add(batch.tx, batch.deltas)
    await note_changed(batch.tx, batch.deltas, batch.ambassadors)
    await sql.add_people(batch.tx, batch.people)
    latest: dict[str, datetime] = {}
    for event in events:
        latest[event.store_id] = max(event.at, latest.get(event.store_id, event.at))
    await sql.mark(batch.tx, latest, Counter(event.store_id for event in events))


async def _keep_programs(batch: _Batch, published: Sequence[ProgramPublished]) -> None:
    """Orders that came before the version that decided them learn what of their discounts it promised."""
    await slices.save_programs(batch.tx, published)
    batch.orders |= await facts.orders_of_versions(
        batch.tx, [(p.store_id, p.program_id, p.version) for p in published if p.program.discount_served is not None]
    )


async def _count_ambassadors(batch: _Batch, saved: Sequence[AmbassadorSaved]) -> None:
    latest = newest(saved, key=lambda event: (event.store_id, event.ambassador_id))
    if not latest:
        return
    tx = batch.tx
    before = await slices.ambassadors(tx, latest)
    after = {
        key: Ambassador.of(event, batch.zones[event.store_id])
        for key, event in latest.items()
        if key not in before or before[key].revision < event.revision
    }
    changed = batch.differ(counting.count_ambassador, before, after)
    await slices.save_ambassadors(tx, changed)
    batch.ambassadors |= changed.keys()
    names = {(a.store_id, name) for a in changed.values() for name in a.names}
    batch.orders |= await facts.orders_of_ambassadors(tx, changed)
    batch.orders |= await facts.first_orders_of(tx, names)
    batch.shares |= await facts.shares_of(tx, names)


async def _count_clicks(batch: _Batch, clicks: Sequence[ClickRecorded]) -> None:
    by_key = {(c.store_id, c.click_id): c for c in clicks}
    new = await facts.add_clicks(batch.tx, by_key)
    for key in new:
        click = by_key[key]
        day = local_day(click.at, batch.zones[click.store_id])
        counting.count_click(batch.deltas, click, day)
    batch.orders |= await facts.orders_of_clicks(batch.tx, new)
    batch.friends |= await facts.friends_of_clicks(batch.tx, new)


async def _count_reports(batch: _Batch, reports: Sequence[TrackingPayload]) -> list[Share]:
    """Counts visits, sign-ups and views; gathers touches; returns the shares, whose ambassadors are found later."""
    by_key = {(r.store_id, r.track_id): r for r in reports}
    new = await facts.add_reports(batch.tx, by_key)
    shared: list[Share] = []
    seen: dict[Ref, tuple[datetime, str]] = {}
    for key in sorted(new):
        report = by_key[key]
        zone = batch.zones[report.store_id]
        if isinstance(report, ShareRecorded):
            shared.append(Share.of(report, zone))
        _count_report(batch, report, zone)
        touch = touch_of(report)
        if touch is not None and report.visitor_id:
            batch.touches.setdefault((report.store_id, report.visitor_id), []).append(touch)
            click = (report.store_id, touch.click_id)
            seen[click] = min(seen.get(click, (touch.at, report.visitor_id)), (touch.at, report.visitor_id))
        if isinstance(report, SignupRecorded) and report.visitor_id:
            visitor = (report.store_id, report.visitor_id)
            batch.signups[visitor] = min(batch.signups.get(visitor, report.at), report.at)
    batch.orders |= await facts.orders_of_clicks(batch.tx, await facts.see_visitors(batch.tx, seen))
    return shared


def _count_report(batch: _Batch, report: TrackingPayload, zone: ZoneInfo) -> None:
    day = local_day(report.at, zone)
    referred = touch_of(report) is not None
    program_id = report.token.program_id if report.token is not None and referred else NO_PROGRAM
    row = (report.store_id, day, program_id, NO_CURRENCY)
    kinds: tuple[str, ...] = ()
    if isinstance(report, VisitRecorded):
        batch.deltas.add("daily", row, visits=1, visits_referred=int(referred))
        kinds = (VISITORS,)
    elif isinstance(report, SignupRecorded):
        batch.deltas.add("daily", row, signups=1)
        kinds = (VISITORS,)
    elif isinstance(report, WidgetViewed):
        batch.deltas.add("daily", (*row[:2], NO_PROGRAM, NO_CURRENCY), widget_views=1)
        batch.deltas.add("daily_placements", (*row[:2], report.placement or ""), views=1)
        kinds = (VIEWERS,)
    elif isinstance(report, ShareRecorded):
        kinds = (SHARERS,)
    for kind in kinds:
        person = report.visitor_id if kind == VISITORS else person_of(report)
        if person:
            batch.people.setdefault((report.store_id, day, kind), set()).add(hash_of(person))


async def _count_orders(batch: _Batch, decided: Sequence[Conversion]) -> None:
    tx = batch.tx
    for event in decided:
        counting.count_activity(batch.deltas, event)
    latest = newest(decided, key=lambda event: (event.store_id, event.order_id))
    batch.orders |= await _newly_named(tx, decided)
    before = await facts.ORDERS.load(tx, batch.orders | latest.keys())
    after = dict(before)
    for key, event in latest.items():
        old = before.get(key)
        if old is None:
            after[key] = Order.of(event, batch.zones[event.store_id])
        elif event.revision > old.revision:
            after[key] = Order.of(event, batch.zones[event.store_id]).after(old)
    if not after:
        return
    after = await _resolve(tx, after)
    changed = batch.differ(counting.count_order, before, after)
    await facts.ORDERS.save(tx, changed)


async def _newly_named(tx: Tx, decided: Sequence[Conversion]) -> set[Ref]:
    """First orders of buyers of whom a contact became known that is an ambassador's."""
    reported = [
        (e.store_id, e.friend_id, name) for e in decided if e.status == "attributed" for name in e.friend_contacts
    ]
    new = await facts.add_names(tx, reported)
    named = await slices.ambassadors_named(tx, [(store_id, name) for store_id, _, name in new])
    return await facts.first_orders_of(tx, [(s, buyer) for s, buyer, name in new if (s, name) in named])


async def _resolve(tx: Tx, orders: Mapping[Ref, Order]) -> dict[Ref, Order]:
    """Orders with their channel, visitor and ambassador, as far as these are known."""
    referred = [o for o in orders.values() if o.attributed]
    clicks = await facts.clicks(tx, [(o.store_id, o.click_id) for o in referred if o.click_id])
    buyers = await facts.names_of(tx, {(o.store_id, o.buyer) for o in referred if o.new_customer})
    named = await slices.ambassadors_named(tx, [(key[0], name) for key, names in buyers.items() for name in names])
    wanted = {(o.store_id, o.ambassador_id) for o in referred if o.ambassador_id}
    wanted |= {(store_id, ident) for (store_id, _), idents in named.items() for ident in idents}
    ambassadors = await slices.ambassadors(tx, wanted)
    persons = {
        key: [ambassadors[key[0], ident] for name in sorted(names) for ident in named.get((key[0], name), ())]
        for key, names in buyers.items()
    }
    offers = await slices.offers(tx, [(o.store_id, o.program_id, o.program_version) for o in referred])
    return {
        key: o.resolved(clicks=clicks, ambassadors=ambassadors, persons=persons, offers=offers)
        for key, o in orders.items()
    }


async def _count_shares(batch: _Batch, shared: Sequence[Share]) -> None:
    tx = batch.tx
    before = await facts.SHARES.load(tx, batch.shares)
    after = before | {(share.store_id, share.track_id): share for share in shared}
    named = await slices.ambassadors_named(tx, [(s.store_id, s.name) for s in after.values() if s.name])
    ambassadors = await slices.ambassadors(tx, [(name[0], ident) for name, idents in named.items() for ident in idents])
    for key, share in after.items():
        found = [ambassadors[(share.store_id, ident)] for ident in named.get((share.store_id, share.name), ())]
        # Somebody in two programs shares for the one joined first: a report does not say for which.
        first = min(found, key=lambda a: (a.joined_at, a.ambassador_id), default=None)
        after[key] = share.by(first)
    changed = batch.differ(counting.count_share, before, after)
    await facts.SHARES.save(tx, changed)


async def _count_friends(batch: _Batch) -> None:
    tx = batch.tx
    moved = {key: amounts for key, amounts in batch.deltas.friends.items() if any(amounts.values())}
    keys = batch.friends | batch.touches.keys() | batch.signups.keys() | moved.keys()
    before = await facts.FRIENDS.load(tx, keys)
    after: dict[Ref, Friend] = {}
    for key in keys:
        friend = before.get(key) or Friend(*key)
        for touch in batch.touches.get(key, ()):
            friend = friend.touched(touch, batch.zones[key[0]])
        if key in batch.signups:
            friend = friend.signed_up(batch.signups[key])
        for state, amount in moved.get(key, {}).items():
            friend = replace(friend, **{state: getattr(friend, state) + amount})
        after[key] = friend
    clicks = await facts.clicks(tx, [(f.store_id, f.click_id) for f in after.values() if f.click_id and not f.channel])
    after = {key: friend.placed(clicks.get((friend.store_id, friend.click_id))) for key, friend in after.items()}
    changed = batch.differ(counting.count_friend, before, after)
    await facts.FRIENDS.save(tx, changed)


async def _count_rewards(batch: _Batch, reported: Sequence[AnyReward]) -> None:
    latest = newest(reported, key=lambda event: (event.store_id, event.reward_id))
    before = await facts.REWARDS.load(batch.tx, latest)
    after = {
        key: Reward.of(event, batch.zones[event.store_id])
        for key, event in latest.items()
        if key not in before or before[key].revision < event.revision
    }
    changed = batch.differ(counting.count_reward, before, after)
    await facts.REWARDS.save(batch.tx, changed)
