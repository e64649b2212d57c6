"""Pools without a database: how codes look, lists of the store's own, and when a pool runs low."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.common.codes import fold, lives_everywhere
from services.kernel.ids import short_codes
from services.rewards.pools.domain import LEAST_SIGNS, MOST_SIGNS, BadList, Pool, checked_prefix, read_codes

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def make_pool(**changes: Any) -> Pool:
    pool = Pool(
        store_id="str_1",
        pool_id="pol_1",
        name="Coffee",
        prefix="",
        signs=10,
        low_below=5,
        state="ready",
        wanted=20,
        made=20,
        added=0,
        handed=0,
        last_place=20,
        handed_place=0,
        start=1,
        made_at=NOON,
    )
    return replace(pool, **changes)


@given(prefix=st.from_regex(r"[A-Z0-9]{0,8}", fullmatch=True), signs=st.integers(1, 25))
def test_what_a_pool_makes_every_shop_takes_and_nobody_misreads(prefix: str, signs: int) -> None:
    kept = checked_prefix(prefix, signs)
    assert (kept is not None) == (signs >= LEAST_SIGNS and len(prefix) + signs <= MOST_SIGNS)
    if kept is not None:
        for drawn in short_codes(3, signs):
            code = kept + drawn.upper()
            assert fold(code) == code and lives_everywhere(code)
            assert not set(drawn) & set("01ilo") and len(drawn) == signs


def test_a_prefix_is_raised_and_other_signs_are_refused() -> None:
    assert checked_prefix(" cafe ", 10) == "CAFE"
    assert checked_prefix("CA-FE", 10) is None and checked_prefix("КАФЕ", 10) is None


def test_chance_codes_are_as_many_as_wanted_and_even() -> None:
    drawn = short_codes(5_000, 9)
    assert len(drawn) == len(set(drawn)) == 5_000
    signs = "".join(drawn)
    assert len(set(signs)) == 31
    assert short_codes(0, 9) == []


def test_a_list_is_read_line_by_line_with_its_numbers() -> None:
    text = "\ufeffname;Code;note\nAnna; spring-1 ;x\n\n;;\nBoris;сыр;\nVera;SPRING-2;\n"
    assert [(line.number, line.code) for line in read_codes(text)] == [(2, "SPRING-1"), (5, None), (6, "SPRING-2")]
    assert [line.code for line in read_codes("AAA\nBBB")] == ["AAA", "BBB"]


@pytest.mark.parametrize("text", ["", "code\n", "\n\n", 'code\n"AAA\n'])
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(BadList):
        read_codes(text)


def test_a_list_has_an_end() -> None:
    with pytest.raises(BadList, match="20000"):
        read_codes("\n".join(f"C{n}" for n in range(20_001)))


def test_a_pool_runs_low_once_it_has_codes_and_none_are_being_made() -> None:
    assert not make_pool(handed=15, handed_place=15).runs_low
    low = make_pool(handed=16, handed_place=16)
    assert low.runs_low and low.watched(NOON).low_since == NOON
    assert low.watched(NOON).watched(datetime(2026, 12, 1, tzinfo=UTC)).low_since == NOON
    assert replace(low.watched(NOON), made=30, wanted=30).watched(NOON).low_since is None
    assert not replace(low, state="making").runs_low
    assert not make_pool(made=0, wanted=0).runs_low and not replace(low, low_below=0).runs_low
