"""The limit above which a second person approves: what was set, and what holds."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.rewards.payouts.domain.terms import LOOSER_AFTER, Terms

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
LIMITS = st.none() | st.integers(0, 5)


def tighter(one: int | None, other: int | None) -> int | None:
    """The tighter of two limits; None is none at all."""
    known = [limit for limit in (one, other) if limit is not None]
    return min(known) if known else None


@given(steps=st.lists(st.tuples(LIMITS, st.integers(0, 30)), min_size=1, max_size=12))
def test_no_setting_loosens_what_holds_within_a_day_and_each_tightens_at_once(
    steps: list[tuple[int | None, int]],
) -> None:
    terms, now = Terms(currency="EUR"), NOON
    for wanted, hours in steps:
        held = terms.limit_at(now)
        terms = Terms(currency="EUR", approval_minor=wanted).set_after(terms, now=now)
        assert terms.limit_at(now) == tighter(held, wanted)
        assert terms.limit_at(now + LOOSER_AFTER) == wanted
        now += timedelta(hours=hours)


@given(limit=LIMITS, wanted=LIMITS, hours=st.integers(0, 48))
def test_the_same_set_again_puts_nothing_off(limit: int | None, wanted: int | None, hours: int) -> None:
    first = Terms(currency="EUR", approval_minor=limit)
    once = Terms(currency="EUR", approval_minor=wanted).set_after(first, now=NOON)
    later = NOON + timedelta(hours=hours)
    again = Terms(currency="EUR", approval_minor=wanted).set_after(once, now=later)
    for moment in (later, later + timedelta(hours=1), NOON + LOOSER_AFTER):
        assert again.limit_at(max(moment, later)) == once.limit_at(max(moment, later))


def test_a_batch_above_the_limit_that_holds_needs_a_second_person() -> None:
    terms = Terms(currency="EUR", approval_minor=None, former_minor=100, looser_at=NOON)
    assert terms.needs_second(101, alone=0, now=NOON - timedelta(seconds=1))
    assert not terms.needs_second(100, alone=0, now=NOON - timedelta(seconds=1))
    assert terms.needs_second(100, alone=1, now=NOON - timedelta(seconds=1))
    assert not terms.needs_second(101, alone=0, now=NOON)
