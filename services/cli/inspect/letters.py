"""Dead letters: the events that consumer groups put aside, and what was made of them since.

A letter lies in its group's dead-letter topic as it came, with the reason in headers. To replay one is to hand it to
the handlers of its own group, in a transaction of its own; the others have had theirs. Then a mark goes into the same
topic, and the letter counts as handled: neither list nor replay takes it up again.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from contracts.events import EVENTS
from services.cli.inspect.database import connected
from services.kernel import trace
from services.kernel.bus import envelope
from services.kernel.bus.kafka_group import read_record
from services.kernel.bus.log import read_headers
from services.kernel.bus.port import Bus, Delivered, Record
from services.kernel.bus.topics import dead_letter_topic
from services.kernel.db import Database
from services.kernel.runner import group_name, groups_of
from services.kernel.service import Service
from services.kernel.settings import Settings
from services.kernel.store_slice import kernel_handlers

_HANDLED = "dlq_handled"
_READ_S = 60.0


@dataclass(frozen=True, slots=True)
class Letter:
    """An event that was put aside. `place` names it: its group and its number there."""

    place: str
    group: str
    reason: str
    error: str
    attempts: int
    put_aside_at: str
    record: Record

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
        }


async def waiting(services: Sequence[Service], settings: Settings) -> list[Letter]:
    """The letters of all groups that nobody has handled, in the order in which they were put aside.

    Raises `OSError`, `TimeoutError`, `KafkaError` or `PostgresError` if the bus cannot be read.
    """
    topics = {dead_letter_topic(group): group for group in groups_of(services)}
    async with asyncio.timeout(_READ_S):
        if settings.kafka_url:
            found = await _from_kafka(settings.kafka_url, list(topics))
        else:
            found = await _from_log(settings.database_url_of(services[0].name), list(topics))
    handled = {
        (delivered.record.topic, int(envelope.header(delivered.record, _HANDLED)))
        for delivered in found
        if _HANDLED in delivered.record.headers
    }
    return [
        _letter(topics[delivered.record.topic], delivered)
        for delivered in found
        if _HANDLED not in delivered.record.headers and (delivered.record.topic, delivered.offset) not in handled
    ]


async def replay(letter: Letter, service: Service, db: Database) -> None:
    """Gives a letter to its group's handlers, in one transaction.

    Raises `ContractError` for what still cannot be read, and whatever the handlers raise: then nothing is done.
    """
    model = EVENTS.get(letter.type)
    if model is None:
        raise envelope.ContractError("this build does not know the type")
    event = envelope.open_event(letter.record, model)
    trace.follow(event.traceparent, {})
    known = [*kernel_handlers(lambda: None), *service.handlers]
    async with db.transaction([event.store_id]) as tx:
        for handler in known:
            if model in handler.events and group_name(service, handler) == letter.group:
                await handler.handle(tx, [event])


async def mark(bus: Bus, letter: Letter) -> None:
    """Has the letter count as handled. If the mark is lost it may be replayed again, which handlers can take."""
    number = letter.place.rpartition(":")[2].encode()
    await bus.publish([Record(dead_letter_topic(letter.group), letter.record.key, b"{}", {_HANDLED: number})])


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
        record=record,
    )


async def _from_log(url: str, topics: list[str]) -> list[Delivered]:
    query = (
        "select topic, position, key, headers, value from records where topic = any($1::text[]) order by at, position"
    )
    async with connected(url, schema="bus") as connection:
        if await connection.fetchval("select to_regclass('records')") is None:
            raise asyncpg.UndefinedTableError("the bus has no tables yet")
        rows = await connection.fetch(query, topics)
    return [
        Delivered(Record(row["topic"], row["key"], row["value"], read_headers(row["headers"])), 0, row["position"])
        for row in rows
    ]


async def _from_kafka(url: str, topics: list[str]) -> list[Delivered]:
    reader = AIOKafkaConsumer(bootstrap_servers=url, enable_auto_commit=False)
    await reader.start()
    try:
        there = await reader.topics()
        places = [TopicPartition(topic, 0) for topic in topics if topic in there]
        reader.assign(places)
        ends = await reader.end_offsets(places) if places else {}
        for place, start in (await reader.beginning_offsets(places) if places else {}).items():
            reader.seek(place, start)
        found: list[tuple[int, Delivered]] = []
        while any([await reader.position(place) < ends[place] for place in places]):
            for place, records in (await reader.getmany(timeout_ms=500)).items():
                read = (Delivered(read_record(place.topic, one), 0, one.offset) for one in records)
                found += zip((one.timestamp for one in records), read, strict=True)
    finally:
        await reader.stop()
    return [delivered for _, delivered in sorted(found, key=lambda pair: (pair[0], pair[1].offset))]
