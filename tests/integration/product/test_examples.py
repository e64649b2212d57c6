"""Every golden example, put on the bus as it was once sent, is taken by today's consumers: nothing is put aside."""

from datetime import UTC, datetime

import asyncpg

from contracts.events import EVENTS
from contracts.export import EXAMPLES
from services.cli import manifests
from services.kernel.bus import envelope
from services.kernel.bus.port import Record
from services.kernel.runner import running
from services.kernel.settings import Settings
from tests.support.postgres import FreshDatabase
from tests.support.two_stores import OPERATOR, SEALING_KEYS
from tests.support.wait import until

BEHIND = """
select c."group", t.topic from bus.cursors c join bus.topics t using (topic) where c.position < t.next_position
"""
READ = "select count(*) from bus.cursors where position > 0"


async def test_todays_consumers_take_every_example(fresh_database: FreshDatabase) -> None:
    url = await fresh_database()
    settings = Settings(
        database_url=url,
        secret_keys="k1:a-secret-of-the-tests-0123456789",  # type: ignore[arg-type]  # parsed
        contact_key="a-contact-key-of-the-tests-0123456789",  # type: ignore[arg-type]  # parsed
        operator_key=OPERATOR,  # type: ignore[arg-type]  # parsed
        sealing_keys=dict.fromkeys(("connectors", "links", "rewards"), SEALING_KEYS),  # type: ignore[arg-type]  # parsed
        pool_size=3,
    )
    records = [
        Record(
            topic=str(EVENTS[path.parent.name].TOPIC),
            key="key",
            value=path.read_bytes(),
            headers=envelope.headers(
                event_id=f"evt_{path.parent.name}_{path.stem}",
                type=path.parent.name,
                source="/kith/examples",
                store_id="str_01k9x0m5w8a3c7e1g5j9n3q7s1",
                subject="example",
                at=datetime(2026, 11, 3, tzinfo=UTC),
                traceparent=None,
            ),
        )
        for path in sorted(EXAMPLES.glob("*/*.json"))
        if path.parent.name != "kith.clock.moved.v1"  # would move this test's own clock
    ]
    async with running(manifests.load_all(), settings, port=0) as process:
        await process.bus.publish(records)
        connection = await asyncpg.connect(url)
        try:

            async def all_read() -> bool:
                return await connection.fetchval(READ) >= 4 and not await connection.fetch(BEHIND)

            await until(all_read, within=60, what="every consumer at the end of its topics")
            put_aside = await connection.fetch("select topic, headers from bus.records where topic like 'kith.dlq.%'")
        finally:
            await connection.close()
    assert not put_aside
