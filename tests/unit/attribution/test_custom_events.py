"""Who referred somebody to something that is no order: by the proofs, windows and rules of orders, in any order."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events import Payload
from contracts.events.actions import ActionReported
from contracts.events.catalog import ProgramPublished
from contracts.events.conversions import Returned, ReturnedLine
from contracts.events.orders import Figures, OrderCancelled, OrderRefunded
from contracts.events.tracking import Customer, TokenClaims
from contracts.program import EventRule
from services.attribution.custom_events.domain import (
    Doer,
    EventDecision,
    Happened,
    decide_events,
    decision_bytes,
    key_of,
    nothing_left,
    number_of,
)
from services.attribution.decisions.domain import decide
from services.attribution.decisions.domain import decision_bytes as order_bytes
from services.attribution.decisions.domain.facts import Facts, Settlement
from services.attribution.decisions.domain.history import Known
from tests.support.attribution import (
    NOON,
    STORE,
    ambassador,
    at,
    browser,
    cancel,
    code,
    facts_of,
    identify,
    order,
    program,
    refund,
    token,
    visit,
)


def event(
    event_id: str = "e1",
    *,
    name: str = "signup",
    happened_at: datetime = NOON,
    customer: str | None = "c1",
    contacts: Sequence[str] = (),
    visitor: str | None = None,
    tokens: Sequence[TokenClaims] = (),
    codes: Sequence[str] = (),
) -> ActionReported:
    """A sign-up at noon, of customer c1."""
    return ActionReported(
        store_id=STORE,
        event_id=event_id,
        received_at=happened_at + timedelta(seconds=1),
        name=name,
        happened_at=happened_at,
        customer=Customer(id=customer, contact_hashes=tuple(contacts)),
        visitor_id=browser(visitor),
        tokens=tuple(tokens),
        codes=tuple(codes),
    )


def rewarding(*, hold_days: int = 3, **changed: Any) -> ProgramPublished:
    """A program with a rule for sign-ups."""
    version = program(**changed)
    rule = EventRule.model_validate(
        {"name": "join", "on": "signup", "to": "ambassador", "hold_days": hold_days}
        | {"give": {"kind": "fixed", "amount_minor": 200}}
    )
    return version.model_copy(update={"program": version.program.model_copy(update={"event_rewards": (rule,)})})


WORLD: tuple[Payload, ...] = (rewarding(), ambassador(), code())


def decided(*known: Payload, events: Sequence[Happened | ActionReported]) -> dict[str, EventDecision]:
    happened = [one if isinstance(one, Happened) else Happened(one) for one in events]
    facts = facts_of(known)
    facts.actions = [one.report for one in happened]
    return decide_events(facts, happened)


PROOFS = {
    "code": (event(codes=["ANNA10"]), ()),
    "its token": (event(tokens=[token()]), ()),
    "its browser": (event(visitor="v1"), (visit(click=token()),)),
    "a naming before": (event(), (visit(click=token()), identify())),
    "a token of an order": (event(), (order(tokens=[token()], placed_at=at(days=1)),)),
    "an order that won them": (event(), (order(codes=["ANNA10"], placed_at=at(days=-1)),)),
}


@pytest.mark.parametrize("proof", PROOFS)
def test_what_proves_for_an_order_proves_for_an_event(proof: str) -> None:
    report, facts = PROOFS[proof]
    found = decided(*WORLD, *facts, events=[report])["e1"]
    assert (found.status, found.ambassador_id, found.program_id) == ("attributed", "amb_anna", "prg_1"), found
    assert found.winner is not None
    assert found.reason == found.winner.kind


def test_what_an_earlier_event_lends_stays_while_others_that_had_settled_are_called_off() -> None:
    called_off = [Happened(event(f"gone-{n}"), "mistake", settled=True) for n in range(20)]
    events = [*called_off, Happened(event("open"))]
    facts = facts_of(WORLD)
    facts.actions = [one.report for one in events]
    facts.known = [Known("mia", frozenset(key_of(one.report.event_id) for one in events))]
    found = decide_events(facts, events, {"open": Doer(tokens=[token()])})
    assert [(one.event_id, one.ambassador_id) for one in found.values()] == [("open", "amb_anna")]


REFUSED = {
    "self_referral": ((rewarding(), ambassador(external_id="c1"), code()), event(codes=["ANNA10"]), "rejected"),
    "ambassador_blocked": (
        (rewarding(), ambassador(), ambassador(revision=2, status="blocked"), code()),
        event(codes=["ANNA10"]),
        "rejected",
    ),
    "not_new_customer": ((*WORLD, order(placed_at=at(days=-1))), event(codes=["ANNA10"]), "rejected"),
    "program_paused": ((rewarding(status="paused"), ambassador(), code()), event(codes=["ANNA10"]), "rejected"),
    "code_expired": ((rewarding(), ambassador(), code(expires_at=at(days=-1))), event(codes=["ANNA10"]), "rejected"),
    "click_too_old": (WORLD, event(tokens=[token(when=at(days=-31))]), "unattributed"),
    "click_after_order": (WORLD, event(tokens=[token(when=at(minutes=6))]), "unattributed"),
    "code_unknown": (WORLD, event(codes=["NOBODY"]), "unattributed"),
    "no_evidence": (WORLD, event(), "unattributed"),
    "program_unknown": ((ambassador(), code()), event(codes=["ANNA10"]), "pending"),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_refuses_an_order_refuses_an_event(reason: str) -> None:
    known, report, status = REFUSED[reason]
    found = decided(*known, events=[report])["e1"]
    assert (found.status, found.reason, found.ambassador_id) == (status, reason, None)


def test_no_figure_is_asked_of_what_has_none() -> None:
    strict = rewarding(min_subtotal_minor=10_000, currency="USD")
    found = decided(strict, ambassador(), code(), events=[event(codes=["ANNA10"])])["e1"]
    assert found.status == "attributed"
    assert {check.rule for check in found.checks}.isdisjoint({"minimum", "currency"})


def test_it_settles_when_what_it_earns_is_no_longer_held() -> None:
    held = decided(*WORLD, events=[event(codes=["ANNA10"])])["e1"]
    unrewarded = decided(*WORLD, events=[event(codes=["ANNA10"], name="survey")])["e1"]
    waiting = decided(ambassador(), code(), events=[event(codes=["ANNA10"])])["e1"]
    received = NOON + timedelta(seconds=1)
    assert held.settle_at == received + timedelta(days=3)
    assert unrewarded.settle_at == received + timedelta(days=14)
    assert waiting.settle_at is None


def test_an_event_decides_no_order() -> None:
    facts = facts_of([*WORLD, order()])
    before = order_bytes(decide(facts)["1001"])
    facts.actions = [event(codes=["ANNA10"], tokens=[token()], visitor="v1")]
    assert order_bytes(decide(facts)["1001"]) == before


def test_numbers_count_what_stands_of_one_name() -> None:
    first, other = Happened(event("a", happened_at=at(days=-2))), Happened(event("b", name="trial", happened_at=NOON))
    gone = Happened(event("c", happened_at=at(days=-1)), cancelled="mistake")
    late = Happened(event("d", happened_at=NOON))
    everything = [first, other, gone, late]
    assert [number_of(one, everything) for one in everything] == [1, 1, 2, 2]


def test_nobody_has_two_first_events() -> None:
    settled = Happened(event("b", happened_at=NOON), settled=True, number=1)
    late = Happened(event("a", happened_at=at(days=-1)))
    assert number_of(late, [settled, late]) == 2
    assert "b" not in decided(*WORLD, events=[settled, late])


STORY: tuple[Payload, ...] = (
    *WORLD,
    ambassador("amb_boris"),
    code("BORIS10", ambassador_id="amb_boris"),
    order("1001", placed_at=at(days=-3), codes=["BORIS10"]),
    cancel("1001", when=at(days=-2)),
    order("1002", placed_at=at(days=2), contacts=["h1"]),
    visit(click=token()),
    identify(),
    identify("trk_2", visitor="v2", customer=None, contacts=["h1"]),
    visit("trk_3", visitor="v2", click=token("clk_2", ambassador_id="amb_boris")),
)
EVENTS = (
    event("e1", codes=["ANNA10"]),
    event("e2", happened_at=at(days=1), visitor="v2"),
    event("e3", name="trial", happened_at=at(days=3), customer=None, contacts=["h1"]),
)


@given(
    facts=st.permutations([*STORY, *STORY[5:]]),
    events=st.permutations([*EVENTS, *EVENTS]),
)
def test_any_order_and_any_repetition_decide_alike(facts: list[Payload], events: list[ActionReported]) -> None:
    usual = {key: decision_bytes(one) for key, one in decided(*STORY, events=EVENTS).items()}
    assert {key: decision_bytes(one) for key, one in decided(*facts, events=events).items()} == usual


SETTLED = order("1001", codes=["ANNA10"], placed_at=at(days=-1))


def mia(
    event_id: str = "friend.joined-amb_mia", *, happened_at: datetime = NOON, program_id: str = "prg_1"
) -> Happened:
    """Customer c1 became an ambassador."""
    return Happened(event(event_id, name="friend.joined", happened_at=happened_at), joined=program_id)


def final(*known: Payload) -> Facts:
    """Facts among which order 1001 has settled as Anna's; that it fell away, or she was blocked, came later."""
    facts = facts_of(known)
    later = (OrderRefunded, OrderCancelled)
    won = decide(facts_of(one for one in known if not isinstance(one, later) and "blocked" not in repr(one)))["1001"]
    fixed = {name: getattr(won, name) for name in Settlement.model_fields if hasattr(won, name)}
    facts.settlements.append(Settlement.model_validate(fixed | {"settled_at": at(days=14), "revision": 1}))
    return facts


@pytest.mark.parametrize(
    ("facts", "status", "reason"),
    [
        (lambda: final(*WORLD, SETTLED), "attributed", "customer"),
        (lambda: final(rewarding(priority=("code",)), *WORLD[1:], SETTLED), "attributed", "customer"),
        (lambda: facts_of([*WORLD, SETTLED]), "pending", "order_not_settled"),
        (lambda: final(*WORLD, SETTLED, cancel(when=NOON)), "pending", "order_not_settled"),
        (lambda: final(*WORLD, SETTLED, refund(5090, when=NOON)), "pending", "order_not_settled"),
        (
            lambda: final(*WORLD, ambassador(revision=2, status="blocked"), SETTLED),
            "rejected",
            "ambassador_blocked",
        ),
        (lambda: facts_of(WORLD), "pending", "order_not_settled"),
    ],
)
def test_a_friend_who_joined_is_whose_the_first_order_is_once_that_is_final(
    facts: Callable[[], Facts], status: str, reason: str
) -> None:
    found = decide_events(facts(), [mia()])["friend.joined-amb_mia"]
    assert (found.status, found.reason) == (status, reason)
    assert (found.order_id, found.ambassador_id) == (("1001", "amb_anna") if status == "attributed" else (None, None))


def test_a_friend_joins_a_program_once_and_another_program_counts_nothing_here() -> None:
    again, elsewhere = mia("again", happened_at=at(days=1)), mia("elsewhere", program_id="prg_2")
    found = decide_events(final(*WORLD, SETTLED), [again, mia(), elsewhere])
    assert found["friend.joined-amb_mia"].status == "attributed"
    assert (found["again"].status, found["again"].reason) == ("rejected", "joined_before")
    assert found["elsewhere"].status == "pending"


def bill(goods: int = 4600, total: int = 5090, **changed: Any) -> Figures:
    items = ({"line_id": "a", "amount_minor": 3000}, {"line_id": "b", "amount_minor": goods - 3000}) if goods else ()
    return Figures.model_validate(
        {"status": "paid", "currency": "EUR", "total_minor": total, "subtotal_minor": goods, "items": items} | changed
    )


def returned(**lines: int) -> Returned:
    gone = tuple(ReturnedLine(line_id=line_id, amount_minor=amount) for line_id, amount in lines.items())
    return Returned(lines=gone, named_minor=sum(lines.values()))


@pytest.mark.parametrize(
    ("now", "refunded", "back", "fell"),
    [
        (bill(), 5090, None, True),
        (bill(), 4600, None, False),  # a bare sum does not say that it is the goods
        (bill(), 4600, returned(a=3000, b=1600), True),  # the shipping was kept
        (bill(), 3000, returned(a=3000), False),
        (bill(items=()), 4600, returned(x=4600), True),
        (bill(0, 0), 0, None, True),
        (bill(0, 490), 0, None, True),
        (bill(4000, 4490), 0, None, False),
    ],
)
def test_an_order_won_nobody_of_which_nothing_is_left(
    now: Figures, refunded: int, back: Returned | None, fell: bool
) -> None:
    assert nothing_left(now, refunded, back, then=bill()) is fell
    assert not nothing_left(bill(0, 0), 0, None, then=bill(0, 0)), "it never cost anything"
