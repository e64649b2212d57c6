"""Equal facts, equal decisions: in memory, whatever the order, the repetitions and the company."""

from collections import Counter
from random import Random

from hypothesis import HealthCheck, Phase, find, given, settings, target
from hypothesis import strategies as st

from contracts.events import Payload
from services.attribution.decisions.domain import Decision, Settlement, decide, decision_bytes
from tests.property.attribution.histories import History, histories
from tests.support.attribution import at, facts_of, identify, order, token, visit
from tests.support.chance import chance, examples

STORE = ("str_1",)
SEEN: Counter[str] = Counter()
MUST_BE_SEEN = {
    *("attributed", "unattributed", "rejected", "pending"),
    *("click", "code", "customer", "no_evidence", "click_too_old", "click_taken", "token_forged", "code_unknown"),
    *("code_made_later", "self_referral", "ambassador_blocked", "not_new_customer", "outranked", "unpaid"),
    *("program_unknown", "cancelled", "refunded", "second order", "joined by contact", "shared click"),
}


def bytes_of(reported: list[Payload]) -> dict[str, bytes]:
    return {order_id: decision_bytes(decision) for order_id, decision in decide(facts_of(reported)).items()}


@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(history=histories(STORE), seed=st.integers(0, 2**16))
def test_any_shuffle_with_repetitions_ends_in_the_same_decisions(history: History, seed: int) -> None:
    expected = bytes_of(history.facts)
    arriving = [fact for batch in history.batches for fact in batch]
    assert bytes_of(arriving) == expected
    Random(seed).shuffle(arriving)
    assert bytes_of(arriving) == expected
    seen = seen_in(history)
    SEEN.update(seen)
    target(float(len(seen)))  # draws the search to where much happens


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(history=histories(STORE))
def test_a_decision_depends_on_nobody_elses_doings(history: History) -> None:
    stranger = [
        visit("trk_9", visitor="v9", click=token("clk_9")),
        identify("trk_8", visitor="v9", customer="c9"),
        order("9", customer="c9", visitor="v9", tokens=[token("clk_8", ambassador_id="amb_boris")]),
    ]
    expected = bytes_of(history.facts)
    found = bytes_of([*stranger, *history.facts])
    assert {o: found[o] for o in expected} == expected


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(history=histories(STORE), count=st.integers(0, 4))
def test_settled_winners_never_change_and_no_friend_has_two_first_orders(history: History, count: int) -> None:
    reported = history.facts
    early = decide(facts_of(reported[: len(reported) // 2]))
    ready = sorted(o for o, d in early.items() if d.settle_at is not None)[:count]
    whole = facts_of(reported)
    whole.settlements += [settlement(early[order_id]) for order_id in ready]
    late = decide(whole)
    for order_id in ready:
        assert late[order_id].winner == early[order_id].winner
        assert late[order_id].ambassador_id == early[order_id].ambassador_id
        assert late[order_id].figures.total_minor <= early[order_id].figures.total_minor
    standing = [d for d in late.values() if d.figures.status == "paid" and not d.cancelled and d.settled is None]
    firsts = Counter(d.friend_id for d in standing if d.order_number == 1)
    assert all(count == 1 for count in firsts.values())


def settlement(decision: Decision) -> Settlement:
    return Settlement(
        order_id=decision.order_id,
        settled_at=at(days=90),
        revision=1,
        placed_at=decision.placed_at,
        status=decision.status,
        reason=decision.reason,
        figures=decision.figures,
        friend_id=decision.friend_id,
        order_number=decision.order_number,
        new_customer=decision.new_customer,
        program_id=decision.program_id,
        program_version=decision.program_version,
        ambassador_id=decision.ambassador_id,
        winner=decision.winner,
    )


def seen_in(history: History) -> set[str]:
    """The states that a history reaches."""
    decisions = decide(facts_of(history.facts))
    seen: set[str] = set()
    for decision in decisions.values():
        seen |= {decision.status, decision.reason, *decision.pending}
        seen |= {candidate.reason for candidate in decision.candidates}
        if decision.refunded_minor:
            seen.add("refunded")
        if decision.order_number > 1:
            seen.add("second order")
    if "2" in decisions and decisions["2"].friend_id == "c1":
        seen.add("joined by contact")
    friends: dict[str, set[str]] = {}
    for decision in decisions.values():
        for candidate in decision.candidates:
            friends.setdefault(candidate.click_id or "", set()).add(decision.friend_id)
    if any(len(names) > 1 for click, names in friends.items() if click):
        seen.add("shared click")
    return seen


def test_every_rare_state_was_reached() -> None:
    """By the histories above, or by one that is looked for: what cannot be drawn is not tried."""
    for state in sorted(MUST_BE_SEEN - SEEN.keys()):
        found = find(
            histories(STORE),
            lambda history, state=state: state in seen_in(history),  # type: ignore[misc]
            settings=settings(max_examples=5_000, phases=[Phase.generate], suppress_health_check=list(HealthCheck)),
            random=chance(state),
        )
        assert state in seen_in(found)
