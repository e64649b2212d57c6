"""The topics of a cluster: missing ones are made, those that are there keep their records as long as we say."""

from collections.abc import Mapping, Sequence

import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import for_code

from services.kernel.bus.topics import TopicSpec

_DAY_MS = 86_400_000
_EXISTS = 36
_NOT_ALLOWED = frozenset((29, 31))
"""Codes of users who may not change topics, or not the cluster."""
_OF_THE_TOPIC = 1
"""Where a setting comes from: the topic's own, and no default."""


async def make_topics(admin: AIOKafkaAdminClient, topics: Sequence[TopicSpec], *, partitions: int) -> None:
    """Makes what is missing and mends retention that differs. Raises what the client does; a user who may not change
    topics leaves them as they are, and says so in the log.
    """
    known = set(await admin.list_topics())
    missing = [topic for topic in topics if topic.name not in known]
    if missing:
        answer = await admin.create_topics([_new_topic(t, t.partitions or partitions) for t in missing])
        for name, code, *_ in answer.topic_errors:
            if code not in (0, _EXISTS):
                raise for_code(code)(name)
    await _mend(admin, [topic for topic in topics if topic.name in known])


async def _mend(admin: AIOKafkaAdminClient, topics: Sequence[TopicSpec]) -> None:
    if not topics:
        return
    found = await _settings(admin, topics)
    for topic in topics:
        own, wanted = found.get(topic.name), _retention(topic)
        if own is None or all(own.get(name) == value for name, value in wanted.items()):
            continue
        # The request replaces all of a topic's own settings, so an operator's go along.
        resource = ConfigResource(ConfigResourceType.TOPIC, topic.name, configs=own | wanted)
        for answer in await admin.alter_configs([resource]):
            for code, *_ in answer.resources:
                if code in _NOT_ALLOWED:
                    structlog.get_logger().info("kafka.retention_kept", topic=topic.name)
                elif code:
                    raise for_code(code)(topic.name)


async def _settings(admin: AIOKafkaAdminClient, topics: Sequence[TopicSpec]) -> Mapping[str, dict[str, str]]:
    """The topics' own settings, of those that may be looked at."""
    found: dict[str, dict[str, str]] = {}
    asked = [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in topics]
    for answer in await admin.describe_configs(asked):
        for code, _, _, name, settings in answer.resources:
            if not code:
                found[name] = {key: value for key, value, _, source, *_ in settings if source == _OF_THE_TOPIC}
    return found


def _retention(topic: TopicSpec) -> dict[str, str]:
    if topic.keep_days is None:
        return {"cleanup.policy": "compact"}
    return {"cleanup.policy": "delete", "retention.ms": str(topic.keep_days * _DAY_MS)}


def _new_topic(topic: TopicSpec, partitions: int) -> NewTopic:
    """Replicas by the broker's own default, which a cluster's operator sets."""
    new = NewTopic(name=topic.name, num_partitions=partitions, replication_factor=1, topic_configs=_retention(topic))
    new.replication_factor = -1  # the constructor takes -1 for something else; brokers take it for their default
    return new
