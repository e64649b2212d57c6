"""Laws of rewards over random histories, in memory."""

from collections import Counter
from fractions import Fraction
from math import floor
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.events.conversions import Conversion
from services.rewards.grants.domain.reward import Change
from services.rewards.rules.domain import after_refunds
from tests.property.rewards.histories import Given, History, Model, breaches, histories
from tests.support.chance import chance, examples
from tests.unit.rewards.books import Books
from tests.unit.rewards.build import AMBASSADOR_RULE, PROGRAM, make_program, make_state


def flat(books: Books) -> list[Given]:
    return [
        Given(r.source_id, r.rule, r.beneficiary_id, r.ambassador_id, r.day, r.unit, r.target_minor)
        for r in books.rewards.values()
    ]


@settings(max_examples=examples(150), deadline=None)
@given(histories(capped=True), st.integers(1, 20))
def test_every_batch_ends_where_the_slow_model_does_and_no_cap_is_ever_exceeded(history: History, size: int) -> None:
    books, model = Books(history.programs), Model(history.programs)
    for start in range(0, len(history.arrivals), size):
        batch = history.arrivals[start : start + size]
        books.take(*batch)
        for state in batch:
            model.take(state)
        assert books.amounts() == model.amounts()
        assert breaches(history.programs, flat(books), {}) == []


@settings(max_examples=examples(150), deadline=None)
@given(histories(capped=False), st.randoms(use_true_random=False))
def test_without_a_cap_any_order_of_arrival_ends_the_same(history: History, chance: Random) -> None:
    arrivals = list(history.arrivals)
    one = Books(history.programs)
    one.take(*arrivals)
    chance.shuffle(arrivals)
    other = Books(history.programs)
    other.take(*arrivals, *arrivals)
    assert one.amounts() == other.amounts()
    newest: dict[str, Conversion] = {}
    for state in arrivals:
        if state.revision > (newest[state.order_id].revision if state.order_id in newest else 0):
            newest[state.order_id] = state
    at_once = Books(history.programs)
    at_once.take(*newest.values())
    assert at_once.amounts() == one.amounts()


@settings(max_examples=examples(80), deadline=None)
@given(histories(capped=True))
def test_postings_are_differences_and_one_beneficiary_at_a_time_holds_a_rules_reward(history: History) -> None:
    books = Books(history.programs)
    posted: Counter[str] = Counter()
    for state in history.arrivals:
        changes = books.take(state)
        for change in changes:
            if change.before is not None and change.before.unit != change.after.unit:
                posted[change.after.reward_id] = change.after.target_minor
            else:
                posted[change.after.reward_id] += change.difference
        holders = Counter(
            (r.source_id, r.program_id, r.rule, r.level) for r in books.rewards.values() if r.target_minor
        )
        assert all(count == 1 for count in holders.values())
        assert is_lowered_first(changes)
    for reward in books.rewards.values():
        assert posted[reward.reward_id] == reward.target_minor
        assert reward.target_minor <= reward.want_minor <= reward.base_minor
        assert reward.bound_minor is None or reward.target_minor == min(reward.want_minor, reward.bound_minor)


def is_lowered_first(changes: list[Change]) -> bool:
    signs = [change.difference > 0 for change in changes]
    return signs == sorted(signs)


@settings(max_examples=examples(80), deadline=None)
@given(
    base=st.integers(0, 10**12),
    total=st.integers(1, 10**12),
    refunds=st.lists(st.integers(0, 10**11), max_size=12),
)
def test_what_is_clawed_back_never_exceeds_what_was_granted_and_full_refunds_leave_nothing(
    base: int, total: int, refunds: list[int]
) -> None:
    left, refunded = base, 0
    for refund in refunds:
        refunded += refund
        now = after_refunds(base, total_minor=total, refunded_minor=refunded)
        assert 0 <= now <= left
        left = now
    assert after_refunds(base, total_minor=total, refunded_minor=total) == 0
    assert after_refunds(base, total_minor=total, refunded_minor=refunded) == left


def worth_by_hand(total: int, refunded: int) -> int:
    """12.34 % of the total, and of that the share that was not given back: each rounded half up, in exact fractions."""
    half = Fraction(1, 2)
    before_refunds = floor(Fraction(total * 1234, 10_000) + half)
    return floor(Fraction(before_refunds * (total - refunded), total) + half)


def test_333_orders_with_a_thousand_partial_refunds_are_worth_what_a_recomputation_gives() -> None:
    luck = chance("refunds of 333 orders")
    for currency in ("EUR", "JPY", "KWD"):
        rule = {**AMBASSADOR_RULE, "give": {"kind": "percent", "basis_points": 1234, "of": "total"}}
        programs = {(PROGRAM, 1): make_program(rule, currency=currency)}
        books = Books(programs)
        totals = {str(n): luck.randint(1, 100_000) for n in range(333)}
        refunded = dict.fromkeys(totals, 0)
        revision = dict.fromkeys(totals, 1)

        def state(order: str, currency: str = currency) -> Conversion:
            return make_state(
                order,
                revision=revision[order],  # noqa: B023  (called in the same turn of the loop)
                refunded_minor=refunded[order],  # noqa: B023
                total_minor=totals[order],  # noqa: B023
                subtotal_minor=totals[order],  # noqa: B023
                currency=currency,
            )

        books.take(*(state(order) for order in totals))
        for _ in range(1000):
            order = str(luck.randrange(333))
            revision[order] += 1
            refunded[order] += luck.randint(1, max(1, totals[order] // 3))
            books.take(state(order))
            afresh = Books(programs)
            afresh.take(state(order))
            held = books.of_order(order)  # none of an order so small that its share is nothing
            target = sum(reward.target_minor for reward in held)
            assert target == sum(afresh.amounts().values())
            assert target == worth_by_hand(totals[order], min(refunded[order], totals[order]))
            assert all(reward.refunded_minor <= reward.total_minor for reward in held)
        assert any(refunded[order] > totals[order] for order in totals), "an over-refund must have happened"
