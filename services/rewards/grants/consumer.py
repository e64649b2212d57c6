"""Events in: decisions on orders, versions of programs, and the stores they belong to."""

from collections.abc import Sequence
from typing import Any, Final

from contracts.events.actions import (
    ActionAttributed,
    ActionRejected,
    ActionReversed,
    ActionSettled,
    ActionUnattributed,
)
from contracts.events.catalog import AmbassadorSaved, ProgramPublished, StoreConfigured
from contracts.events.conversions import (
    ConversionAttributed,
    ConversionRejected,
    ConversionReversed,
    ConversionSettled,
    ConversionUnattributed,
)
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.service import Handler
from services.rewards.grants.actions.regrant import take_events, take_states
from services.rewards.grants.actions.waiting import take_ambassadors, take_programs, take_stores

MEMBERS_GROUP: Final = "members"
"""A group of its own begins with the catalog's first record: so it is known too by what who joined before this buys."""


async def on_conversions(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """Decisions: the type does not matter, the highest revision does."""
    await take_states(tx, [event.data for event in events])


async def on_events(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """Decisions on custom events, likewise."""
    await take_events(tx, [event.data for event in events])


async def on_programs(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """Versions of programs: kept, and orders that waited for one are decided."""
    await take_programs(tx, [event.data for event in events])


async def on_stores(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """Stores, which the kernel has just kept: orders that waited for one are decided."""
    await take_stores(tx, {event.data.store_id for event in events})


async def on_ambassadors(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """By what ambassadors buy memberships: customer ids, hashes of contacts."""
    await take_ambassadors(tx, [event.data for event in events])


HANDLERS = (
    Handler(events=(StoreConfigured,), handle=on_stores),
    Handler(events=(ProgramPublished,), handle=on_programs),
    Handler(
        events=(
            ConversionAttributed,
            ConversionRejected,
            ConversionUnattributed,
            ConversionReversed,
            ConversionSettled,
        ),
        handle=on_conversions,
    ),
    Handler(
        events=(ActionAttributed, ActionRejected, ActionUnattributed, ActionReversed, ActionSettled),
        handle=on_events,
    ),
    Handler(events=(AmbassadorSaved,), handle=on_ambassadors, group=MEMBERS_GROUP),
)
