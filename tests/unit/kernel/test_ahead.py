"""Whose turn it is among stores that wait for one consumer, and what may be committed meanwhile."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from services.kernel.bus.ahead import Ahead, cost
from services.kernel.bus.envelope import STORE
from services.kernel.bus.port import Delivered, Record


def record(store: str, offset: int, *, partition: int = 0, size: int = 10) -> Delivered:
    return Delivered(Record("t", f"key of {store}", b"x" * size, {STORE: store.encode()}), partition, offset)


def store_of(delivered: Delivered) -> str:
    return delivered.record.headers[STORE].decode()


def line(*stores: str) -> list[Delivered]:
    """A partition with records of these stores, in this order."""
    return [record(store, offset) for offset, store in enumerate(stores)]


arrivals = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.integers(0, 2), st.sampled_from([10, 3_000, 9_000])), max_size=120
)
"""Records as they come: store, partition and length."""


def lined_up(arrived: list[tuple[str, int, int]]) -> list[Delivered]:
    ends: Counter[int] = Counter()
    records = []
    for store, partition, size in arrived:
        records.append(record(store, ends[partition], partition=partition, size=size))
        ends[partition] += 1
    return records


def test_a_store_with_one_record_does_not_wait_behind_a_thousand_of_another() -> None:
    ahead = Ahead()
    ahead.put(line(*["busy"] * 1000, "quiet"))
    assert Counter(map(store_of, ahead.take(100))) == {"busy": 99, "quiet": 1}


def test_stores_that_all_have_much_get_equal_parts() -> None:
    ahead = Ahead()
    ahead.put(line(*["a"] * 1000, *["b"] * 200, *["c"] * 200))
    assert Counter(map(store_of, ahead.take(300))) == {"a": 100, "b": 100, "c": 100}


def test_more_stores_than_a_batch_holds_come_one_after_the_other() -> None:
    ahead = Ahead()
    ahead.put(line(*["a", "b", "c", "d", "e"] * 3))
    assert [list(map(store_of, ahead.take(2))) for _ in range(5)] == [
        ["a", "b"],
        ["c", "d"],
        ["e", "a"],
        ["b", "c"],
        ["d", "e"],
    ]


def test_long_records_count_for_more() -> None:
    ahead = Ahead()
    ahead.put([record("long", n, size=20 * 2048) for n in range(50)])
    ahead.put([record("short", 50 + n) for n in range(500)])
    taken = Counter(map(store_of, ahead.take(210)))
    assert taken == {"long": 5, "short": 105}


def test_a_record_longer_than_a_batch_is_a_batch_of_its_own() -> None:
    ahead = Ahead()
    ahead.put([record("a", 0, size=100 * 2048), record("a", 1)])
    assert [len(ahead.take(10)), len(ahead.take(10)), len(ahead.take(10))] == [1, 1, 0]


def test_what_a_batch_gives_back_comes_again_in_its_order_and_others_have_their_turn_before() -> None:
    ahead = Ahead()
    ahead.put(line(*["busy"] * 6))
    batch = ahead.take(4)
    ahead.give_back(batch[1:])
    assert ahead.done(batch[:1]) == {("t", 0): 1}
    ahead.put([record("quiet", 6)])
    assert [d.offset for d in ahead.take(10)] == [6, 1, 2, 3, 4, 5]


def test_what_is_given_back_after_its_partition_went_elsewhere_is_not_held() -> None:
    ahead = Ahead()
    ahead.put(line("a", "a"))
    batch = ahead.take(2)
    ahead.clear()
    ahead.give_back(batch)
    assert not ahead


@given(arrivals, st.integers(1, 40))
def test_each_record_is_taken_once_and_a_stores_in_their_order(arrived: list[tuple[str, int, int]], most: int) -> None:
    records = lined_up(arrived)
    ahead = Ahead()
    ahead.put(records)
    taken: list[Delivered] = []
    while batch := ahead.take(most):
        assert sum(map(cost, batch)) < most + max(map(cost, batch))
        taken += batch
    for store in "abcdef":
        assert [d for d in taken if store_of(d) == store] == [d for d in records if store_of(d) == store]
    assert len(taken) == len(records)


@given(arrivals, st.integers(6, 40))
def test_nobody_who_waits_gets_less_than_an_equal_part_of_a_batch(
    arrived: list[tuple[str, int, int]], most: int
) -> None:
    records = lined_up([(store, partition, 10) for store, partition, _ in arrived])
    ahead = Ahead()
    ahead.put(records)
    left = Counter(map(store_of, records))
    while batch := ahead.take(most):
        got = Counter(map(store_of, batch))
        waiting = [store for store, count in left.items() if count]
        assert len(batch) == min(most, left.total())
        assert all(got[store] >= min(left[store], most // len(waiting)) for store in waiting)
        left -= got


@given(arrivals, st.integers(1, 10), st.data())
def test_nothing_is_committed_beyond_what_was_not_handled(
    arrived: list[tuple[str, int, int]], most: int, data: st.DataObject
) -> None:
    records = lined_up(arrived)
    ahead = Ahead()
    handled: set[tuple[int, int]] = set()
    committed = [0, 0, 0]
    unread = list(records)
    while unread or ahead:
        count = data.draw(st.integers(1, 30))
        ahead.put(unread[:count])
        del unread[:count]
        batch = ahead.take(most)
        handled |= {(d.partition, d.offset) for d in batch}
        for (_, partition), offset in ahead.done(batch).items():
            assert offset > committed[partition]
            committed[partition] = offset
        assert all((d.partition, d.offset) in handled for d in records if d.offset < committed[d.partition])
    assert committed == [sum(d.partition == partition for d in records) for partition in range(3)]


def test_a_partition_that_begins_again_is_taken_from_there_and_the_others_stay() -> None:
    ahead = Ahead()
    other = record("a", 7, partition=1)
    ahead.put([*line("a", "a", "b", "a"), other])
    early = ahead.take(2)
    again = line("a", "a", "b", "a")[1:]
    ahead.put(again)
    taken = ahead.take(10)
    assert sorted(d.offset for d in taken if d.partition == 0) == [1, 2, 3]
    assert other in [*early, *taken]
    assert ahead.done(taken)[("t", 0)] == 4


def test_what_was_forgotten_is_not_committed() -> None:
    ahead = Ahead()
    ahead.put(line("a", "b", "a"))
    batch = ahead.take(2)
    assert ahead.clear() == {("t", 0): 0}
    assert not ahead
    assert not ahead.done(batch)


def test_a_partition_is_read_ahead_so_far_and_others_are_read_on() -> None:
    ahead = Ahead()
    ahead.MOST = 100
    ahead.put(line(*["busy"] * 100))
    assert not ahead.has_room(("t", 0))
    assert ahead.has_room(("t", 1))
    ahead.done(ahead.take(1))
    assert ahead.has_room(("t", 0))
    assert ahead.waiting() == {"t": 99}
