"""Builders of what rewards' tests start from: programs, decisions and orders with only the interesting parts given."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from contracts.events.catalog import AmbassadorSaved, ProgramPublished, StoreConfigured
from contracts.events.conversions import Conversion, ConversionAttributed
from contracts.events.orders import Figures
from contracts.program import Program

STORE = "str_01k9x0m5w8a3c7e1g5j9n3q7s1"
PROGRAM = "prg_a"
ANNA = "amb_anna"
BORIS = "amb_boris"
NOON = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)

FRIEND_RULE: dict[str, Any] = {
    "name": "friend",
    "to": "friend",
    "which": "first",
    "give": {"kind": "fixed", "amount_minor": 1000},
    "pay_as": "store_credit",
    "hold_days": 14,
}
AMBASSADOR_RULE: dict[str, Any] = {
    "name": "ambassador",
    "to": "ambassador",
    "which": "every",
    "give": {"kind": "percent", "basis_points": 1000, "of": "subtotal"},
    "pay_as": "cash",
    "hold_days": 14,
}


def make_program(
    *rules: dict[str, Any], currency: str = "EUR", budget_minor: int | None = None, **more: Any
) -> Program:
    """A program; without rules it gives the friend 10.00 and the ambassador a tenth of the subtotal."""
    return Program.model_validate(
        {
            "name": "Give 10, get 10",
            "currency": currency,
            "landing_url": "https://shop.example/",
            "budget": None if budget_minor is None else {"amount_minor": budget_minor},
            "rewards": list(rules or (FRIEND_RULE, AMBASSADOR_RULE)),
            **more,
        }
    )


def published(program: Program, *, version: int = 1, store: str = STORE, program_id: str = PROGRAM) -> ProgramPublished:
    """The event that brings a version."""
    return ProgramPublished(
        store_id=store, program_id=program_id, version=version, published_at=NOON - timedelta(days=90), program=program
    )


def configured(*, store: str = STORE, timezone: str = "UTC") -> StoreConfigured:
    """The event that brings a store."""
    return StoreConfigured(
        store_id=store,
        name="Shop",
        currency="EUR",
        timezone=timezone,
        domains=("shop.example",),
        locale="en",
        created_at=NOON - timedelta(days=100),
        revision=1,
    )


def joined(ambassador_id: str = ANNA, **changed: Any) -> AmbassadorSaved:
    """The event that brings an ambassador of the program."""
    state = {"store_id": STORE, "program_id": PROGRAM, "created_at": NOON - timedelta(days=50), "revision": 1}
    return AmbassadorSaved(ambassador_id=ambassador_id, **{**state, **changed})


def make_state(order_id: str = "1", **changed: Any) -> Conversion:
    """The state of the decision on an order: attributed to Anna, 50.90 EUR of which 46.00 are goods."""
    figures = {
        "status": "paid",
        "currency": changed.pop("currency", "EUR"),
        "total_minor": changed.pop("total_minor", 5090),
        "subtotal_minor": changed.pop("subtotal_minor", 4600),
    }
    attributed = changed.get("status", "attributed") == "attributed"
    state: dict[str, Any] = {
        "store_id": STORE,
        "order_id": order_id,
        "revision": 1,
        "status": "attributed",
        "reason": "code",
        "placed_at": NOON,
        "decided_at": NOON,
        "figures": Figures.model_validate(figures),
        "friend_id": f"friend-{order_id}",
        "order_number": 1,
        "program_id": PROGRAM if attributed else None,
        "program_version": 1 if attributed else None,
        "ambassador_id": ANNA if attributed else None,
        "as_of": 1,
        "engine": "1",
    }
    return ConversionAttributed.model_validate(state | changed)


def at(text: str, zone: str = "UTC") -> datetime:
    """A moment on a wall clock."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
