"""Sketches of distinct people: exact when few, within the stated error when many, blind to order and repetition."""

import importlib
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.analytics.rollups.domain.sketch import ERROR, MOST_EXACT, Sketch, hash_of, union
from tests.support.chance import examples

PEOPLE = st.lists(st.integers(0, 5000), max_size=300)
CROWDS = st.lists(st.integers(0, 40), min_size=1, max_size=5)
"""Days, each of so many hundred people."""


def sketch_of(numbers: list[int] | range) -> Sketch:
    return Sketch({hash_of(f"v{n}") for n in numbers})


def crowd(hundreds: int) -> Sketch:
    return sketch_of(range(hundreds * 70, hundreds * 170))


@given(st.lists(PEOPLE, max_size=5), st.randoms())
def test_a_union_counts_each_person_once_in_any_order(days: list[list[int]], random: object) -> None:
    people = {n for day in days for n in day}
    shuffled = list(days)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert union(sketch_of(day) for day in shuffled).write() == sketch_of(sorted(people)).write()
    if len(people) <= MOST_EXACT:
        assert union(sketch_of(day) for day in days).count() == len(people)


@given(CROWDS)
@settings(deadline=None, max_examples=examples(30))
def test_a_union_of_registers_is_that_of_all_people(days: list[int]) -> None:
    everybody = {n for day in days for n in range(day * 70, day * 170)}
    assert union(map(crowd, days)).write() == sketch_of(sorted(everybody)).write()
    grown = Sketch()
    for day in reversed(days):
        grown = grown.with_hashes([hash_of(f"v{n}") for n in range(day * 70, day * 170)])
    assert grown.write() == sketch_of(sorted(everybody)).write()


@given(PEOPLE, PEOPLE)
def test_adding_people_is_the_union_and_repeats_change_nothing(first: list[int], second: list[int]) -> None:
    grown = sketch_of(first).with_hashes([hash_of(f"v{n}") for n in second])
    assert grown.write() == union([sketch_of(first), sketch_of(second)]).write()
    assert grown.with_hashes([hash_of(f"v{n}") for n in [*first, *second]]) is grown
    full = crowd(20)
    assert full.with_hashes([hash_of("v1500")]) is full


@given(st.one_of(PEOPLE, st.just(range(3000))))
def test_a_sketch_survives_being_stored(people: list[int] | range) -> None:
    stored = sketch_of(people).write()
    assert Sketch.read(stored).write() == stored
    assert Sketch.read(stored).count() == sketch_of(people).count()


@pytest.mark.parametrize("size", [0, 1, 40, 1_000, 1_381, 5_000, 50_000])
def test_an_estimate_keeps_the_error_that_is_stated(size: int) -> None:
    """Over independent crowds: none is off by four standard errors, and together they are off by hardly one."""
    crowds = 40 if size <= 5_000 else 4
    off = []
    for number in range(crowds):
        people = Sketch(hash_of(f"{number}:{person}") for person in range(size))
        assert people.exact == (size <= MOST_EXACT)
        off.append((people.count(estimated=True) - size) / max(1, size))
        assert people.exact is False or people.count() == size
    assert max(map(abs, off)) <= 4 * ERROR
    assert (sum(part * part for part in off) / crowds) ** 0.5 <= 1.5 * ERROR


def test_full_sketches_of_the_old_form_go_on_counting_the_same_people() -> None:
    migration = importlib.import_module("services.analytics.migrations.0005_sketches_as_registers")

    def old(first: int, last: int) -> bytes:
        hashes = array("Q", sorted(hash_of(f"v{n}") for n in range(first, last))[:1024])
        hashes.byteswap()
        return hashes.tobytes()

    monday, tuesday = (Sketch.read(migration.registers_of(old(*days))) for days in ((0, 9000), (3000, 12000)))
    for counted, people in ((monday, 9000), (tuesday, 9000), (union([monday, tuesday]), 12000)):
        assert abs(counted.count() - people) / people < 0.1, "the old error, three times 3 %"
    assert union([monday, monday]).count() == monday.count()
