"""Whoever holds a publishable key, which everybody does, changes no decision on an order of somebody else's browser."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from contracts.events import EVENTS, Payload
from services.attribution.decisions.domain import decide, decision_bytes
from services.attribution.tracking import actions
from services.attribution.tracking.schemas import TrackIn
from services.common import click_token
from tests.property.attribution.histories import History, histories
from tests.support.attribution import NOON, STORE, facts_of, token
from tests.support.chance import examples
from tests.support.edge import RING

GUESSED = st.sampled_from(["c1", "c2", "c3", "friend@example.com", "+37369123456", "0", "x"])
"""Customer ids that buyers have, and others: stores count their customers."""
VISITORS = st.sampled_from([None, "v1", "c1", "v_" + "e" * 32, "v_" + "f" * 32, "v_1", "v_" + "0" * 24])
"""A stranger's own browsers, and ids that are no browser's. The buyers' cannot be guessed."""
TOKENS = st.sampled_from(
    [
        None,
        "nonsense",
        *(
            click_token.issue(RING, STORE, token(click, ambassador_id=ambassador, when=NOON - timedelta(days=days)))
            for click, ambassador, days in (
                ("clk_80", "amb_anna", 1),
                ("clk_81", "amb_boris", 3),
                ("clk_82", "amb_eve", 0),
            )
        ),
        click_token.issue(RING, "str_2", token("clk_83")),
    ]
)
"""Clicks of a stranger's own."""


@st.composite
def reports(draw: st.DrawFn) -> dict[str, Any]:
    """Whatever a page can say."""
    reported: dict[str, Any] = {"type": draw(st.sampled_from(["visit", "identify", "signup", "share", "widget_view"]))}
    fields = {
        "visitor_id": draw(VISITORS),
        "token": draw(TOKENS),
        "proof": draw(st.sampled_from([None, "", "0" * 64, "1", "kith_pk_"])),
    }
    reported |= {name: value for name, value in fields.items() if value is not None}
    if reported["type"] != "visit":
        reported["customer"] = {
            "id": draw(GUESSED),
            "email": draw(st.sampled_from(["friend@example.com", "eve@x.example"])),
        }
        if draw(st.booleans()):
            reported["customer"]["phone"] = "+37369123456"
    if reported["type"] == "identify" and reported["customer"]["id"] == "0":
        reported["customer"]["id"] = "c1"
    return reported


def taken_in(reported: dict[str, Any], number: int) -> Payload:
    """The event that a report becomes at the real edge."""
    report = TrackIn.model_validate(reported)
    now = NOON + timedelta(minutes=number)
    proven = actions.proven(RING, STORE, report, frozenset())
    kind, _, body = actions.line_of(RING, STORE, report, now, is_proven=proven).text.split(b"\t", 2)
    return EVENTS[kind.decode()].model_validate_json(body)


@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(history=histories((STORE,)), attack=st.lists(reports(), max_size=12))
@example(
    history=History([]),
    attack=[{"type": "visit", "visitor_id": "c1"}, {"type": "identify", "customer": {"id": "c1"}, "proof": "1"}],
)
def test_no_sequence_of_public_calls_changes_a_decision_of_other_browsers(
    history: History, attack: list[dict[str, Any]]
) -> None:
    lies = [taken_in(reported, number) for number, reported in enumerate(attack)]
    expected = {order_id: decision_bytes(found) for order_id, found in decide(facts_of(history.facts)).items()}
    found = decide(facts_of([*lies, *history.facts, *lies]))
    assert {order_id: decision_bytes(decision) for order_id, decision in found.items()} == expected
