"""From a transaction's `emit` over outbox, relay and log to a handler of the same process."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from contracts.events.tracking import VisitRecorded
from services.kernel.bus.log import LogBus
from services.kernel.bus.topics import dead_letter_topics, product_topics
from services.kernel.consume import Consumer
from services.kernel.db import Database
from services.kernel.relay import Relay
from services.kernel.service import Handler
from tests.support.postgres import TestServer
from tests.support.toy import make_toy_schema, remember, seen, toy_database, visit
from tests.support.wait import until

GROUP = "kith.toy"


@pytest.fixture
async def url(postgres: TestServer) -> AsyncIterator[str]:
    made = await postgres.empty()
    await make_toy_schema(made)
    yield made
    await postgres.drop(made)


@pytest.fixture
async def db(url: str) -> AsyncIterator[Database]:
    async with toy_database(url) as database:
        yield database


@pytest.fixture
async def bus(url: str) -> AsyncIterator[LogBus]:
    log = LogBus(url, (*product_topics(), *dead_letter_topics([GROUP])))
    await log.start()
    yield log
    await log.stop()


async def test_what_a_transaction_emits_reaches_a_handler(db: Database, bus: LogBus) -> None:
    relay = Relay(db, bus, service="toy")
    consumer = Consumer(db, bus, group=GROUP, handlers=[Handler(events=(VisitRecorded,), handle=remember)], member="1")
    relay.start()
    consumer.start()
    for n in range(3):
        async with db.transaction() as tx:
            tx.emit(visit(f"t{n}"))
    assert await until(lambda: _three(db), within=10)
    await asyncio.gather(consumer.stop(), relay.stop())
    assert await seen(db) == ["t0", "t1", "t2"]


async def _three(db: Database) -> bool:
    return len(await seen(db)) >= 3
