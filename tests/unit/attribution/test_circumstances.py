"""What decisions say of the moment of a purchase where rules of the program ask for it."""

from datetime import datetime
from typing import Any

import orjson
import pytest

from contracts.events import Payload
from contracts.events.catalog import AmbassadorSaved, ProgramPublished
from contracts.events.conversions import Circumstances
from contracts.events.tracking import TokenClaims
from contracts.program import Program
from services.attribution.decisions.domain import Decision, Facts, Settlement, decide, decision_bytes
from services.attribution.decisions.domain.facts import AmbassadorRevision
from tests.support.attribution import ambassador, at, code, facts_of, order, program, token

ASKS: dict[str, Any] = {"which": "every", "when": {"groups": ["VIP"]}}


def asking(**changed: Any) -> ProgramPublished:
    """A program whose rule asks for something."""
    plain = program(new_customers_only=False)
    definition = plain.program.model_dump(mode="json")
    definition["rewards"] = [{**definition["rewards"][0], **(changed or ASKS)}]
    return plain.model_copy(update={"program": Program.model_validate(definition)})


def anna(revision: int = 1, **changed: Any) -> AmbassadorSaved:
    return ambassador(revision=revision).model_copy(update=changed)


def clicked(channel: str) -> TokenClaims:
    return token().model_copy(update={"channel": channel})


def saved(facts: Facts, one: AmbassadorSaved, when: datetime) -> None:
    facts.ambassadors.append(AmbassadorRevision(one, when))


def found(*reported: Payload, order_id: str = "1001") -> Circumstances | None:
    return decide(facts_of(reported))[order_id].circumstances


def test_group_and_role_are_those_of_the_purchase() -> None:
    facts = facts_of([asking(), order(tokens=[token()])])
    saved(facts, anna(group="Start", role="customer"), at(days=-10))
    saved(facts, anna(2, group="VIP", role="partner"), at(minutes=-1))
    saved(facts, anna(3, group="Gone"), at(minutes=1))
    seen = decide(facts)["1001"].circumstances
    assert seen is not None
    assert (seen.group, seen.role) == ("VIP", "partner")


def test_what_an_ambassador_was_first_covers_everything_earlier() -> None:
    facts = facts_of([asking(), order(tokens=[token()])])
    saved(facts, anna(group="Start"), at(days=1))
    seen = decide(facts)["1001"].circumstances
    assert seen is not None and seen.group == "Start"


@pytest.mark.parametrize(
    ("evidence", "channel"),
    [
        ({"tokens": [clicked("telegram")]}, "telegram"),
        ({"tokens": [token()]}, None),
        ({"codes": ["ANNA10"]}, None),
        # The code wins; the click beside it says how they came.
        ({"codes": ["ANNA10"], "tokens": [clicked("qr")]}, "qr"),
    ],
)
def test_the_channel_is_that_of_the_click_by_which_the_buyer_came(evidence: dict[str, Any], channel: str) -> None:
    seen = found(asking(), anna(), code(), order(**evidence))
    assert seen is not None and seen.channel == channel


def test_since_when_somebody_is_a_friend_is_said_by_the_order_that_won_them() -> None:
    before = order("1000", placed_at=at(days=-90), customer="c1")
    first = order("1001", placed_at=at(days=-40), customer="c1", tokens=[token(when=at(days=-41))])
    later = order("1002", customer="c1")
    reported = (asking(span={"months": 6}, which="every"), anna(), before, first, later)
    for order_id in ("1001", "1002"):
        seen = found(*reported, order_id=order_id)
        assert seen is not None and seen.brought_at == at(days=-40)


BY_COUNTRY: dict[str, Any] = {"when": {"countries": ["MD"]}}


def test_the_country_is_that_of_the_newest_report_that_says_one() -> None:
    reports = [
        order(tokens=[token()], fact_id="r1", updated_at=at(minutes=1), country="RO"),
        order(tokens=[token()], fact_id="r2", updated_at=at(minutes=3)),
        order(tokens=[token()], fact_id="r3", updated_at=at(minutes=2), country="MD"),
    ]
    for reported in (reports, reports[::-1]):
        seen = found(asking(**BY_COUNTRY), anna(), *reported)
        assert seen is not None and seen.country == "MD"


def test_an_order_that_says_no_country_has_none() -> None:
    seen = found(asking(**BY_COUNTRY), anna(), order(tokens=[token()]))
    assert seen is not None and seen.country is None


def test_where_no_rule_asks_for_countries_none_is_said() -> None:
    seen = found(asking(), anna(group="VIP"), order(tokens=[token()], country="MD"))
    assert seen is not None and (seen.group, seen.country) == ("VIP", None)


@pytest.mark.parametrize(
    "asks",
    [
        {"which": "every", "span": {"orders": 3}},
        {"when": {"min_subtotal_minor": 1, "categories": ["Shoes"], "first_day": "2026-12-01"}},
        {"terms": [{"products": ["p1"], "give": {"kind": "fixed", "amount_minor": 1}}]},
    ],
)
def test_where_no_rule_asks_nothing_is_said_and_the_bytes_are_what_they_were(asks: dict[str, Any]) -> None:
    decision = decide(facts_of([asking(**asks), anna(group="VIP"), order(tokens=[token()])]))["1001"]
    assert decision.circumstances is None
    assert b"circumstances" not in decision_bytes(decision)


def test_settling_fixes_it() -> None:
    facts = facts_of([asking(), order(tokens=[clicked("qr")])])
    saved(facts, anna(group="VIP"), at(days=-10))
    open_one = decide(facts)["1001"]
    body = orjson.loads(decision_bytes(open_one))
    facts.settlements.append(Settlement.model_validate({**body, "settled_at": at(days=14), "revision": 1}))
    facts.ambassadors.clear()
    settled: Decision = decide(facts)["1001"]
    assert settled.settled is not None
    assert (
        settled.circumstances
        == open_one.circumstances
        == Circumstances(group="VIP", channel="qr", brought_at=open_one.placed_at)
    )
