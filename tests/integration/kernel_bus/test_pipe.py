"""From a transaction's `emit` over outbox, relay and log to a handler, with everything that can go wrong on the way."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from contracts.events.tracking import ShareRecorded, VisitRecorded
from services.kernel import failpoints, trace
from services.kernel.bus.log import LogBus
from services.kernel.bus.port import BusUnavailable, Delivered, Event, Record
from services.kernel.bus.topics import dead_letter_topic
from services.kernel.consume import Consumer
from services.kernel.db import Database, Tx
from services.kernel.relay import Relay
from services.kernel.service import Handler, TooMuch
from services.kernel.session import connect
from services.kernel.telemetry import RETRIES
from tests.support.toy import GROUP, remember, seen, visit
from tests.support.wait import until

VISITS = Handler(events=(VisitRecorded,), handle=remember)


@asynccontextmanager
async def relaying(db: Database, bus: Any) -> AsyncIterator[Relay]:
    relay = Relay(db, bus, service="toy")
    relay.start()
    yield relay
    await relay.stop()


@asynccontextmanager
async def consuming(db: Database, bus: LogBus, *handlers: Handler) -> AsyncIterator[Consumer]:
    consumer = Consumer(db, bus, group=GROUP, handlers=handlers or (VISITS,), member="1")
    consumer.start()
    yield consumer
    await consumer.stop()


async def emit(db: Database, *track_ids: str, store: str = "str_a") -> None:
    async with db.transaction() as tx:
        for track_id in track_ids:
            tx.emit(visit(track_id, store=store))


async def emit_and_fail(db: Database) -> None:
    async with db.transaction() as tx:
        tx.emit(visit("ghost"))
        raise RuntimeError


async def waiting_events(db: Database) -> int:
    async with db.transaction() as tx:
        return int(await tx.scalar("select count(*) from outbox"))


async def dead_letters(bus: LogBus) -> Sequence[Delivered]:
    reader = await bus.subscribe(group="kith.reader", topics=[dead_letter_topic(GROUP)], member="r")
    found = await until(lambda: reader.fetch(max_records=100, wait_s=0.2), within=10)
    await reader.close()
    return found


async def test_what_a_transaction_emits_reaches_a_handler_in_order(db: Database, bus: LogBus) -> None:
    async with relaying(db, bus), consuming(db, bus):
        for n in range(30):
            await emit(db, f"t{n:02}")
        await until(lambda: _count(db, 30))
    assert await seen(db) == [f"t{n:02}" for n in range(30)]
    assert await waiting_events(db) == 0


async def test_a_transaction_that_rolls_back_sends_nothing(db: Database, bus: LogBus) -> None:
    async with relaying(db, bus), consuming(db, bus):
        with pytest.raises(RuntimeError):
            await emit_and_fail(db)
        await emit(db, "real")
        await until(lambda: _count(db, 1))
    assert await seen(db) == ["real"]


async def test_rows_that_commit_late_with_a_lower_id_are_not_passed_over(db: Database, bus: LogBus) -> None:
    async with relaying(db, bus), consuming(db, bus):
        async with db.transaction() as slow:
            slow.emit(visit("slow"))
            await slow.flush()
            await emit(db, "quick")
            await until(lambda: _count(db, 1))
        await until(lambda: _count(db, 2))
    assert sorted(await seen(db)) == ["quick", "slow"]


async def test_the_outbox_keeps_what_the_bus_does_not_take(db: Database) -> None:
    taken: list[Record] = []
    refusals = 3

    class Flaky:
        async def publish(self, records: Sequence[Record]) -> None:
            nonlocal refusals
            if refusals:
                refusals -= 1
                raise BusUnavailable
            taken.extend(records)

    async with relaying(db, Flaky()):
        await emit(db, "a", "b")
        await until(lambda: len(taken) == 2)
        await until(lambda: _empty(db))


async def test_a_crash_after_sending_sends_again_rather_than_never(db: Database, bus: LogBus) -> None:
    failpoints.configure("relay.after_send=raise")
    async with relaying(db, bus), consuming(db, bus):
        await emit(db, "a")
        await until(lambda: _count(db, 2))
        await until(lambda: _empty(db))
    assert await seen(db) == ["a", "a"]


_RELAYS = (
    "select state, backend_xmin from pg_stat_activity"
    " where datname = current_database() and application_name = 'kith-toy-relay'"
)


async def test_a_second_relay_waits_and_takes_over(db: Database, bus: LogBus, url: str) -> None:
    async with relaying(db, bus) as first:
        await until(lambda: first.leading)
        second = Relay(db, bus, service="toy")
        second.start()
        watch = await connect(url, schema="toy", purpose="test", role=None)
        await until(lambda: watch.fetchval(f"select count(*) = 2 from ({_RELAYS}) relays"))
        # Nobody who waits may hold a snapshot: dead rows, one for every event, could not be cleared away.
        await until(lambda: watch.fetchval(f"select bool_and(state = 'idle') from ({_RELAYS}) relays"))
        assert not await watch.fetchval(f"select count(backend_xmin) from ({_RELAYS}) relays where state = 'idle'")
        assert not second.leading
        await watch.close()
        await first.stop()
        await until(lambda: second.leading)
        await emit(db, "a")
        await until(lambda: _empty(db))
        await second.stop()


async def test_a_relay_whose_connection_is_cut_comes_back(db: Database, bus: LogBus, url: str) -> None:
    async with relaying(db, bus) as relay, consuming(db, bus):
        await until(lambda: relay.leading)
        owner = await connect(url, schema="toy", purpose="test", role=None)
        for n in range(3):
            await owner.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"
            )
            await emit_in_spite(db, f"t{n}")
        await owner.close()
        await until(lambda: _distinct(db, 3))


async def emit_in_spite(db: Database, track_id: str) -> None:
    """Emits; a first attempt may find its connection cut."""
    for _ in range(20):
        try:
            await emit(db, track_id)
            return
        except Exception:  # any way in which a cut connection shows
            continue


async def test_a_poison_event_is_put_aside_with_its_reason_and_the_rest_flows(db: Database, bus: LogBus) -> None:
    async def picky(tx: Tx, events: Sequence[Event[Any]]) -> None:
        if any(event.data.track_id == "t13" for event in events):
            raise ZeroDivisionError("mail@example.com")
        await remember(tx, events)

    async with relaying(db, bus), consuming(db, bus, Handler(events=(VisitRecorded,), handle=picky)):
        await emit(db, *(f"t{n}" for n in range(40)))
        await until(lambda: _count(db, 39))
        (dead,) = await dead_letters(bus)
    assert "t13" not in await seen(db)
    head = dead.record.headers
    assert (head["dlq_reason"], head["dlq_error"], head["dlq_attempts"]) == (b"handler", b"ZeroDivisionError", b"3")
    assert (head["dlq_topic"], head["dlq_group"]) == (b"kith.tracking", GROUP.encode())
    assert head["ce_type"] == VisitRecorded.TYPE.encode()
    assert "mail@example.com" not in str(head)
    assert b"t13" in dead.record.value


async def test_a_batch_that_takes_too_long_is_halved_until_it_does_not(db: Database, bus: LogBus) -> None:
    sizes: list[int] = []

    async def slow(tx: Tx, events: Sequence[Event[Any]]) -> None:
        sizes.append(len(events))
        if len(events) > 7:
            raise TimeoutError
        await remember(tx, events)

    await emit(db, *(f"t{n}" for n in range(40)))
    async with relaying(db, bus):
        await until(lambda: _sent(db))
    async with consuming(db, bus, Handler(events=(VisitRecorded,), handle=slow)):
        await until(lambda: _count(db, 40))
        assert await dead_letters_now(bus) == 0
    assert max(sizes) == 40, "the batch came whole"
    assert len(await seen(db)) == len(set(await seen(db))) == 40


async def test_a_batch_that_reaches_too_much_comes_in_parts_and_nothing_has_failed(db: Database, bus: LogBus) -> None:
    sizes: list[int] = []

    async def costly(tx: Tx, events: Sequence[Event[Any]]) -> None:
        sizes.append(len(events))
        await remember(tx, events)
        if len(events) > 7:
            raise TooMuch

    await emit(db, *(f"t{n}" for n in range(40)))
    async with relaying(db, bus):
        await until(lambda: _sent(db))
    retries = RETRIES.labels(GROUP, "error")._value.get()
    async with consuming(db, bus, Handler(events=(VisitRecorded,), handle=costly)):
        await until(lambda: _count(db, 40))
        assert await dead_letters_now(bus) == 0
    assert sizes[:4] == [40, 20, 10, 5]
    assert len(await seen(db)) == 40, "what was too much has left nothing"
    assert RETRIES.labels(GROUP, "error")._value.get() == retries


async def _sent(db: Database) -> bool:
    return await waiting_events(db) == 0


async def dead_letters_now(bus: LogBus) -> int:
    reader = await bus.subscribe(group="kith.reader-of-none", topics=[dead_letter_topic(GROUP)], member="r")
    found = await reader.fetch(max_records=100, wait_s=0.2)
    await reader.close()
    return len(found)


async def _all_three(bus: LogBus) -> Sequence[Delivered]:
    found = await dead_letters(bus)
    return found if len(found) == 3 else ()


async def test_a_record_that_breaks_the_contract_is_put_aside_at_once(db: Database, bus: LogBus) -> None:
    good = {"ce_id": b"evt_1", "ce_type": VisitRecorded.TYPE.encode(), "ce_time": b"2026-01-01T00:00:00+00:00"}
    await bus.publish([Record("kith.tracking", "str_a", b'{"store_id": "str_a", "at": "mail@example.com"}', good)])
    await bus.publish([Record("kith.tracking", "str_a", b"not json", good)])
    await bus.publish([Record("kith.tracking", "str_a", b"not an event at all")])
    async with consuming(db, bus):
        dead = await until(lambda: _all_three(bus), within=20)
    assert [d.record.headers["dlq_reason"] for d in dead] == [b"contract"] * 3
    assert dead[2].record.headers["dlq_error"] == b"has no type"
    assert "mail@example.com" not in str([d.record.headers for d in dead])


async def test_types_that_nobody_here_knows_or_wants_are_passed_over(db: Database, bus: LogBus) -> None:
    await bus.publish([Record("kith.tracking", "k", b"{}", {"ce_type": b"kith.future.invented.v9"})])
    async with relaying(db, bus), consuming(db, bus):
        async with db.transaction() as tx:
            tx.emit(ShareRecorded(store_id="str_a", track_id="s", at=tx.now))
        await emit(db, "a")
        await until(lambda: _count(db, 1))
    assert await seen(db) == ["a"]


async def test_a_passing_failure_is_outlasted_and_never_dead_lettered(db: Database, bus: LogBus) -> None:
    failures = 8

    async def flaky(tx: Tx, events: Sequence[Event[Any]]) -> None:
        nonlocal failures
        if failures:
            failures -= 1
            raise ConnectionError
        await remember(tx, events)

    consumer = Consumer(db, bus, group=GROUP, handlers=[Handler(events=(VisitRecorded,), handle=flaky)], member="1")
    consumer.LONGEST_PAUSE_S = 0.1
    consumer.start()
    async with relaying(db, bus):
        await emit(db, "a", "b")
        await until(lambda: _count(db, 2))
    await consumer.stop()
    assert await seen(db) == ["a", "b"]
    assert bus.ends.get(dead_letter_topic(GROUP), 0) == 0


async def test_poison_beside_a_passing_failure_is_put_aside_once(db: Database, bus: LogBus) -> None:
    failures = 4

    async def flaky(tx: Tx, events: Sequence[Event[Any]]) -> None:
        nonlocal failures
        if any(event.data.track_id == "bad" for event in events):
            raise ZeroDivisionError
        if failures and any(event.data.track_id == "b" for event in events):
            failures -= 1
            raise ConnectionError
        await remember(tx, events)

    async with relaying(db, bus):
        await emit(db, "bad", "a", "b")
        await until(lambda: _empty(db))
    async with consuming(db, bus, Handler(events=(VisitRecorded,), handle=flaky)):
        await until(lambda: _distinct(db, 2))
    assert bus.ends[dead_letter_topic(GROUP)] == 1


async def test_a_crash_before_the_offset_is_committed_delivers_again(db: Database, bus: LogBus) -> None:
    failpoints.configure("consume.before_offset_commit=raise")
    async with relaying(db, bus), consuming(db, bus):
        await emit(db, "a")
        await until(lambda: _count(db, 2))
    assert await seen(db) == ["a", "a"]


async def test_a_crash_before_the_commit_leaves_no_effect_and_delivers_again(db: Database, bus: LogBus) -> None:
    failpoints.configure("consume.before_commit=raise")
    async with relaying(db, bus), consuming(db, bus):
        await emit(db, "a")
        await until(lambda: _count(db, 1))
    assert await seen(db) == ["a"]


async def test_each_event_of_a_batch_keeps_its_own_trace(db: Database, bus: LogBus) -> None:
    traces = [trace.start(None) for _ in range(2)]

    async def pass_on(tx: Tx, events: Sequence[Event[Any]]) -> None:
        for event in events:
            tx.emit(ShareRecorded(store_id=event.store_id, track_id=event.data.track_id, at=tx.now))

    async with db.transaction() as tx:
        for traceparent, store in zip(traces, ("str_a", "str_b"), strict=True):
            trace.follow(traceparent, {})
            tx.emit(visit("t", store=store))
    trace.follow(None, {})
    handlers = Handler(events=(VisitRecorded,), handle=pass_on), Handler(events=(ShareRecorded,), handle=remember)
    async with relaying(db, bus), consuming(db, bus, *handlers):
        await until(lambda: _count(db, 2, "str_a", "str_b"))
    async with db.transaction(["str_a", "str_b"]) as tx:
        found = {row.store_id: row.traceparent for row in await tx.all("select store_id, traceparent from seen")}
    assert found == dict(zip(("str_a", "str_b"), traces, strict=True))


async def test_the_other_member_takes_over_when_one_stops(db: Database, bus: LogBus, url: str) -> None:
    other = LogBus(url, [])
    await other.start()
    async with relaying(db, bus):
        async with consuming(db, bus):
            await emit(db, "a")
            await until(lambda: _count(db, 1))
            second = Consumer(db, other, group=GROUP, handlers=[VISITS], member="2")
            second.start()
        await emit(db, "b")
        await until(lambda: _count(db, 2))
    await second.stop()
    await other.stop()
    assert await seen(db) == ["a", "b"]


async def _count(db: Database, count: int, *stores: str) -> bool:
    return len(await seen(db, *stores)) >= count


async def _distinct(db: Database, count: int) -> bool:
    return len(set(await seen(db))) >= count


async def _empty(db: Database) -> bool:
    return await waiting_events(db) == 0


@pytest.fixture(autouse=True)
def disarmed() -> Any:
    yield
    failpoints.configure("")
