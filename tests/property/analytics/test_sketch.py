"""Sketches of distinct people: exact when few, close when many, blind to order and repetition."""

from hypothesis import given
from hypothesis import strategies as st

from services.analytics.rollups.domain.sketch import ERROR, K, Sketch, hash_of, union

PEOPLE = st.lists(st.integers(0, 5000), max_size=300)


def sketch_of(numbers: list[int] | range) -> Sketch:
    return Sketch({hash_of(f"v{n}") for n in numbers})


@given(st.lists(PEOPLE, max_size=5), st.randoms())
def test_a_union_counts_each_person_once_in_any_order(days: list[list[int]], random: object) -> None:
    people = {n for day in days for n in day}
    shuffled = list(days)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert union(sketch_of(day) for day in shuffled).hashes == sketch_of(sorted(people)).hashes
    if len(people) < K:
        assert union(sketch_of(day) for day in days).count() == len(people)


@given(PEOPLE, PEOPLE)
def test_adding_people_is_the_union_and_repeats_change_nothing(first: list[int], second: list[int]) -> None:
    grown = sketch_of(first).with_hashes([hash_of(f"v{n}") for n in second])
    assert grown.hashes == union([sketch_of(first), sketch_of(second)]).hashes
    assert grown.with_hashes([hash_of(f"v{n}") for n in [*first, *second]]) is grown


@given(PEOPLE)
def test_a_sketch_survives_being_stored(people: list[int]) -> None:
    assert Sketch.read(sketch_of(people).write()).hashes == sketch_of(people).hashes


def test_many_people_are_counted_within_four_standard_errors() -> None:
    for size in (3_000, 20_000, 100_000):
        days = [sketch_of(range(start, size, 7)) for start in range(7)]
        counted = union(days).count()
        assert abs(counted - size) / size < 4 * ERROR
        assert not union(days).exact
