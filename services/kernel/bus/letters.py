"""The dead-letter topics as they lie on the bus: what consumer groups put aside, and marks of what was handled since.

A letter lies in its group's topic as it came, with the reason in headers. Who has handled one, or struck it off, puts a
mark into the same topic; then it waits no longer. The topics are nearly always empty, so they are read whole.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import asyncpg

from services.kernel.bus.envelope import header
from services.kernel.bus.log import read_headers
from services.kernel.bus.port import Bus, Delivered, Record
from services.kernel.bus.topics import dead_letter_topic
from services.kernel.session import connect
from services.kernel.settings import Settings

_HANDLED: Final = "dlq_handled"
DROPPED: Final = "dlq_dropped"
"""Header of a mark that strikes a letter off instead: why, in an operator's words."""
_READ_S: Final = 60.0
_ALL: Final = (
    "select topic, position, key, headers, value from records where topic = any($1::text[]) order by at, position"
)


async def waiting(
    settings: Settings, groups: Sequence[str], *, log_url: str, dropped: bool = False
) -> Mapping[str, Sequence[Delivered]]:
    """The letters of each group that nobody has handled, in the order in which they were put aside.

    With `dropped` those that were struck off, each with the header `DROPPED`, instead. `log_url` is the database whose
    log is the bus, where there is no Kafka. Raises `OSError`, `TimeoutError`, `KafkaError` or `PostgresError` if the
    bus cannot be read.
    """
    topics = {dead_letter_topic(group): group for group in groups}
    async with asyncio.timeout(_READ_S):
        read = await (
            _from_kafka(settings.kafka_url, settings.kafka_login(), topics)
            if settings.kafka_url
            else _from_log(log_url, topics)
        )
    marks = {
        (one.record.topic, int(header(one.record, _HANDLED))): one.record.headers.get(DROPPED)
        for one in read
        if _HANDLED in one.record.headers
    }
    found: dict[str, list[Delivered]] = {group: [] for group in groups}
    for one in read:
        place = (one.record.topic, one.offset)
        if _HANDLED in one.record.headers or (place in marks) != dropped:
            continue
        why = marks.get(place)
        if not dropped:
            found[topics[one.record.topic]].append(one)
        elif why is not None:
            reported = one.record._replace(headers={**one.record.headers, DROPPED: why})
            found[topics[one.record.topic]].append(one._replace(record=reported))
    return found


async def mark(bus: Bus, group: str, letter: Delivered, *, dropped: str | None = None) -> None:
    """Has a letter count as handled, or as struck off for the reason `dropped`.

    If the mark is lost it may be handled again, which handlers can take.
    """
    headers = {_HANDLED: b"%d" % letter.offset}
    if dropped is not None:
        headers[DROPPED] = dropped.encode()
    await bus.publish([Record(dead_letter_topic(group), letter.record.key, b"{}", headers)])


async def _from_log(url: str, topics: Mapping[str, str]) -> list[Delivered]:
    connection = await connect(url, schema="bus", purpose="letters")
    try:
        if await connection.fetchval("select to_regclass('records')") is None:
            raise asyncpg.UndefinedTableError("the bus has no tables yet")
        rows = await connection.fetch(_ALL, list(topics))
    finally:
        await connection.close()
    return [
        Delivered(Record(row["topic"], row["key"], row["value"], read_headers(row["headers"])), 0, row["position"])
        for row in rows
    ]


async def _from_kafka(url: str, login: Mapping[str, str], topics: Mapping[str, str]) -> list[Delivered]:
    # Imported here: the client takes memory that embedded mode need not spend.
    from aiokafka import AIOKafkaConsumer, TopicPartition

    from services.kernel.bus.kafka_group import read_record

    reader = AIOKafkaConsumer(bootstrap_servers=url, enable_auto_commit=False, **login)
    try:
        await reader.start()
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
