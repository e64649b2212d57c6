"""What only the PostgreSQL log does: positions in commit order, retention, compaction, readers of other processes."""

import asyncio
from collections.abc import AsyncIterator

from services.kernel.bus.log import LogBus, LogSubscription
from services.kernel.bus.port import Delivered, Record
from services.kernel.bus.topics import TopicSpec
from services.kernel.session import connect
from tests.support.wait import until


async def test_positions_are_commit_order_when_many_write(url: str) -> None:
    topics = [TopicSpec("t", 7)]
    writers = [LogBus(url, topics) for _ in range(4)]
    reader = LogBus(url, topics, poll_s=0.01)
    await reader.start()
    member = await reader.subscribe(group="g", topics=["t"], member="1")
    got: list[int] = []

    async def write(n: int) -> None:
        for i in range(40):
            await writers[n].publish([Record("t", str(n), b"%d" % i)])

    writing = asyncio.gather(*(write(n) for n in range(4)))

    async def all_read() -> bool:
        batch = await member.fetch(max_records=7, wait_s=0.05)
        got.extend(d.offset for d in batch)
        return len(got) >= 160

    await until(all_read)
    await writing
    assert sorted(got) == list(range(160))
    for bus in (*writers, reader):
        await bus.stop()


async def test_old_records_go_and_the_catalog_keeps_the_newest_of_each_key(url: str) -> None:
    bus = LogBus(url, [TopicSpec("t", 7), TopicSpec("kith.catalog", None)], sweep_slice=10)
    await bus.publish([Record("t", "k", b"%d" % n) for n in range(35)])
    await bus.publish([Record("kith.catalog", f"k{n % 3}", b"%d" % n) for n in range(9)])
    owner = await connect(url, schema="bus", purpose="test", role=None)
    await owner.execute("update records set at = at - interval '8 days' where topic = 't' and position < 25")
    await bus.sweep()
    left = await owner.fetchval("select min(position) from records where topic = 't'")
    kept = await owner.fetch("select key, value from records where topic = 'kith.catalog' order by key")
    await owner.close()
    assert 15 < left <= 25
    assert [(row["key"], row["value"]) for row in kept] == [("k0", b"6"), ("k1", b"7"), ("k2", b"8")]
    await bus.start()
    late = await bus.subscribe(group="late", topics=["t", "kith.catalog"], member="1")
    got = [d async for d in _all(late)]
    assert len(got) == 35 - left + 3
    await bus.stop()


async def _all(member: LogSubscription) -> AsyncIterator[Delivered]:
    while batch := await member.fetch(max_records=4, wait_s=0.5):
        for delivered in batch:
            yield delivered


async def test_a_reader_in_another_process_hears_of_it_soon(url: str) -> None:
    writer, reader = LogBus(url, []), LogBus(url, [])
    await reader.start()
    member = await reader.subscribe(group="g", topics=["new"], member="1")
    fetching = asyncio.create_task(member.fetch(max_records=10, wait_s=10))
    await writer.publish([Record("new", "k", b"x")])
    assert [d.record.value for d in await asyncio.wait_for(fetching, 5)] == [b"x"]
    await writer.stop()
    await reader.stop()


async def test_a_member_whose_connection_is_cut_gets_back_what_it_had_not_committed(url: str) -> None:
    bus = LogBus(url, [])
    await bus.start()
    await bus.publish([Record("t", "k", b"1"), Record("t", "k", b"2")])
    member = await bus.subscribe(group="g", topics=["t"], member="1")
    got = await until(lambda: member.fetch(max_records=10, wait_s=1))
    await member.commit(got[:1])
    owner = await connect(url, schema="bus", purpose="test", role=None)
    await owner.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"
    )
    await owner.close()

    async def again() -> bool:
        try:
            return [d.record.value for d in await member.fetch(max_records=10, wait_s=0.2)] == [b"2"]
        except Exception:  # the fetch that finds the connection cut
            return False

    await until(again)
    await bus.stop()
