"""What we need of the Kafka client beyond what it offers. Its members are private and may change with any version: a
test names the one that was read.
"""

from functools import partial

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.codec import lz4_encode
from aiokafka.errors import ProducerClosed
from aiokafka.record._crecords import default_records

READ_IN = "0.14.0"
"""The version whose inside this file knows."""


def compress_lightly() -> None:
    """Has the client compress at LZ4's level 1. It takes 9, which is more work than all else that it does for an event,
    to save another 3 % of the bytes; and lets nobody choose.
    """
    default_records.lz4_encode = partial(lz4_encode, level=1)


def give_up(producer: AIOKafkaProducer) -> None:
    """Fails what still waits in a producer: its publisher has gone, and stopping would wait for it for ever."""
    accumulator = producer._message_accumulator  # noqa: SLF001
    queued = [batch for batches in accumulator._batches.values() for batch in batches]  # noqa: SLF001
    accumulator.fail_all(ProducerClosed())
    for batch in queued:
        batch._drain_waiter.exception()  # noqa: SLF001  # looked at, so that nobody complains that nobody did


def behind(consumer: AIOKafkaConsumer, place: TopicPartition) -> int:
    """Records of a partition that a consumer has yet to fetch, as far as it knows without asking."""
    state = consumer._subscription.subscription.assignment.state_value(place)  # noqa: SLF001
    if state is None or state.highwater is None or not state.has_valid_position:
        return 0
    return max(0, int(state.highwater - state.position))
