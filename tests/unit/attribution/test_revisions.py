"""Which revision of an order holds, and whether it is cancelled: by what was told, never by what came first."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from contracts.events import Payload
from contracts.events.orders import OrderCancelled, OrderReported
from services.attribution.decisions.domain import Settlement, decide
from services.attribution.decisions.domain.decision import Decision
from tests.support.attribution import NOON, ambassador, at, cancel, code, facts_of, figures, order, program

ANNA = (program(), ambassador(), code())


def revision(**reported: Any) -> OrderReported:
    since = reported.pop("cancelled_at", None)
    status, subtotal = reported.pop("status", "paid"), reported.pop("subtotal", 4600)
    made = order(codes=["ANNA10"], reported=figures(subtotal, status=status), **reported)
    return made.model_copy(update={"cancelled_at": since, "fact_id": f"{made.fact_id}{since}"})


def cancelled(**reported: Any) -> OrderCancelled:
    made = cancel(when=reported.pop("when"))
    return made.model_copy(update={"fact_id": f"cancel:{made.at}"} | reported)


def decided(*reported: Payload) -> Decision:
    """The order's decision, the same whatever came first."""
    found = {repr(d): d for some in permutations(reported) for d in [decide(facts_of([*ANNA, *some]))["1001"]]}
    [one] = found.values()
    return one


@pytest.mark.parametrize("total", range(4000, 4008))
def test_of_two_revisions_of_one_second_the_paid_one_holds(total: int) -> None:
    pending = revision(status="pending", subtotal=total)
    assert decided(pending, revision(subtotal=4600)).status == "attributed"


def test_an_order_that_was_edited_down_before_it_was_paid_counts_as_what_was_sold() -> None:
    more = revision(status="pending", subtotal=10_000)
    assert decided(more, revision(subtotal=6000, updated_at=at(minutes=5))).figures.subtotal_minor == 6000


def test_a_paid_order_that_grows_keeps_what_was_paid_until_the_rest_is() -> None:
    grown = revision(status="pending", subtotal=9000, updated_at=at(days=1))
    waiting = decided(revision(), grown)
    assert (waiting.status, waiting.figures.subtotal_minor) == ("attributed", 4600)
    paid = revision(subtotal=9000, updated_at=at(days=2))
    assert decided(revision(), grown, paid).figures.subtotal_minor == 9000
    # One that is unpaid again without having grown has lost its payment.
    assert decided(revision(), revision(status="pending", updated_at=at(days=1))).status == "pending"


def test_the_newest_of_revisions_and_cancellations_wins() -> None:
    over = cancelled(when=at(days=1))
    assert decided(revision(), over).cancelled
    assert not decided(revision(), over, revision(updated_at=at(days=2))).cancelled
    assert decided(revision(), over, revision(updated_at=at(days=2)), cancelled(when=at(days=3))).cancelled
    assert decided(revision(), over, revision(status="pending", updated_at=at(days=2))).cancelled


def test_a_revision_that_carries_its_cancellation_cancels_and_reopens_nothing() -> None:
    since = at(days=1)
    still = revision(cancelled_at=since, updated_at=at(days=2))
    assert decided(revision(), still).cancelled
    assert decided(revision(), cancelled(when=since), still).cancelled
    assert not decided(revision(), still, revision(updated_at=at(days=3))).cancelled


def test_a_cancellation_without_a_time_is_newer_than_all_that_we_had_heard() -> None:
    ahead = revision(updated_at=at(days=1))
    now = cancelled(when=NOON + timedelta(minutes=1), undated=True)
    assert decided(ahead, now).cancelled
    later = ahead.model_copy(update={"received_at": at(days=1), "fact_id": "later"})
    assert not decided(later, now).cancelled


def test_a_revision_without_a_time_reopens_nothing() -> None:
    assert decided(cancelled(when=at(days=1)), revision(undated=True, updated_at=at(days=2))).cancelled


def test_cancellations_from_before_they_held_their_time_stay_final_for_platforms() -> None:
    old = cancel(when=at(minutes=1))
    again = revision(updated_at=at(days=2)).model_copy(update={"source": "shopify"})
    assert decided(again, old).cancelled
    assert not decided(revision(updated_at=at(days=2)), old).cancelled


def settled(decision: Decision, **changed: Any) -> Settlement:
    fixed = {name: getattr(decision, name) for name in Settlement.model_fields if hasattr(decision, name)}
    return Settlement.model_validate(fixed | {"settled_at": at(days=15), "revision": 1} | changed)


def test_what_has_settled_is_reopened_by_nothing_and_cancelled_by_what_is_newer() -> None:
    paid, over = revision(), cancelled(when=at(days=1))
    again, late = revision(updated_at=at(days=2)), revision(updated_at=at(days=20))

    def cancelled_then(*reported: Payload, by: Settlement) -> bool:
        facts = facts_of([*ANNA, *reported])
        facts.settlements.append(by)
        return decide(facts)["1001"].cancelled

    gone, reopened = settled(decided(paid, over)), settled(decided(paid, over, again))
    assert cancelled_then(paid, over, late, by=gone)
    assert not cancelled_then(paid, over, again, by=reopened)
    assert cancelled_then(paid, over, again, cancelled(when=at(days=21)), by=reopened)
    assert cancelled_then(paid, over, again, by=reopened.model_copy(update={"paid_since": None}))


def test_what_a_platform_counts_is_no_proof_that_somebody_bought_before() -> None:
    counted = revision().model_copy(update={"is_new": False, "source": "shopify"})
    assert decided(counted).status == "attributed"
    assert decided(counted.model_copy(update={"source": "api"})).reason == "not_new_customer"
