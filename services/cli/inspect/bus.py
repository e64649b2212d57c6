"""Findings about the bus: reachable, its topics there, and how far each group is behind."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    KafkaError,
    NotCoordinatorForGroupError,
)

from services.cli.inspect.database import connected
from services.cli.inspect.findings import Finding, failure, ok, warning
from services.cli.inspect.letters import waiting
from services.kernel.bus.topics import dead_letter_topic
from services.kernel.runner import groups_of, subscriptions_of, topics_of
from services.kernel.service import Service
from services.kernel.settings import Settings

MANY_BEHIND = 10_000
_TIMEOUT_S = 15.0
_START = """
select coalesce((select min(position) from records where topic = $1),
                (select next_position from topics where topic = $1))
"""
_Found = tuple[str, frozenset[str], tuple["Lag", ...]]
"""Which bus it is, its topics, and who is how far behind."""


@dataclass(frozen=True, slots=True)
class Lag:
    """How many records of a topic a group has yet to handle."""

    group: str
    topic: str
    behind: int


@dataclass(frozen=True, slots=True)
class BusState:
    """What the bus holds: topics, lags by group and topic, and the dead letters that wait, by topic."""

    kind: str
    topics: frozenset[str]
    lags: tuple[Lag, ...]
    dead_letters: Mapping[str, int]


async def state(services: Sequence[Service], settings: Settings) -> BusState:
    """Reads the bus. Raises `OSError`, `TimeoutError`, `KafkaError` or `PostgresError` if it cannot be reached."""
    subscriptions = subscriptions_of(services)
    async with asyncio.timeout(_TIMEOUT_S):
        if settings.kafka_url:
            kind, topics, lags = await _kafka(settings.kafka_url, settings.kafka_login(), subscriptions)
        else:
            kind, topics, lags = await _log(settings.database_url_of(services[0].name), subscriptions)
    letters = Counter(dead_letter_topic(letter.group) for letter in await waiting(services, settings))
    return BusState(kind, topics, lags, letters)


async def look(services: Sequence[Service], settings: Settings) -> list[Finding]:
    """All findings about the bus."""
    try:
        found = await state(services, settings)
    except (OSError, TimeoutError, KafkaError, asyncpg.PostgresError) as error:
        advice = "check KITH_KAFKA_URL and that the broker runs" if settings.kafka_url else "run `kith migrate`"
        return [failure("bus", f"cannot be read: {error or type(error).__name__}", advice)]
    wanted = {topic.name for topic in topics_of(services)}
    findings = [ok("bus", found.kind)]
    missing = sorted(wanted - found.topics)
    if missing:
        findings.append(warning("topics", f"missing: {', '.join(missing)}", "services make them when they start"))
    else:
        findings.append(ok("topics", f"{len(wanted)} there"))
    behind = {group: sum(lag.behind for lag in found.lags if lag.group == group) for group in groups_of(services)}
    for group, records in behind.items():
        detail = f"{records} records behind"
        if records > MANY_BEHIND:
            findings.append(warning(f"lag of {group}", detail, "see that its service runs, and what it logs"))
        else:
            findings.append(ok(f"lag of {group}", detail))
    letters = {topic: count for topic, count in found.dead_letters.items() if count}
    if letters:
        shown = ", ".join(f"{topic} {count}" for topic, count in letters.items())
        findings.append(warning("dead letters", shown, "`kith dlq list` says why"))
    else:
        findings.append(ok("dead letters", "none"))
    return findings


async def _log(url: str, subscriptions: Mapping[str, frozenset[str]]) -> _Found:
    async with connected(url, schema="bus") as connection:
        ends = dict(await connection.fetch("select topic, next_position from topics"))
        starts = {topic: await connection.fetchval(_START, topic) for topic in ends}
        cursors = await connection.fetch('select "group", topic, position from cursors')
    read = {(row["group"], row["topic"]): row["position"] for row in cursors}
    lags = tuple(
        # A group that has not read a topic yet will begin at its start.
        Lag(group, topic, max(0, ends.get(topic, 0) - max(read.get((group, topic), 0), starts.get(topic, 0))))
        for group, wanted in subscriptions.items()
        for topic in sorted(wanted)
    )
    return "the log in PostgreSQL", frozenset(ends), lags


async def _committed(admin: AIOKafkaAdminClient, group: str) -> Mapping[TopicPartition, Any]:
    """How far a group has read. A broker that never had a group needs some seconds to get ready for one."""
    while True:
        try:
            found: Mapping[TopicPartition, Any] = await admin.list_consumer_group_offsets(group)
            return found
        except (GroupCoordinatorNotAvailableError, NotCoordinatorForGroupError, GroupLoadInProgressError):
            await asyncio.sleep(0.5)


async def _kafka(url: str, login: Mapping[str, str], subscriptions: Mapping[str, frozenset[str]]) -> _Found:
    admin = AIOKafkaAdminClient(bootstrap_servers=url, **login)
    reader = AIOKafkaConsumer(bootstrap_servers=url, enable_auto_commit=False, **login)
    try:
        await admin.start()
        await reader.start()
        topics = frozenset(name for name in await admin.list_topics() if name.startswith("kith."))
        described = await admin.describe_topics(sorted(topics)) if topics else []
        partitions = [
            TopicPartition(topic["topic"], partition["partition"])
            for topic in described
            for partition in topic["partitions"]
        ]
        ends = await reader.end_offsets(partitions) if partitions else {}
        starts = await reader.beginning_offsets(partitions) if partitions else {}
        lags: dict[tuple[str, str], int] = {}
        for group, wanted in subscriptions.items():
            committed = await _committed(admin, group)
            for place in (place for place in ends if place.topic in wanted):
                # A group that has committed nothing in a partition will begin at its start.
                read = max(committed[place].offset if place in committed else 0, starts[place])
                lags[group, place.topic] = lags.get((group, place.topic), 0) + max(0, ends[place] - read)
    finally:
        await reader.stop()
        await admin.close()
    found = tuple(Lag(group, topic, behind) for (group, topic), behind in sorted(lags.items()))
    return f"Apache Kafka at {url}", topics, found
