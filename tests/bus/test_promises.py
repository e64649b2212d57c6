"""What every bus promises, said once and held by both."""

import asyncio

from tests.support.pipes import Pipe, take, texts
from tests.support.wait import until


async def test_records_of_one_key_arrive_in_the_order_of_their_publishing(pipe: Pipe) -> None:
    bus = await pipe.connect()
    sent = [(f"key-{n % 7}", f"{n:04}") for n in range(700)]
    for start in range(0, len(sent), 100):
        await pipe.put(bus, *sent[start : start + 100])
    got = await take(await pipe.join(bus), len(sent))
    for key in {key for key, _ in sent}:
        assert [d.record.value.decode() for d in got if d.record.key == key] == [text for k, text in sent if k == key]


async def test_headers_and_key_arrive_as_they_were(pipe: Pipe) -> None:
    bus = await pipe.connect()
    await pipe.put(bus, ("straße", "x"))
    (got,) = await take(await pipe.join(bus), 1)
    assert (got.record.key, got.record.headers["ce_id"], got.record.topic) == ("straße", b"x", pipe.topic)


async def test_a_new_group_begins_at_the_beginning(pipe: Pipe) -> None:
    bus = await pipe.connect()
    await pipe.put(bus, ("a", "1"), ("a", "2"))
    assert texts(await take(await pipe.join(bus), 2)) == ["1", "2"]


async def test_what_was_not_committed_comes_again_after_a_crash(pipe: Pipe) -> None:
    bus = await pipe.connect()
    await pipe.put(bus, ("a", "1"), ("a", "2"), ("a", "3"))
    first = await pipe.join(bus)
    got = await take(first, 3)
    await first.commit(got[:1])
    await first.close()
    assert texts(await take(await pipe.join(await pipe.connect()), 2)) == ["2", "3"]


async def test_what_stands_before_a_committed_record_comes_again_when_it_was_not_committed_itself(pipe: Pipe) -> None:
    bus = await pipe.connect()
    await pipe.put(bus, *(("slow" if n % 5 else "swift", f"{n:02}") for n in range(40)))
    first = await pipe.join(bus)
    got = await take(first, 40)
    await first.commit([d for d in got if d.record.key == "swift"])
    await first.close()
    again = await take(await pipe.join(await pipe.connect()), 32)
    slow = [d for d in got if d.record.key == "slow"]
    assert texts([d for d in again if d.record.key == "slow"]) == texts(slow)


async def test_a_rewind_gives_the_same_records_again_in_order(pipe: Pipe) -> None:
    bus = await pipe.connect()
    await pipe.put(bus, *((f"key-{n % 3}", str(n)) for n in range(30)))
    member = await pipe.join(bus)
    first = await take(member, 30)
    await member.rewind()
    again = await take(member, 30)
    for key in ("key-0", "key-1", "key-2"):
        assert texts([d for d in again if d.record.key == key]) == texts([d for d in first if d.record.key == key])
    await member.commit(again)
    await member.rewind()
    assert not await member.fetch(max_records=10, wait_s=0.3)
    assert sum((await member.lag()).values()) == 0


async def test_a_waiting_member_takes_over_from_one_that_leaves(pipe: Pipe) -> None:
    first_bus, second_bus = await pipe.connect(), await pipe.connect()
    await pipe.put(first_bus, *((f"key-{n}", str(n)) for n in range(20)))
    first = await pipe.join(first_bus, member="1")
    got = await take(first, 20)
    await first.commit(got)
    second = await pipe.join(second_bus, member="2")
    await first.close()
    await pipe.put(first_bus, *((f"key-{n}", f"later {n}") for n in range(20)))
    found: set[str] = set()

    async def found_all() -> bool:
        got = await second.fetch(max_records=100, wait_s=0.2)
        await second.commit(got)
        found.update(texts(got))
        return len(found) >= 20

    await until(found_all, what="taking over")
    assert found == {f"later {n}" for n in range(20)}


async def test_members_of_a_group_never_leave_a_record_out(pipe: Pipe) -> None:
    """On Kafka they share the partitions, in the log one is active; either way each record is handled by somebody."""
    buses = [await pipe.connect(), await pipe.connect()]
    members = [await pipe.join(bus, member=str(n)) for n, bus in enumerate(buses)]
    handled: list[set[str]] = [set(), set()]

    async def work(n: int) -> None:
        while True:
            got = await members[n].fetch(max_records=50, wait_s=0.2)
            if got:
                await members[n].commit(got)
                handled[n].update(texts(got))

    workers = [asyncio.create_task(work(n)) for n in range(2)]
    total = 0

    async def all_seen_and_shared() -> bool:
        nonlocal total
        await pipe.put(buses[0], *((f"key-{n}", f"{total + n}") for n in range(50)))
        total += 50
        shared = all(handled) if pipe.kind == "kafka" else any(handled)
        return shared and total > 200

    await until(all_seen_and_shared, within=60)
    await until(lambda: len(handled[0] | handled[1]) == total, within=30)
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    if pipe.kind == "log":
        assert not all(handled)


async def test_publishers_in_parallel_lose_nothing(pipe: Pipe) -> None:
    buses = [await pipe.connect() for _ in range(3)]

    async def publish(n: int) -> None:
        for batch in range(10):
            await pipe.put(buses[n], *((f"key-{n}", f"{n}-{batch:02}-{i:02}") for i in range(20)))

    member = await pipe.join(buses[0])
    publishing = asyncio.gather(*(publish(n) for n in range(3)))
    got = texts(await take(member, 600))
    await publishing
    assert len(set(got)) == 600
    for n in range(3):
        own = [text for text in got if text.startswith(f"{n}-")]
        assert own == sorted(own)
