"""The rules of attribution, case by case."""

from collections.abc import Iterable
from typing import Any

import pytest

from contracts.events import Payload
from contracts.events.tracking import Mark
from contracts.tiers import Tiers
from services.attribution.decisions.domain import Decision, Settlement, decide, decision_bytes
from tests.support.attribution import (
    ambassador,
    at,
    cancel,
    code,
    facts_of,
    figures,
    identify,
    order,
    program,
    refund,
    token,
    visit,
)


def decided(*reported: Payload, order_id: str = "1001") -> Decision:
    return decide(facts_of(reported))[order_id]


def losers(decision: Decision) -> list[tuple[str, str]]:
    return [(c.kind, c.reason) for c in decision.candidates if c.verdict != "won"]


def summary(decision: Decision) -> tuple[Any, ...]:
    return decision.status, decision.reason, decision.ambassador_id


ANNA = (program(), ambassador())


def test_a_click_within_its_window_wins() -> None:
    decision = decided(*ANNA, order(tokens=[token()]))
    assert summary(decision) == ("attributed", "click", "amb_anna")
    assert decision.winner is not None
    assert decision.winner.click_id == "clk_1"
    assert (decision.program_id, decision.program_version, decision.order_number) == ("prg_1", 1, 1)
    assert [check.rule for check in decision.checks if check.result == "passed"] == [
        "window",
        "own_purchase",
        "new_customer",
    ]


def test_nothing_known_leaves_the_order_without_an_ambassador() -> None:
    assert summary(decided(*ANNA, order())) == ("unattributed", "no_evidence", None)


def test_an_imported_order_says_who_has_bought_before_and_nothing_else() -> None:
    past = order("past", placed_at=at(days=-90), tokens=[token(when=at(days=-91))], codes=["ANNA10"], history=True)
    reported = (*ANNA, code(), past, order(tokens=[token()]))
    imported = decided(*reported, order_id="past")
    assert summary(imported) == ("unattributed", "before_connection", None)
    assert (imported.history, imported.settle_at, imported.candidates) == (True, at(days=-90), ())
    later = decided(*reported)
    assert (later.reason, later.order_number, later.history) == ("not_new_customer", 2, False)
    assert decided(*reported, cancel("past")).order_number == 1, "what was cancelled was not bought"


def test_an_order_that_was_told_of_otherwise_too_or_is_not_paid_is_no_history() -> None:
    decision = decided(*ANNA, order(history=True), order(tokens=[token()]))
    assert (decision.status, decision.history) == ("attributed", False)
    unpaid = order(reported=figures(status="pending"), history=True)
    assert summary(decided(*ANNA, unpaid)) == ("pending", "unpaid", None)
    paid = decided(*ANNA, unpaid, order(updated_at=at(minutes=1), tokens=[token()]))
    assert paid.status == "attributed", "it was paid for after the connection"


def test_a_click_older_than_the_window_does_not_count() -> None:
    decision = decided(*ANNA, order(tokens=[token(when=at(days=-31))]))
    assert summary(decision) == ("unattributed", "click_too_old", None)
    assert decision.candidates[0].detail == {"window_days": 30}


def test_a_click_counts_up_to_five_minutes_after_the_order() -> None:
    assert decided(*ANNA, order(tokens=[token(when=at(minutes=5))])).status == "attributed"
    late = decided(*ANNA, order(tokens=[token(when=at(minutes=5.1))]))
    assert summary(late) == ("unattributed", "click_after_order", None)


def test_a_code_outranks_a_click_and_the_click_would_have_won_without_it() -> None:
    reported = (*ANNA, ambassador("amb_boris"), code("BORIS", ambassador_id="amb_boris"))
    decision = decided(*reported, order(tokens=[token()], codes=["BORIS"]))
    assert summary(decision) == ("attributed", "code", "amb_boris")
    assert losers(decision) == [("click", "outranked")]


def test_of_programs_of_equal_rank_the_older_wins_and_the_other_is_told_so() -> None:
    younger = (program("prg_2"), ambassador("amb_boris"), code("BORIS", ambassador_id="amb_boris", program_id="prg_2"))
    decision = decided(*ANNA, *younger, order(tokens=[token()], codes=["BORIS"]))
    assert summary(decision) == ("attributed", "click", "amb_anna")
    assert losers(decision) == [("code", "older_program")]


def test_a_better_rank_wins_whatever_its_programs_age_and_nothing_is_said_of_it() -> None:
    younger = (
        program("prg_2", rank=1),
        ambassador("amb_boris"),
        code("BORIS", ambassador_id="amb_boris", program_id="prg_2"),
    )
    decision = decided(program(rank=2), ambassador(), *younger, order(tokens=[token()], codes=["BORIS"]))
    assert summary(decision) == ("attributed", "code", "amb_boris")
    assert losers(decision) == [("click", "outranked")]


def test_priority_belongs_to_the_program() -> None:
    reported = (program(priority=["click", "code"]), ambassador(), code("BORIS", ambassador_id="amb_boris"))
    assert decided(*reported, order(tokens=[token()], codes=["BORIS"])).ambassador_id == "amb_anna"


def test_a_refused_code_leaves_the_order_to_the_click() -> None:
    reported = (*ANNA, ambassador("amb_boris", status="blocked"), code("BORIS", ambassador_id="amb_boris"))
    decision = decided(*reported, order(tokens=[token()], codes=["BORIS"]))
    assert summary(decision) == ("attributed", "click", "amb_anna")
    assert losers(decision) == [("code", "ambassador_blocked")]


def test_the_last_click_counts_or_the_first_where_the_program_says_so() -> None:
    clicks = [token("clk_1"), token("clk_2", when=at(days=-1), ambassador_id="amb_boris")]
    assert decided(*ANNA, order(tokens=clicks)).ambassador_id == "amb_boris"
    assert decided(program(model="first"), order(tokens=clicks)).ambassador_id == "amb_anna"


@pytest.mark.parametrize(
    ("mark", "reason"),
    [("bot", "click_by_bot"), ("prefetch", "click_prefetched"), ("embedded", "click_embedded")],
)
def test_a_marked_click_that_nobody_was_seen_with_is_refused_and_an_earlier_person_counts(
    mark: Mark, reason: str
) -> None:
    marked = visit(click=token("clk_2", when=at(days=-1), ambassador_id="amb_boris", mark=mark), seen=False)
    assert summary(decided(*ANNA, marked, order(visitor="v1"))) == ("rejected", reason, None)
    assert decided(*ANNA, marked, order(visitor="v1", tokens=[token()])).ambassador_id == "amb_anna"


@pytest.mark.parametrize(("mark", "wins"), [("bot", True), ("prefetch", True), ("embedded", False)])
def test_a_guess_about_a_click_falls_when_a_person_came_with_its_token(mark: Mark, wins: bool) -> None:
    click = token(mark=mark)
    status = "attributed" if wins else "rejected"
    by_order = order(tokens=[click])
    by_page = (visit("trk_1", click=click, seen=False), visit("trk_2", click=click, seen=True), order(visitor="v1"))
    by_naming = (visit(click=click), identify(), order())
    for reported in ((by_order,), by_page, by_naming):
        assert decided(*ANNA, *reported).status == status


def test_what_a_stranger_saw_says_nothing_of_this_persons_click() -> None:
    click = token(mark="prefetch")
    mine, theirs = visit("trk_1", click=click, seen=False), visit("trk_2", visitor="v2", click=click)
    assert decided(*ANNA, mine, theirs, order(visitor="v1")).reason == "click_prefetched"


def test_tokens_that_prove_nothing_are_told_with_their_reason() -> None:
    for problem in ("malformed", "forged", "other_store"):
        assert summary(decided(*ANNA, order(problems=[problem]))) == ("unattributed", f"token_{problem}", None)
    by_visit = decided(*ANNA, visit(problem="forged"), order(visitor="v1"))
    assert summary(by_visit) == ("unattributed", "token_forged", None)


def test_an_unknown_code_is_a_losing_candidate() -> None:
    decision = decided(*ANNA, order(codes=["SUMMER"]))
    assert summary(decision) == ("unattributed", "code_unknown", None)
    assert losers(decision) == [("code", "code_unknown")]


def test_codes_are_refused_for_what_is_wrong_with_them() -> None:
    cases = {
        "code_expired": [code(expires_at=at(days=-1))],
        "code_retired": [code(), code(revision=2, retired=True)],
        "code_made_later": [code(created_at=at(minutes=6))],
    }
    for reason, codes in cases.items():
        assert summary(decided(*ANNA, *codes, order(codes=["ANNA10"]))) == ("rejected", reason, None)
    nobodys = decided(*ANNA, code(ambassador_id=None), order(codes=["ANNA10"]))
    assert summary(nobodys) == ("unattributed", "code_without_ambassador", None)


def test_a_code_counts_for_so_many_days_from_its_making_where_the_program_says_so() -> None:
    terms = program(code_window_days=80)
    for days, expected in {
        0: ("rejected", "code_too_old", None),
        -0.001: ("attributed", "code", "amb_anna"),
    }.items():
        reported = (
            terms,
            ambassador(),
            code(created_at=at(days=-80)),
            order(codes=["ANNA10"], placed_at=at(days=days)),
        )
        assert summary(decided(*reported)) == expected


def test_a_friend_stays_bound_for_so_many_days_where_the_program_says_so() -> None:
    terms = program(customer_window_days=40, window_days=1)
    won = order("1000", placed_at=at(days=-1), tokens=[token()])
    later = decided(terms, ambassador(), won, order(placed_at=at(days=39)))
    assert summary(later) == ("attributed", "customer", "amb_anna")
    too_late = decided(terms, ambassador(), won, order(placed_at=at(days=39.001)))
    assert too_late.status == "unattributed"
    assert losers(too_late) == [("click", "click_too_old"), ("customer", "customer_window_over")]


def test_a_code_that_is_retired_after_the_order_still_counts() -> None:
    reported = (*ANNA, code(), code(revision=2, retired=True))
    early = order(codes=["ANNA10"], placed_at=at(days=-79.5))
    assert decided(*reported, early).status == "attributed"


def test_an_unpaid_order_waits_and_says_who_would_win() -> None:
    decision = decided(*ANNA, order(tokens=[token()], reported=figures(status="pending")))
    assert summary(decision) == ("pending", "unpaid", None)
    assert decision.candidates[0].verdict == "waiting"
    assert decision.settle_at is None


def test_an_order_waits_for_the_program_of_its_token() -> None:
    decision = decided(order(tokens=[token()]))
    assert (decision.status, decision.pending) == ("pending", ("program_unknown",))


def test_the_version_in_force_at_the_order_decides_and_the_first_covers_everything_earlier() -> None:
    later = program(version=2, published_at=at(days=-1), window_days=1)
    assert decided(program(), later, order(tokens=[token()])).reason == "click_too_old"
    assert decided(program(), later, order(tokens=[token()], placed_at=at(days=-1.5))).program_version == 1
    first = program(published_at=at(days=5))
    assert decided(first, order(tokens=[token()])).program_version == 1


def test_new_customers_only_refuses_whoever_bought_before() -> None:
    reported = (*ANNA, order("1000", placed_at=at(days=-10)), order(tokens=[token()]))
    decision = decided(*reported)
    assert summary(decision) == ("rejected", "not_new_customer", None)
    assert decision.candidates[0].detail["order_number"] == 2
    everyone = program(new_customers_only=False)
    assert decided(everyone, *reported[2:]).status == "attributed"


def test_the_stores_own_word_on_a_new_customer_counts() -> None:
    assert decided(*ANNA, order(tokens=[token()], is_new=False)).reason == "not_new_customer"
    assert decided(*ANNA, order(tokens=[token()], is_new=True)).status == "attributed"


def test_later_orders_of_a_won_friend_stay_with_the_ambassador() -> None:
    reported = (*ANNA, order("1000", placed_at=at(days=-1), tokens=[token()]))
    later = order(placed_at=at(days=40), codes=["BORIS"])
    assert summary(decided(*reported, order(placed_at=at(days=40)))) == ("attributed", "customer", "amb_anna")
    boris = (ambassador("amb_boris"), code("BORIS", ambassador_id="amb_boris"))
    poached = decided(*reported, *boris, later)
    assert summary(poached) == ("attributed", "customer", "amb_anna")
    assert losers(poached) == [("code", "not_new_customer"), ("click", "click_too_old")]


def test_a_cancelled_first_order_wins_nobody() -> None:
    first = order("1000", placed_at=at(days=-1), tokens=[token()])
    reported = (program(window_days=2), first, cancel("1000"), order(placed_at=at(days=3)))
    assert summary(decided(*reported)) == ("unattributed", "click_too_old", None)
    assert decided(*reported).order_number == 1
    reversed_first = decided(*reported, order_id="1000")
    assert (reversed_first.status, reversed_first.reason, reversed_first.cancelled) == ("attributed", "cancelled", True)


def test_nobody_refers_themselves() -> None:
    by_id = (program(), ambassador(external_id="c1"), order(tokens=[token()]))
    assert summary(decided(*by_id)) == ("rejected", "self_referral", None)
    by_contact = (program(), ambassador(contacts=["h1"]), order(tokens=[token()], contacts=["h1"]))
    assert decided(*by_contact).reason == "self_referral"
    once = (program(), ambassador(contacts=["h1"]), ambassador(revision=2), order(tokens=[token()], contacts=["h1"]))
    assert decided(*once).reason == "self_referral"
    through_identify = (*by_contact[:2], order(tokens=[token()]), identify(visitor=None, contacts=["h1"]))
    assert decided(*through_identify).reason == "self_referral"


def test_below_the_minimum_is_refused_but_not_in_another_currency() -> None:
    reported = (program(min_subtotal_minor=5000), ambassador())
    assert summary(decided(*reported, order(tokens=[token()]))) == ("rejected", "below_minimum", None)
    lei = decided(*reported, order(tokens=[token()], reported=figures(currency="MDL")))
    assert lei.status == "attributed"
    assert ("currency", "noted") in [(check.rule, check.result) for check in lei.checks]


def test_the_lowest_rank_with_a_valid_candidate_wins() -> None:
    other = program("prg_2", rank=2)
    clicks = [token(), token("clk_2", program_id="prg_2", ambassador_id="amb_boris", when=at(days=-1))]
    assert decided(program(), other, order(tokens=clicks)).program_id == "prg_1"
    too_dear = program(min_subtotal_minor=99_999)
    assert decided(too_dear, other, order(tokens=clicks)).program_id == "prg_2"


def test_a_paused_program_honours_clicks_from_before_the_pause_only() -> None:
    paused = program(version=2, published_at=at(days=-1), status="paused")
    reported = (program(), paused, code())
    assert decided(*reported, order(tokens=[token()])).status == "attributed"
    assert decided(*reported, order(tokens=[token(when=at(days=-0.5))])).reason == "program_paused"
    assert decided(*reported, order(codes=["ANNA10"])).reason == "program_paused"


def test_a_blocked_ambassador_earns_nothing_and_an_erased_one_keeps_what_was() -> None:
    assert decided(program(), ambassador(status="blocked"), order(tokens=[token()])).reason == "ambassador_blocked"
    erased = (program(), ambassador(), ambassador(revision=2, status="erased"))
    before = order(placed_at=at(days=-89.5), tokens=[token(when=at(days=-89.9))])
    assert decided(*erased, before).status == "attributed"
    assert decided(*erased, order(tokens=[token()])).reason == "ambassador_erased"


def test_a_visitor_lends_clicks_through_an_order() -> None:
    assert decided(*ANNA, visit(click=token()), order(visitor="v1")).ambassador_id == "amb_anna"


def test_two_people_who_share_a_browser_stay_two() -> None:
    reported = (
        *ANNA,
        visit(click=token()),
        order("1", customer="c1", visitor="v1"),
        order("2", customer="c2", visitor="v1"),
    )
    assert [decided(*reported, order_id=o).order_number for o in ("1", "2")] == [1, 1]


def test_a_click_that_only_the_browser_connects_serves_the_first_who_was_named() -> None:
    reported = (*ANNA, visit(click=token()), order("1", customer="c1"), order("2", customer="c2"))
    named = (identify("trk_5", customer="c1", when=at(days=-1)), identify("trk_6", customer="c2", when=at(days=-0.5)))
    assert decided(*reported, *named, order_id="1").ambassador_id == "amb_anna"
    second = decided(*reported, *named, order_id="2")
    assert summary(second) == ("unattributed", "click_taken", None)
    assert decided(*reported, named[1], order_id="2").ambassador_id == "amb_anna"


def test_contacts_and_customer_ids_join_one_person() -> None:
    reported = (
        *ANNA,
        order("1", customer=None, contacts=["h1"], placed_at=at(days=-3)),
        order("2", customer="c1"),
        order("3", customer="c1", contacts=["h1"], placed_at=at(days=1)),
    )
    decisions = decide(facts_of(reported))
    assert [decisions[o].order_number for o in ("1", "2", "3")] == [1, 2, 3]
    assert [decisions[o].friend_id for o in ("1", "2", "3")] == ["c1", "c1", "c1"]


def test_figures_of_the_newest_revision_hold_in_any_order() -> None:
    revisions = [
        order(reported=figures(5000), updated_at=at(minutes=2), tokens=[token()]),
        order(reported=figures(4000), updated_at=at(minutes=1), codes=["X"]),
        order(reported=figures(3000), updated_at=at()),
    ]
    for reported in (revisions, revisions[::-1]):
        decision = decided(*ANNA, *reported)
        assert decision.figures.subtotal_minor == 5000
        assert {c.kind for c in decision.candidates} == {"click", "code"}


def test_figures_told_again_without_a_date_are_a_repetition() -> None:
    reported: Iterable[Payload] = [
        order(reported=figures(4000), undated=True, updated_at=at(minutes=1)),
        order(reported=figures(5000), undated=True, updated_at=at(minutes=2)),
        order(reported=figures(4000), undated=True, updated_at=at(minutes=3), visitor="v1"),
    ]
    assert decided(*reported).figures.subtotal_minor == 5000


def test_refunds_add_up_and_never_exceed_the_total() -> None:
    total = figures().total_minor
    assert decided(order(), refund(100), refund(200, refund_id="rf_2")).refunded_minor == 300
    assert decided(order(), refund(100), refund(100)).refunded_minor == 100
    over = decided(order(), refund(total + 1))
    assert (over.refunded_minor, over.over_refunded) == (total, True)


def test_when_it_went_back_is_told_and_decides_nothing() -> None:
    """Of a cancellation the first after the order was last paid, of refunds the last; of both what emptied it first."""
    total = figures().total_minor
    assert decided(order()).returned_at is None
    assert decided(order(), refund(100), refund(200, refund_id="rf_2", when=at(days=3))).returned_at == at(days=3)
    assert decided(order(), refund(100), cancel(when=at(days=2))).returned_at == at(days=2)
    assert decided(order(), refund(total), cancel(when=at(days=2))).returned_at == at(days=1)
    reopened = (order(), cancel(), order(updated_at=at(days=2), reported=figures(4000)))
    assert decided(*reopened).returned_at is None
    again = cancel(when=at(days=5)).model_copy(update={"fact_id": "cancel-2"})
    assert decided(*reopened, again).returned_at == at(days=5)
    early, late = decided(order(), cancel()), decided(order(), cancel(when=at(days=9)))
    assert early.returned_at != late.returned_at and decision_bytes(early) == decision_bytes(late)


def test_the_moment_to_settle_follows_the_shortest_hold_or_a_fortnight() -> None:
    reported = order(tokens=[token()], received_at=at(minutes=30))
    assert decided(*ANNA, reported).settle_at == at(days=14, minutes=30)
    assert decided(program(hold_days=0), reported).settle_at == at(minutes=40)
    tiers = Tiers.model_validate({"of": "orders", "steps": [{"name": "Gold", "at": 5, "hold_days": 3}]})
    quick = program()
    quick = quick.model_copy(update={"program": quick.program.model_copy(update={"tiers": tiers})})
    assert decided(quick, ambassador(), reported).settle_at == at(days=3, minutes=30)
    assert decided(order(received_at=at(minutes=30))).settle_at == at(days=14, minutes=30)


def settled(decision: Decision, *, number: int | None = None) -> Settlement:
    return Settlement(
        order_id=decision.order_id,
        settled_at=at(days=14),
        revision=1,
        placed_at=decision.placed_at,
        status=decision.status,
        reason=decision.reason,
        figures=decision.figures,
        friend_id=decision.friend_id,
        order_number=number or decision.order_number,
        new_customer=decision.new_customer,
        program_id=decision.program_id,
        program_version=decision.program_version,
        ambassador_id=decision.ambassador_id,
        winner=decision.winner,
    )


def test_a_settled_winner_is_fixed_and_money_only_goes_back() -> None:
    before = facts_of((*ANNA, order(tokens=[token()])))
    before.settlements.append(settled(decide(before)["1001"]))
    before.ambassadors.extend(facts_of([ambassador(revision=2, status="blocked")]).ambassadors)
    more = facts_of([order(reported=figures(9000), updated_at=at(days=15)), refund(100)])
    less = facts_of([order(reported=figures(2000), updated_at=at(days=16))])
    before.reports += more.reports
    before.refunds += more.refunds
    decision = decide(before)["1001"]
    assert summary(decision) == ("attributed", "click", "amb_anna")
    assert (decision.figures.subtotal_minor, decision.refunded_minor) == (4600, 100)
    before.reports += less.reports
    assert decide(before)["1001"].figures.subtotal_minor == 2000


def test_an_earlier_order_that_comes_after_settling_is_never_the_first_as_well() -> None:
    facts = facts_of((*ANNA, order(tokens=[token()])))
    facts.settlements.append(settled(decide(facts)["1001"]))
    facts.reports += facts_of([order("1000", placed_at=at(days=-1))]).reports
    assert decide(facts)["1000"].order_number == 2


def test_a_later_order_that_settles_first_takes_no_number_from_an_earlier_one() -> None:
    facts = facts_of((*ANNA, order("1000", placed_at=at(days=-1)), order(tokens=[token()])))
    facts.settlements.append(settled(decide(facts)["1001"]))
    assert decide(facts)["1001"].order_number == 2
    assert decide(facts)["1000"].order_number == 1


STRANGER = order(placed_at=at(days=0.5))


def test_what_a_page_says_without_a_proof_changes_nothing() -> None:
    reported = (program(), ambassador(external_id="amb-customer", contacts=["h-anna"]), visit(click=token()), STRANGER)
    lies = (
        identify("trk_1", customer="c1", vouched=None),
        identify("trk_2", customer="c1", click=token(), vouched=None),
        identify("trk_3", customer="c1", contacts=["h-anna"], vouched=None),
        identify("trk_4", customer="amb-customer", contacts=["h1"], vouched=None),
    )
    assert decided(*reported, *lies) == decided(*reported)


def test_a_proof_lends_the_visitors_clicks_to_its_customer_id_and_joins_nobody() -> None:
    reported = (program(), ambassador(contacts=["h-anna"]), visit(click=token()), order(), order("2", customer="c2"))
    proven = identify(contacts=["h-anna"], vouched="proof")
    assert summary(decided(*reported, proven)) == ("attributed", "click", "amb_anna")
    assert summary(decided(*reported, proven, order_id="2")) == ("unattributed", "no_evidence", None)
    another = identify("trk_8", customer="c1", contacts=["h2"], vouched="proof")
    by_mail = order("3", customer=None, contacts=["h2"], placed_at=at(days=1))
    assert decided(*reported, another, by_mail, order_id="3").order_number == 1


def test_the_servers_identify_joins_all_the_names_it_gives() -> None:
    named = identify(visitor=None, contacts=["h2"])
    by_mail = order("2", customer=None, contacts=["h2"], placed_at=at(days=1))
    assert decided(*ANNA, order(tokens=[token()]), by_mail, named, order_id="2").order_number == 2


def test_a_visitor_that_can_be_guessed_lends_nothing() -> None:
    for guessable in ("8412", "v1x", "v_1", "v_" + "a" * 31, "v_" + "G" * 32, "v_" + "a" * 24):
        seen = visit(visitor=guessable, click=token())
        for through in (order(visitor=guessable), order()):
            reported = (*ANNA, seen, through, identify(visitor=guessable))
            assert decided(*reported).reason == "no_evidence", guessable
    direct = identify(visitor="8412", click=token(), vouched="proof")
    assert decided(*ANNA, order(), direct).ambassador_id == "amb_anna"
