"""Dead letters as operators see them: the events that consumer groups put aside, and another try.

To replay one is to hand it to the handlers of its own group, in a transaction of its own; the others have had theirs.
Then it is marked as handled: neither list nor replay takes it up again.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from contracts.events import EVENTS
from services.kernel import trace
from services.kernel.auth.principal import CLI
from services.kernel.bus import envelope, letters
from services.kernel.bus.port import Bus, Delivered, Record
from services.kernel.db import ALL_STORES, Database
from services.kernel.runner import group_name, groups_of, handlers_of
from services.kernel.service import Service
from services.kernel.settings import Settings

_STORE = re.compile(r"str_[0-9a-z]{1,40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Letter:
    """An event that was put aside. `place` names it: its group and its number there."""

    place: str
    group: str
    reason: str
    error: str
    attempts: int
    put_aside_at: str
    delivered: Delivered

    @property
    def record(self) -> Record:
        """The event as it came, with the reason in headers."""
        return self.delivered.record

    @property
    def type(self) -> str:
        """The event's type, as its header says."""
        return envelope.header(self.record, envelope.TYPE)

    @property
    def store_id(self) -> str:
        """Whose it is."""
        return envelope.header(self.record, envelope.STORE)

    @property
    def subject(self) -> str:
        """What it is about: of an order's event the order."""
        return envelope.header(self.record, envelope.SUBJECT)

    @property
    def dropped(self) -> str:
        """Why it was struck off; empty while it waits."""
        return envelope.header(self.record, letters.DROPPED)

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "place": self.place,
            "group": self.group,
            "reason": self.reason,
            "error": self.error,
            "attempts": self.attempts,
            "put_aside_at": self.put_aside_at,
            "type": self.type,
            "event_id": envelope.header(self.record, envelope.ID),
            "event_at": envelope.header(self.record, envelope.TIME),
            "store_id": self.store_id,
            "subject": self.subject,
            "topic": envelope.header(self.record, "dlq_topic"),
            "partition": envelope.header(self.record, "dlq_partition"),
            "offset": envelope.header(self.record, "dlq_offset"),
            **({"dropped": self.dropped} if self.dropped else {}),
        }


async def waiting(services: Sequence[Service], settings: Settings, *, dropped: bool = False) -> list[Letter]:
    """The letters of all groups that nobody has handled, or with `dropped` that were struck off: group by group, in the
    order in which they were put aside.

    Raises `OSError`, `TimeoutError`, `KafkaError` or `PostgresError` if the bus cannot be read.
    """
    log_url = settings.database_url_of(services[0].name) if not settings.kafka_url else ""
    found = await letters.waiting(settings, groups_of(services), log_url=log_url, dropped=dropped)
    return [_letter(group, delivered) for group, waits in found.items() for delivered in waits]


async def replay(letter: Letter, service: Service, db: Database) -> None:
    """Gives a letter to its group's handlers, in one transaction.

    Raises `ContractError` for what still cannot be read, and whatever the handlers raise: then nothing is done.
    """
    model = EVENTS.get(letter.type)
    if model is None:
        raise envelope.ContractError("this build does not know the type")
    event = envelope.open_event(letter.record, model)
    trace.follow(event.traceparent, {})
    async with db.transaction([event.store_id], actor=CLI) as tx:
        tx.note("dead_letter.replayed", on=letter.place, after={"type": letter.type}, store_id=event.store_id)
        for handler in handlers_of(service, refresh_soon=lambda: None):
            if model in handler.events and group_name(service, handler) == letter.group:
                await handler.handle(tx, [event])


async def mark(bus: Bus, letter: Letter) -> None:
    """Has the letter count as handled."""
    await letters.mark(bus, letter.group, letter.delivered)


async def drop(bus: Bus, letter: Letter, why: str, db: Database) -> None:
    """Strikes the letter off: it waits no longer, and nothing comes of its event. Its group's service notes who did."""
    store_id = letter.store_id if _STORE.fullmatch(letter.store_id) else ALL_STORES
    kind = letter.type if letter.type in EVENTS else "unknown"
    async with db.transaction([store_id], actor=CLI) as tx:
        tx.note("dead_letter.dropped", on=letter.place, after={"type": kind}, store_id=store_id)
        await letters.mark(bus, letter.group, letter.delivered, dropped=why)


def _letter(group: str, delivered: Delivered) -> Letter:
    record = delivered.record
    attempts = envelope.header(record, "dlq_attempts")
    return Letter(
        place=f"{group.removeprefix('kith.')}:{delivered.offset}",
        group=group,
        reason=envelope.header(record, "dlq_reason"),
        error=envelope.header(record, "dlq_error"),
        attempts=int(attempts) if attempts.isdigit() else 0,
        put_aside_at=envelope.header(record, "dlq_at"),
        delivered=delivered,
    )
