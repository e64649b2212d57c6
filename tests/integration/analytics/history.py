"""Builders for analytics' tests: events as other services send them, delivered in batches, and roll-ups read back."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.events import Payload, conversions, rewards, tracking
from contracts.events.catalog import AmbassadorSaved, CodeSaved, LinkSaved, ProgramPublished, StoreConfigured
from contracts.events.orders import Figures
from contracts.events.tracking import Customer, TokenClaims
from contracts.program import Program
from services.analytics.main import SERVICE
from services.analytics.rollups.domain.measures import ROLLUPS
from services.kernel.bus.port import Event
from services.kernel.db import Database
from services.kernel.runner import handlers_of
from services.kernel.service import Handler

STORE = "str_1"
PROGRAM = "prg_1"
DAY0 = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""A Monday at noon."""

CONVERSIONS = {
    "attributed": conversions.ConversionAttributed,
    "rejected": conversions.ConversionRejected,
    "unattributed": conversions.ConversionUnattributed,
    "pending": conversions.ConversionDeferred,
}


def at(days: float = 0.0) -> datetime:
    """A moment so many days after `DAY0`."""
    return DAY0 + timedelta(days=days)


def store_configured(
    store_id: str = STORE, *, timezone: str = "Europe/Chisinau", currency: str = "EUR"
) -> StoreConfigured:
    return StoreConfigured(
        store_id=store_id, name="Zerno Coffee", currency=currency, timezone=timezone, domains=("shop.example",),
        locale="en", created_at=at(-100), revision=1,
    )  # fmt: skip


def program_published(
    version: int = 1, *, days: float = -90, store_id: str = STORE, discount: dict[str, Any] | None = None
) -> ProgramPublished:
    served = {"friend_benefit": "discount", "discount": discount} if discount else {}
    return ProgramPublished(
        store_id=store_id, program_id=PROGRAM, version=version, published_at=at(days),
        program=Program.model_validate(
            {"name": "Give 10", "currency": "EUR", "landing_url": "https://shop.example/", **served}
        ),
    )  # fmt: skip


def ambassador_saved(
    ambassador_id: str = "amb_1",
    *,
    days: float = -10,
    customer: str | None = None,
    contacts: tuple[str, ...] = (),
    revision: int = 1,
    store_id: str = STORE,
) -> AmbassadorSaved:
    return AmbassadorSaved(
        store_id=store_id, ambassador_id=ambassador_id, program_id=PROGRAM, external_id=customer, created_at=at(days),
        revision=revision, contact_hashes=contacts,
    )  # fmt: skip


def code_saved(code: str, ambassador_id: str, *, store_id: str = STORE) -> CodeSaved:
    return CodeSaved(
        store_id=store_id, code_id=f"cod_{code}", code=code, program_id=PROGRAM, ambassador_id=ambassador_id,
        created_at=at(-10), revision=1,
    )  # fmt: skip


def link_saved(
    link_id: str, page: str | None, *, revision: int = 1, ambassador_id: str = "amb_1", program_id: str = PROGRAM
) -> LinkSaved:
    return LinkSaved(
        store_id=STORE, link_id=link_id, slug=link_id, program_id=program_id, ambassador_id=ambassador_id,
        destination=page, created_at=at(-10), revision=revision,
    )  # fmt: skip


def clicked(
    click_id: str, *, days: float = 0, channel: str | None = "telegram", ambassador_id: str = "amb_1",
    quality: tracking.Quality = "person", store_id: str = STORE,
) -> tracking.ClickRecorded:  # fmt: skip
    return tracking.ClickRecorded(
        store_id=store_id, click_id=click_id, link_id="lnk_1", program_id=PROGRAM, ambassador_id=ambassador_id,
        at=at(days), quality=quality, channel=channel,
    )  # fmt: skip


def token(
    click_id: str, *, days: float = 0, ambassador_id: str = "amb_1", quality: tracking.Quality = "person"
) -> TokenClaims:
    return TokenClaims(
        click_id=click_id, link_id="lnk_1", program_id=PROGRAM, ambassador_id=ambassador_id, at=at(days),
        quality=quality,
    )  # fmt: skip


def visited(
    track_id: str, visitor_id: str, *, days: float = 0, click_id: str | None = None, ambassador_id: str = "amb_1",
    store_id: str = STORE, quality: tracking.Quality = "person",
) -> tracking.VisitRecorded:  # fmt: skip
    return tracking.VisitRecorded(
        store_id=store_id, track_id=track_id, at=at(days), visitor_id=visitor_id,
        token=token(click_id, days=days, ambassador_id=ambassador_id, quality=quality) if click_id else None,
    )  # fmt: skip


def signed_up(track_id: str, visitor_id: str, *, days: float = 0) -> tracking.SignupRecorded:
    return tracking.SignupRecorded(store_id=STORE, track_id=track_id, at=at(days), visitor_id=visitor_id)


def shared(
    track_id: str, *, days: float = 0, customer: str | None = None, channel: str = "telegram"
) -> tracking.ShareRecorded:
    return tracking.ShareRecorded(
        store_id=STORE, track_id=track_id, at=at(days), customer=Customer(id=customer), channel=channel
    )


def viewed(track_id: str, *, days: float = 0, customer: str | None = None) -> tracking.WidgetViewed:
    return tracking.WidgetViewed(store_id=STORE, track_id=track_id, at=at(days), customer=Customer(id=customer))


def decided(
    order_id: str, status: str = "attributed", *, days: float = 1, revision: int = 1, total: int = 5000,
    refunded: int = 0, reason: str = "", kind: str = "click", click_id: str | None = None,
    visitor_id: str | None = None, ambassador_id: str = "amb_1", buyer: str = "c1", number: int = 1, new: bool = True,
    settled: bool = False, cancelled: bool = False, currency: str = "EUR", store_id: str = STORE,
    contacts: tuple[str, ...] = (), came_by: str | None = None, program_id: str = PROGRAM, discount: int = 0,
    link_id: str = "lnk_1",
) -> conversions.Conversion:  # fmt: skip
    attributed = status == "attributed"
    link = link_id if kind == "click" else None
    winner = conversions.Winner(kind=kind, click_id=click_id, link_id=link) if attributed else None  # type: ignore[arg-type]
    return CONVERSIONS[status](
        store_id=store_id, order_id=order_id, revision=revision, status=status, reason=reason or status,  # type: ignore[arg-type]
        cancelled=cancelled, settled_at=at(days + 20) if settled else None, placed_at=at(days), decided_at=at(days),
        figures=Figures(
            status="paid", currency=currency, total_minor=total, subtotal_minor=total, discount_minor=discount
        ),
        refunded_minor=refunded, friend_id=buyer, visitor_id=visitor_id, order_number=number, new_customer=new,
        program_id=program_id if attributed or status == "rejected" else None,
        program_version=1 if attributed else None, ambassador_id=ambassador_id if attributed else None, winner=winner,
        friend_contacts=contacts, click_id=came_by, as_of=1, engine="1",
    )  # fmt: skip


def rewarded(
    reward_id: str, *, amount: int = 500, kind: str = "ambassador", status: str = "pending", days: float = 1,
    revision: int = 1, pay_as: str = "cash", beneficiary: str = "amb_1", store_id: str = STORE,
) -> rewards.Reward:  # fmt: skip
    return rewards.RewardGranted(
        store_id=store_id, reward_id=reward_id, revision=revision, order_id="o", program_id=PROGRAM, program_version=1,
        rule="r", beneficiary=rewards.Beneficiary(kind=kind, id=beneficiary), pay_as=pay_as, amount_minor=amount,  # type: ignore[arg-type]
        currency="EUR", status=status, reason="granted", placed_at=at(days), granted_at=at(days), changed_at=at(days),  # type: ignore[arg-type]
    )  # fmt: skip


def given_by_hand(reward_id: str, *, amount: int = 1500, revision: int = 1, days: float = 1) -> rewards.SourcedReward:
    return rewards.SourcedRewardReleased(
        store_id=STORE, reward_id=reward_id, revision=revision, source=rewards.Source(kind="person", id="gwl_1"),
        program_id=PROGRAM, program_version=1, beneficiary=rewards.Beneficiary(kind="ambassador", id="amb_1"),
        pay_as="cash", amount_minor=amount, currency="EUR", status="available", reason="goodwill", earned_at=at(days),
        granted_at=at(days), changed_at=at(days),
    )  # fmt: skip


def event_of(payload: Payload, number: int = 0) -> Event[Any]:
    return Event(id=f"evt_{number}", type=payload.TYPE, at=at(13), store_id=payload.store_id, data=payload)


async def deliver(db: Database, *payloads: Payload) -> None:
    """One batch, handled as the consumer does: every handler gets its own events, in one transaction."""
    events = [event_of(payload, number) for number, payload in enumerate(payloads)]
    async with db.transaction(stores={e.store_id for e in events}) as tx:
        for handler in _handlers():
            types = {model.TYPE for model in handler.events}
            mine = [e for e in events if e.type in types]
            if mine:
                await handler.handle(tx, mine)


def _handlers() -> Sequence[Handler]:
    return handlers_of(SERVICE, refresh_soon=lambda: None)


Rows = dict[tuple[Any, ...], dict[str, int]]


async def rollups(db: Database, stores: Iterable[str] = (STORE,)) -> dict[str, Rows]:
    """Every roll-up without the rows and sums that are zero."""
    found: dict[str, Rows] = {}
    async with db.transaction(stores=stores) as tx:
        for name, (keys, sums) in ROLLUPS.items():
            found[name] = {}
            for row in await tx.all(f"select {', '.join((*keys, *sums))} from {name}"):
                amounts = {column: value for column in sums if (value := getattr(row, column))}
                if amounts:
                    found[name][tuple(getattr(row, key) for key in keys)] = amounts
    return found
