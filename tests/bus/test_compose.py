"""The compose file's broker, started from its own settings: each service does its work there, and nothing else."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import TopicAuthorizationFailedError
from pydantic import SecretStr

from contracts.events import Topic
from services.cli import manifests
from services.cli.local import java, process
from services.kernel.bus.kafka import KafkaBus
from services.kernel.bus.kafka_rights import Right, make_rights
from services.kernel.bus.port import BusUnavailable, Record
from services.kernel.runner import subscriptions_of, topics_of
from services.kernel.service import Service
from services.kernel.settings import Settings
from tests.support import command_line
from tests.support.compose import ComposedKafka, compose

TOPICS = topics_of(manifests.load_all())


@pytest.fixture(scope="module")
async def broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ComposedKafka]:
    kafka = ComposedKafka(tmp_path_factory.mktemp("composed") / "kafka")
    await kafka.start()
    yield kafka
    await kafka.stop()


def login(container: str) -> dict[str, str]:
    """As the container's process names itself."""
    given = compose()["services"][container]["environment"]
    password = SecretStr(given["KITH_KAFKA_PASSWORD"])
    return Settings(kafka_username=given["KITH_KAFKA_USERNAME"], kafka_password=password).kafka_login()


def bus_of(broker: ComposedKafka, container: str) -> KafkaBus:
    return KafkaBus(broker.url, TOPICS, login=login(container))


async def set_up(broker: ComposedKafka) -> dict[str, int]:
    """What the container `kafka-setup` does, in its environment."""
    given = compose()["services"]["kafka-setup"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KITH_")}
    env = {**clean, **given["environment"], "KITH_KAFKA_URL": broker.url}
    status, out, err = await command_line.run(*given["command"], "--json", env=env)
    assert status == 0, err
    reported: dict[str, int] = json.loads(out)
    return reported


async def reads(broker: ComposedKafka, container: str, topic: str) -> bool:
    """Whether the container's user may read a topic, in whatever group."""
    consumer = AIOKafkaConsumer(bootstrap_servers=broker.url, auto_offset_reset="earliest", **login(container))
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, 0)])
        await consumer.getmany(timeout_ms=2000)
    except TopicAuthorizationFailedError:
        return False
    finally:
        await consumer.stop()
    return True


async def writes(bus: KafkaBus, topic: str) -> bool:
    try:
        await bus.publish([Record(topic, "key", b"{}", {})])
    except BusUnavailable as error:
        if "TopicAuthorizationFailed" not in str(error):
            raise
        return False
    return True


async def works(bus: KafkaBus, service: Service) -> None:
    """All that a service does at the broker: it says what it tells, and hears what its groups hear."""
    for topic in service.publishes:
        assert await writes(bus, topic)
    for group, topics in subscriptions_of([service]).items():
        assert await writes(bus, f"kith.dlq.{group.removeprefix('kith.')}")
        member = await bus.subscribe(group=group, topics=sorted(topics), member="1")
        await member.fetch(max_records=1, wait_s=1)
        await member.close()


@pytest.mark.timeout(300)
async def test_each_service_does_its_work_at_the_composed_broker_and_nothing_else(broker: ComposedKafka) -> None:
    with pytest.raises(BusUnavailable):
        await KafkaBus(broker.url, TOPICS).publish([Record(Topic.ORDERS, "key", b"{}", {})])
    early = bus_of(broker, "links")
    with pytest.raises(BusUnavailable):
        await early.publish([Record(Topic.CATALOG, "key", b"{}", {})])

    stray = Right("links", "Read", "topic", str(Topic.ORDERS))
    await make_rights(broker.url, broker.login, [stray])
    first = await set_up(broker)
    assert (first["topics"], first["taken"]) == (len(TOPICS), 1)
    assert await set_up(broker) == {"topics": len(TOPICS), "given": 0, "taken": 0}

    buses = {service.name: bus_of(broker, service.name) for service in manifests.load_all()}
    for service in manifests.load_all():
        await works(buses[service.name], service)
        subscribed = {topic for topics in subscriptions_of([service]).values() for topic in topics}
        reported = {str(topic) for topic in service.publishes}
        for topic in map(str, Topic):
            assert await writes(buses[service.name], topic) == (topic in reported), f"{service.name} writes {topic}"
        # What may be read and has nothing new is waited for: all topics at once.
        may = await asyncio.gather(*(reads(broker, service.name, topic) for topic in map(str, Topic)))
        assert {topic for topic, read in zip(Topic, may, strict=True) if read} == subscribed & set(Topic), (
            f"{service.name} reads"
        )
    with pytest.raises(BusUnavailable):
        await buses["links"].subscribe(group="kith.rewards", topics=[Topic.CATALOG], member="1")
    with pytest.raises(BusUnavailable):
        await make_rights(broker.url, login("links"), [stray])
    for bus in (early, *buses.values()):
        await bus.stop()


@pytest.mark.timeout(120)
async def test_the_composed_broker_is_healthy_by_its_own_check(broker: ComposedKafka, tmp_path: Path) -> None:
    container = compose()["services"]["kafka"]
    (form, check), tool = container["healthcheck"]["test"], "/opt/kafka/bin/kafka-broker-api-versions.sh"
    assert (form, check.count(tool)) == ("CMD-SHELL", 1)
    here = f"{java.java()} -Xmx128m -cp '{await java.classpath()}' org.apache.kafka.tools.BrokerApiVersionsCommand"
    check = check.replace("/tmp/", f"{tmp_path}/").replace("kafka:9092", broker.url).replace(tool, here)
    environment = {**os.environ, "ADMIN_PROPERTIES": container["environment"]["ADMIN_PROPERTIES"]}
    child = process.spawn(["sh", "-c", check], log=broker.log, env=environment)
    assert await process.exited(child, within=60)
    assert child.returncode == 0, process.tail(broker.log)
