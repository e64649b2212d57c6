"""Events received and people notified, in tests: as consumers and the clock would."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.events import Payload
from contracts.events.conversions import (
    Conversion,
    ConversionAttributed,
    ConversionDeferred,
    ConversionRejected,
    ConversionUnattributed,
    Named,
)
from contracts.events.orders import Figures
from contracts.events.payouts import DestinationChanged
from contracts.events.rewards import (
    Beneficiary,
    RewardAdjusted,
    RewardGranted,
    RewardReleased,
    RewardReversed,
    Source,
    SourcedReward,
)
from contracts.events.rewards import Reward as RewardState
from services.kernel.bus.port import Event
from services.kernel.jobs import Jobs
from services.links.main import SERVICE
from services.links.notices.actions.decide import JOB
from tests.integration.links.world import OPERATOR, Replica, Shop

__all__ = [
    "ConversionAttributed",
    "ConversionDeferred",
    "ConversionRejected",
    "ConversionUnattributed",
    "RewardAdjusted",
    "RewardGranted",
    "RewardReleased",
    "RewardReversed",
]


async def receive(links: Replica, *payloads: Payload, age: timedelta = timedelta()) -> None:
    """Hands events to the handlers, as one batch."""
    async with links.ctx.db.transaction({payload.store_id for payload in payloads}) as tx:
        events = [
            Event(id=f"e{n}", type=payload.TYPE, at=tx.now - age, store_id=payload.store_id, data=payload)
            for n, payload in enumerate(payloads)
        ]
        for handler in SERVICE.handlers:
            types = {model.TYPE for model in handler.events}
            if wanted := [event for event in events if event.type in types]:
                await handler.handle(tx, wanted)


async def receive_outbox(links: Replica, shop: Shop) -> None:
    """Hands over what the service itself has emitted for a store, as the bus would, and empties the outbox of it."""
    from contracts.events import EVENTS

    async with links.ctx.db.transaction() as tx:
        rows = await tx.all(
            "with gone as (delete from outbox where store_id = :s returning id, type, data) select * from gone"
            " order by id",
            s=shop.id,
        )
    await receive(links, *(EVENTS[row.type].model_validate_json(row.data) for row in rows))


async def later(links: Replica, after: timedelta) -> None:
    """Lets time go by."""
    answer = await links.http.post(
        "/v1/clock",
        json={"advance_seconds": int(after.total_seconds())},
        headers={"Authorization": f"Bearer {OPERATOR}"},
    )
    assert answer.status_code == 200, answer.text
    await links.ctx.live.refresh()


async def noon(links: Replica) -> None:
    """Waits for the next noon: what is counted by the day, or the month, is then counted in one."""
    now = links.ctx.live.now()
    await later(links, (timedelta(hours=36) - timedelta(hours=now.hour, minutes=now.minute)) % timedelta(days=1))


async def notify(links: Replica, *, after: timedelta = timedelta()) -> None:
    """Lets time go by, and the job tell what is due by then."""
    if after:
        await later(links, after)
    await Jobs(links.ctx, jobs=(), due_jobs=SERVICE.due_jobs).run_due(JOB)


def order(kind: type[Conversion], shop: Shop, order_id: str, *, who: str | None = None, **changes: Any) -> Conversion:
    """A decision on an order of 46.00 euros."""
    status = {
        ConversionAttributed: "attributed",
        ConversionRejected: "rejected",
        ConversionDeferred: "pending",
        ConversionUnattributed: "unattributed",
    }[kind]
    now = datetime.now(UTC)
    made: dict[str, Any] = {
        "store_id": shop.id,
        "order_id": order_id,
        "revision": 1,
        "status": status,
        "reason": "code",
        "placed_at": now,
        "decided_at": now,
        "figures": Figures(status="paid", currency="EUR", total_minor=123_456, subtotal_minor=123_456),
        "friend_id": "friend-of-anna",
        "order_number": 1,
        "ambassador_id": who,
        "as_of": 1,
        "engine": "2",
    }
    return kind(**{**made, **changes})


def moved(shop: Shop, who: str, destination: str = "dst_1") -> DestinationChanged:
    """Somebody said a moment ago where an ambassador's money goes."""
    now = datetime.now(UTC)
    return DestinationChanged(
        store_id=shop.id,
        ambassador_id=who,
        destination_id=destination,
        method="iban",
        is_first=False,
        usable_at=now + timedelta(hours=72),
        changed_at=now,
    )


def named(who: str, *, verdict: Any, reason: str) -> Sequence[Named]:
    """Whom a proof named, and why the order is not theirs."""
    return (Named(ambassador_id=who, verdict=verdict, reason=reason),)


def reward(kind: type[RewardState], shop: Shop, who: str, *, minor: int, revision: int = 1, **changes: Any) -> Any:
    """An ambassador's reward for the order `o-1`."""
    now = datetime.now(UTC)
    made: dict[str, Any] = {
        "store_id": shop.id,
        "reward_id": "rwd_1",
        "revision": revision,
        "order_id": "o-1",
        "program_id": "prg_1",
        "program_version": 1,
        "rule": "ambassador",
        "beneficiary": Beneficiary(kind="ambassador", id=who),
        "ambassador_id": who,
        "pay_as": "cash",
        "amount_minor": minor,
        "currency": "EUR",
        "status": "pending",
        "reason": "granted",
        "available_at": now + timedelta(days=14),
        "placed_at": now,
        "granted_at": now,
        "changed_at": now,
    }
    return kind(**{**made, **changes})


def goodwill(kind: type[SourcedReward], shop: Shop, who: str, *, minor: int, revision: int, **changes: Any) -> Any:
    """What the store gave an ambassador by hand."""
    now = datetime.now(UTC)
    made: dict[str, Any] = {
        "store_id": shop.id,
        "reward_id": "rwd_g",
        "revision": revision,
        "source": Source(kind="person", id="gwl_1"),
        "program_id": "prg_1",
        "program_version": 1,
        "beneficiary": Beneficiary(kind="ambassador", id=who),
        "ambassador_id": who,
        "pay_as": "cash",
        "amount_minor": minor,
        "currency": "EUR",
        "status": "available",
        "reason": "goodwill",
        "available_at": now,
        "earned_at": now,
        "granted_at": now,
        "changed_at": now,
    }
    return kind(**{**made, **changes})
