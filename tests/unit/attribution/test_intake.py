"""What becomes of an order or a page's report on its way in: names of facts, hashes for addresses, tokens read."""

from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest

from contracts.events import EVENTS
from contracts.events.tracking import CustomerIdentified, VisitRecorded
from services.attribution.orders import actions
from services.attribution.orders.hot import reading
from services.attribution.orders.schemas import OrderIn
from services.attribution.tracking.actions import line_of
from services.attribution.tracking.schemas import TrackedCustomer, TrackIn
from services.common import click_token, codes, order_facts
from services.common import order_names as naming
from services.common.order_facts import Clock, ReportedFact
from tests.support.attribution import NOON, STORE, at, token
from tests.support.edge import RING

CLOCK = Clock(NOON)
ORDER = {
    "order_id": "1",
    "placed_at": "2026-11-03T12:00:00Z",
    "status": "paid",
    "currency": "EUR",
    "total_minor": 5090,
    "customer": {"id": 7, "email": "Friend+x@Gmail.com"},
}


def fact(**changes: object) -> ReportedFact:
    reported = OrderIn.model_validate_json(orjson.dumps({**ORDER, **changes}))
    return order_facts.report(RING, STORE, actions.order_of(reported), CLOCK)


def test_the_same_order_has_the_same_name_however_it_is_spelt() -> None:
    names = {
        fact().fact_id,
        fact(placed_at="2026-11-03T14:00:00+02:00").fact_id,
        fact(customer={"id": "7", "email": "friend@gmail.com"}).fact_id,
        fact(subtotal_minor=5090).fact_id,
    }
    assert len(names) == 1
    assert fact(total_minor=5091).fact_id not in names
    assert fact(codes=["ANNA10"]).fact_id not in names
    assert fact(updated_at="2026-11-03T12:00:00Z").fact_id not in names


def test_an_id_that_stands_for_any_guest_is_none() -> None:
    for nobody in (0, "0", " guest ", "null"):
        reported = OrderIn.model_validate_json(orjson.dumps({**ORDER, "customer": {"id": nobody}}))
        assert reported.customer.id is None
    assert TrackedCustomer.model_validate({"id": "0"}).id is None


def test_no_address_leaves_the_edge() -> None:
    body = fact().body
    assert b"riend" not in body
    report = EVENTS["kith.order.received.v1"].model_validate_json(body)
    assert len(report.customer.contact_hashes) == 1  # type: ignore[attr-defined]  # of this payload


def test_times_that_callers_send_move_with_the_demo_clock() -> None:
    reported = OrderIn.model_validate_json(orjson.dumps(ORDER))
    moved = order_facts.report(RING, STORE, actions.order_of(reported), Clock(at(days=14), at(days=14) - NOON))
    assert orjson.loads(moved.body)["placed_at"].startswith("2026-11-17T12:00:00")
    assert moved.fact_id == fact().fact_id


def test_a_visit_becomes_a_line_that_its_contract_accepts() -> None:
    text = click_token.issue(RING, STORE, token())
    reported = TrackIn(
        type="visit", token=text, visitor_id="v1", url="https://user:password@shop.example/a?b=c", channel="x"
    )
    kind, _, body = line_of(RING, STORE, reported, NOON).text.split(b"\t", 2)
    visit = VisitRecorded.model_validate_json(body)
    assert (kind.decode(), visit.token, visit.url_host) == (VisitRecorded.TYPE, token(), "shop.example")
    assert b"password" not in body


def test_an_identify_becomes_a_line_without_the_address() -> None:
    reported = TrackIn(type="identify", token="nonsense", customer=TrackedCustomer(id="c1", email="friend@example.com"))
    _, _, body = line_of(RING, STORE, reported, NOON).text.split(b"\t", 2)
    named = CustomerIdentified.model_validate_json(body)
    assert (named.customer.id, named.token_problem, len(named.customer.contact_hashes)) == ("c1", "malformed", 1)
    assert b"friend" not in body


def test_refunds_are_named_by_their_id_and_amount() -> None:
    assert naming.refund_id("r1", 100) == naming.refund_id("r1", 100)
    assert len({naming.refund_id("r1", 100), naming.refund_id("r1", 200), naming.refund_id("r2", 100)}) == 3


def test_codes_of_other_alphabets_are_kept_to_be_shown() -> None:
    assert naming.readable(" скидка10\u200b ") == "СКИДКА10"
    assert naming.readable(" \t \u200b") is None


def test_what_is_no_code_does_not_become_one_by_being_shown() -> None:
    for text in ("annı-7", "groß-7", "ﬁne\x07", "x" * 65, "a" * 200, "ŉ" * 40, "a b"):
        assert codes.fold(text) is None
        shown = naming.readable(text)
        assert shown is not None
        assert codes.fold(shown) is None
        assert len(shown) <= codes.MAX_CODE
    reported = orjson.loads(fact(codes=["anna\u20117", "ANNA-7\u200b", "annı-7", "  "]).body)["codes"]
    assert reported == ["ANNA-7", "annı-7"]


def test_blank_is_absence() -> None:
    nothing = fact()
    blank = {"visitor_id": "", "token": " ", "tokens": ["", "  "], "codes": ["", "\t"]}
    assert fact(**blank).fact_id == nothing.fact_id
    assert (
        fact(customer={"id": " ", "email": "Friend+x@Gmail.com"}).fact_id
        == fact(customer={"email": "friend@gmail.com"}).fact_id
    )
    spelt = orjson.dumps({**ORDER, **blank, "customer": {"id": ""}})
    assert order_facts.report(RING, STORE, reading.read(spelt), CLOCK).body == fact(customer={}).body
    reported = TrackIn(type="visit", token="", visitor_id=" ", channel="", customer={"id": ""})  # type: ignore[arg-type]
    assert (reported.token, reported.visitor_id, reported.channel) == (None, None, None)
    _, _, body = line_of(RING, STORE, reported, NOON).text.split(b"\t", 2)
    assert orjson.loads(body).keys() == {"store_id", "track_id", "at"}
    guest = TrackIn.model_validate({"type": "identify", "customer": {"id": "", "email": ""}})
    _, _, body = line_of(RING, STORE, guest, NOON).text.split(b"\t", 2)
    assert CustomerIdentified.model_validate_json(body).customer.id is None


def test_an_id_that_is_a_contact_is_hashed_like_one_and_never_travels() -> None:
    by_mail = orjson.loads(fact(customer={"id": "Friend+x@Gmail.com"}).body)
    assert by_mail["customer"] == orjson.loads(fact(customer={"email": "friend@gmail.com"}).body)["customer"]
    both = orjson.loads(fact(customer={"id": "+40 712 345 678", "email": "friend@gmail.com"}).body)["customer"]
    assert [text[:2] for text in both["contact_hashes"]] == ["e_", "p_"]
    assert "id" not in both
    reported = TrackIn(
        type="identify", visitor_id="friend@gmail.com", customer=TrackedCustomer(id='"a friend"@gmail.com')
    )
    assert b"@" not in line_of(RING, STORE, reported, NOON).text
    assert b"@" not in fact(visitor_id="friend@gmail.com", customer={"id": "@friend"}).body


def test_a_share_names_its_link_by_the_folded_slug_alone() -> None:
    def kept(**fields: Any) -> Any:
        return orjson.loads(line_of(RING, STORE, TrackIn.model_validate(fields), NOON).text.split(b"\t")[2]).get("slug")

    assert kept(type="share", slug=" Anna-Kern ") == "anna-kern"
    assert kept(type="share", slug="anna@shop.example") is None is kept(type="share", slug="")
    assert kept(type="visit", slug="anna") is None, "nothing else is about a link"


def test_the_same_order_of_one_half_hour_is_one_and_of_nobody_each_is_its_own() -> None:
    def name(minutes: float = 0, **fields: Any) -> str:
        reported = TrackIn.model_validate({"type": "visit", "visitor_id": "v1", "url": "https://a.example/x"} | fields)
        return line_of(RING, STORE, reported, at(minutes=minutes)).track_id

    assert name() == name(29) == name(url="https://a.example/y")
    others = {name(30), name(visitor_id="v2"), name(type="share"), name(channel="x"), name(url="https://b.example/")}
    assert len(others | {name()}) == 6
    assert name(visitor_id=None) != name(visitor_id=None)


def test_buyers_without_an_address_stay_strangers() -> None:
    for nobody in ("anonymous@shop.example", "Guest@shop.example", "no-reply@shop.example", "+7 000 000 00 00"):
        field = "phone" if nobody[0] == "+" else "email"
        for customer in ({"id": nobody}, {field: nobody}, {"id": "0", field: nobody}):
            assert orjson.loads(fact(customer=customer).body)["customer"] == {"contact_hashes": []}, customer


def test_in_a_demo_a_callers_clock_and_the_demos_own_both_mean_today() -> None:
    """Two weeks on: a shop sends its real time, a person types the date that the console shows."""
    two_weeks = timedelta(days=14)
    clock = Clock(NOON + two_weeks, two_weeks)
    assert clock.moved(NOON) == NOON + two_weeks
    assert clock.moved(NOON + two_weeks) == NOON + two_weeks
    assert clock.moved(NOON - timedelta(days=30)) == NOON - timedelta(days=16)
    assert Clock(NOON).moved(NOON + two_weeks) == NOON + two_weeks  # no demo: refused where it lies ahead


VISITOR = "v1-" + "a" * 32


@pytest.mark.parametrize("first", [{}, {"token": "one"}])
@pytest.mark.parametrize("second", [{}, {"token": "one"}, {"token": "two"}, {"url": "https://shop.example/cart"}])
def test_a_view_of_the_invitation_is_one_for_a_visitor_a_day_and_a_placement(
    first: dict[str, str], second: dict[str, str]
) -> None:
    tokens = {"one": click_token.issue(RING, STORE, token()), "two": click_token.issue(RING, STORE, token("clk_2"))}

    def seen(now: datetime, more: dict[str, str], **changed: str) -> str:
        body = {"type": "widget_view", "visitor_id": VISITOR, "placement": "ribbon", **more, **changed}
        if "token" in body:
            body["token"] = tokens[body["token"]]
        return line_of(RING, STORE, TrackIn.model_validate(body), now).track_id

    morning = NOON.replace(hour=0, minute=1)
    evening, tomorrow = morning + timedelta(hours=23), morning + timedelta(hours=24)
    assert seen(morning, first) == seen(evening, second)
    assert len({seen(morning, first), seen(tomorrow, second)}) == 2
    assert len({seen(morning, first), seen(morning, second, placement="product-card")}) == 2
    assert len({seen(morning, first), seen(morning, second, visitor_id="v1-" + "b" * 32)}) == 2
