"""Missing pieces that come: what waited for them is decided then, some hundreds of orders in each transaction."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from contracts.events.catalog import AmbassadorSaved, ProgramPublished
from contracts.events.conversions import WAIT_WITHOUT_WINNER
from services.kernel import due
from services.kernel.db import Tx
from services.kernel.revisions import Ref, newest
from services.rewards.budgets import actions as budgets
from services.rewards.budgets.sql import with_budget
from services.rewards.grants.actions.regrant import WAITING_JOB, look_again, regrant, retry_refused
from services.rewards.grants.domain.retries import Room
from services.rewards.grants.sql import conversions, counters, custom_events, limits
from services.rewards.memberships import actions as memberships
from services.rewards.rules.domain import Order
from services.rewards.slices import sql as slices
from services.rewards.tiers import actions as tiers

AT_ONCE = 250
"""Orders that waited and are decided in one transaction."""
_LATE: Final = WAIT_WITHOUT_WINNER - timedelta(days=1)
"""From how old a version may have been missed by orders that nobody referred; a day less, since clocks differ."""


async def take_programs(tx: Tx, published: Sequence[ProgramPublished]) -> None:
    """Keeps versions of programs (a repeat does nothing) and decides the orders that waited for them."""
    fresh = await slices.keep(tx, published)
    await limits.note_periods(tx, published)
    await tiers.take_programs(tx, published)
    programs = {(one.store_id, one.program_id) for one in published}
    await look_at_budgets(tx, programs)
    if fresh:
        await retry_refused(tx, {Room(store_id, program_id) for store_id, program_id, _ in fresh})
    more = await _decide_waiting(tx, programs)
    late = [one for one in published if (one.store_id, one.program_id, one.version) in fresh]
    await due.schedule(tx, WAITING_JOB, more | await _missed_by_cashback(tx, late))


async def _missed_by_cashback(tx: Tx, fresh: Sequence[ProgramPublished]) -> dict[str, datetime]:
    """Marks the orders that may count as cashback otherwise now: those that nobody referred, placed since one of these
    versions was published, if some may have settled without it. Returns their stores, to be looked at now.

    No such order says which version it lacks, so none could wait for it.
    """
    late = [one for one in fresh if tx.now - one.published_at >= _LATE]
    if not late or not (stores := await slices.with_cashback(tx, {one.store_id for one in late})):
        return {}
    since = {store: min(one.published_at for one in late if one.store_id == store) for store in stores}
    await conversions.mark_unreferred(tx, since)
    return dict.fromkeys(since, tx.now)


async def look_at_budgets(tx: Tx, programs: Collection[Ref]) -> None:
    """Reports which of these programs are used up now, or no longer."""
    await tx.lock_stores({store_id for store_id, _ in programs})
    await budgets.published(tx, programs, await counters.spent(tx, programs))


async def look_at_stores(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """The same for all programs of these stores that have a budget: once, for those of before any were reported."""
    await look_at_budgets(tx, await with_budget(tx, stores))
    return {}


async def take_ambassadors(tx: Tx, saved: Sequence[AmbassadorSaved]) -> None:
    """Keeps by what ambassadors buy, and has their open orders looked at that this concerns."""
    latest = newest(saved, key=lambda one: (one.store_id, one.ambassador_id))
    await look_again(tx, await memberships.take_ambassadors(tx, list(latest.values())))


async def take_stores(tx: Tx, stores: Collection[str]) -> None:
    """Decides the orders that waited for their store's time zone."""
    await due.schedule(tx, WAITING_JOB, await _decide_waiting(tx, {(store_id, None) for store_id in stores}))


async def decide_waiting(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Goes on with orders that waited; returns the stores that may have more, at once. What still waits for a version
    that has not come is left when it comes.
    """
    return await _decide_waiting(tx, [(store_id, None) for store_id in stores])


async def _decide_waiting(tx: Tx, arrived: Iterable[tuple[str, str | None]]) -> dict[str, datetime]:
    keys = list(arrived)
    await tx.lock_stores(store_id for store_id, _ in keys)
    happened = await custom_events.take_waiting(tx, keys, count=AT_ONCE)
    await regrant(tx, [Order.of_event(state) for state in happened])
    if len(happened) == AT_ONCE and not await custom_events.still_waiting(
        tx, [(e.store_id, e.event_id) for e in happened]
    ):
        return {store_id: tx.now for store_id, _ in keys}
    states = await conversions.take_waiting(tx, keys, count=AT_ONCE)
    await regrant(tx, [Order.of(state) for state in states])
    if (
        len(states) < AT_ONCE
        or await conversions.still_waiting(tx, [(s.store_id, s.order_id) for s in states]) == AT_ONCE
    ):
        return {}
    return {store_id: tx.now for store_id, _ in keys}
