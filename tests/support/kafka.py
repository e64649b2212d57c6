"""A real Apache Kafka for the tests: `KITH_TEST_KAFKA_URL` if set, else a broker of the test run's own.

There is no skip: where no broker can be had, the tests that need one fail and say why.
"""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.cli.local.kafka import Kafka


@dataclass(frozen=True)
class Broker:
    """Where the broker is, and the process if it is ours to stop and start."""

    url: str
    process: Kafka | None


@pytest.fixture(scope="session")
async def kafka() -> AsyncIterator[Broker]:
    """The run's broker, shared by all tests: use topic and group names of your own."""
    given = os.environ.get("KITH_TEST_KAFKA_URL")
    if given:
        yield Broker(given, None)
        return
    folder = Path(tempfile.mkdtemp(prefix="kith-kafka-"))
    broker = Kafka(folder / "data")
    await broker.start()
    yield Broker(broker.url, broker)
    await broker.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def private_kafka(tmp_path: Path) -> AsyncIterator[Callable[[], Kafka]]:
    """Makes brokers (not started) that one test alone may stop, kill and start."""
    brokers: list[Kafka] = []

    def make() -> Kafka:
        brokers.append(Kafka(tmp_path / f"kafka-{len(brokers)}"))
        return brokers[-1]

    yield make
    for broker in brokers:
        await broker.stop()
