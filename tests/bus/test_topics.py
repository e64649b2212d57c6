"""A cluster's topics become what the product says, those that were made long ago too."""

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from services.kernel.bus.kafka import KafkaBus
from services.kernel.bus.topics import TopicSpec
from tests.support.kafka import Broker
from tests.support.wait import until

pytestmark = pytest.mark.kafka

DAY_MS = 86_400_000


async def settings(admin: AIOKafkaAdminClient, topic: str) -> dict[str, str]:
    (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    ((code, _, _, _, found),) = answer.resources
    assert code == 0
    return {name: value for name, value, *_ in found}


async def made(url: str, *topics: TopicSpec) -> None:
    await KafkaBus(url, topics).make_topics()


async def test_a_topic_that_is_there_keeps_its_records_as_long_as_is_said_now(kafka: Broker) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.url)
    await admin.start()

    async def has(**wanted: str) -> bool:
        now = await settings(admin, "test.kept")
        return all(now[name.replace("_", ".")] == value for name, value in wanted.items())

    try:
        await made(kafka.url, TopicSpec("test.kept", 30), TopicSpec("test.for-ever", None))
        resource = ConfigResource(
            ConfigResourceType.TOPIC,
            "test.kept",
            configs={"cleanup.policy": "delete", "retention.ms": str(30 * DAY_MS), "max.message.bytes": "777777"},
        )
        await admin.alter_configs([resource])
        await until(lambda: has(max_message_bytes="777777"))
        await made(kafka.url, TopicSpec("test.kept", 3), TopicSpec("test.for-ever", None))
        await until(lambda: has(retention_ms=str(3 * DAY_MS)))
        assert await has(max_message_bytes="777777"), "an operator's own setting stays"
        assert (await settings(admin, "test.for-ever"))["cleanup.policy"] == "compact"
    finally:
        await admin.close()
