"""What providers' answers mean: a table for a store's own endpoint, one for PayPal, and laws over whatever is sent."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewards.payouts.domain.calls import ask_again, barred_again, doubt_again, sendings
from services.rewards.providers.domain import http, paypal
from services.rewards.providers.domain.port import (
    Absent,
    Answer,
    Barred,
    Clear,
    Sending,
    Transfer,
    Unclear,
    plain,
    waited,
)


def transfer(
    payout_id: str = "pay_1", *, minor: int = 1234, currency: str = "EUR", to: str | None = "a@b.example"
) -> Transfer:
    return Transfer(
        payout_id=payout_id, amount_minor=minor, currency=currency, method="paypal", holder="Anna", to=to, note="Shop"
    )


SENDING = Sending(key="pbt_1-1", transfers=[transfer("pay_1"), transfer("pay_2")])


def body_of(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


@pytest.mark.parametrize(
    ("status", "body", "look_up", "kind"),
    [
        (200, {"status": "paid"}, False, "paid"),
        (202, {"status": "accepted"}, False, "submitted"),
        (200, {"status": "in_transit"}, True, "in_transit"),
        (200, {"status": "refused", "reason": "closed"}, False, "failed"),
        (422, {"status": "refused", "reason": "closed"}, False, "failed"),
        (409, {"status": "failed"}, False, "failed"),
        (200, {"status": "returned"}, True, "returned"),
        (404, {"status": "unknown"}, True, Absent),
        (200, {"status": "unknown"}, True, Absent),
        (404, {"status": "unknown"}, False, Barred),
        (404, {}, True, Barred),
        (401, {}, False, Barred),
        (200, {"status": "ok"}, False, Unclear),
        (200, {"status": "paid", "id": "pay_2"}, False, Unclear),
        (200, {"status": "paid", "fee_minor": 1.5}, False, Unclear),
        (200, {"status": ["paid"]}, False, Unclear),
        (422, {"status": "paid"}, False, Unclear),
        (422, {"error": "what"}, False, Unclear),
        (400, {"status": "refused"}, False, Unclear),
        (500, {"status": "refused"}, False, Unclear),
        (503, {"status": "paid"}, False, Unclear),
    ],
)
def test_an_endpoints_answer_counts_only_in_our_words(
    status: int, body: dict[str, Any], look_up: bool, kind: str | type
) -> None:
    answer = http.answer_of("pay_1", status, json.dumps(body).encode(), look_up=look_up)
    if isinstance(kind, str):
        assert isinstance(answer, Clear) and [one.became for one in answer.reports] == [kind]
    else:
        assert isinstance(answer, kind)


def test_what_an_endpoint_gets_is_the_same_each_time_and_says_the_amount_both_ways() -> None:
    body = json.loads(http.body_of(transfer(minor=1234, currency="JPY")))
    assert (body["amount"], body["amount_minor"], body["id"]) == ("1234", 1234, "pay_1")
    assert http.body_of(transfer()) == http.body_of(transfer())
    assert json.loads(http.question_of("pay_1")) == {"type": "payout.look_up", "id": "pay_1"}, "and no amount with it"


@pytest.mark.parametrize(
    ("minor", "currency", "value"),
    [
        (1234, "EUR", "12.34"),
        (1200, "EUR", "12.00"),
        (1234, "JPY", "1234"),
        (120000, "HUF", "1200"),
        (120000, "TWD", "1200"),
    ],
)
def test_paypal_writes_amounts_in_its_own_way(minor: int, currency: str, value: str) -> None:
    assert paypal.value_of(minor, currency) == value
    assert minor % paypal.step_of(currency) == 0


def test_paypal_cannot_pay_a_part_of_a_forint() -> None:
    assert (paypal.step_of("HUF"), paypal.step_of("JPY"), paypal.step_of("EUR")) == (100, 1, 1)


DUPLICATE = {
    "name": "USER_BUSINESS_ERROR",
    "details": [{"field": "SENDER_BATCH_ID", "issue": "Batch with given sender_batch_id already exists"}],
    "links": [{"href": "https://api-m.paypal.com/v1/payments/payouts/ABC123", "rel": "self"}],
}
INVALID = {"name": "VALIDATION_ERROR", "details": [{"field": "items[1].receiver", "issue": "Receiver is invalid"}]}


@pytest.mark.parametrize(
    ("status", "body", "first", "wanted"),
    [
        (201, {"batch_header": {"payout_batch_id": "ABC123"}}, True, ("ABC123", ["submitted", "submitted"])),
        (201, {}, True, Unclear),
        (400, DUPLICATE, True, ("ABC123", [])),
        (400, DUPLICATE, False, ("ABC123", [])),
        (400, DUPLICATE | {"links": []}, False, Unclear),
        (400, DUPLICATE | {"links": [{"href": "https://evil.example/v1/payments/payouts/../x"}]}, False, Unclear),
        (422, {"name": "INSUFFICIENT_FUNDS"}, True, (None, ["failed", "failed"])),
        (422, {"name": "INSUFFICIENT_FUNDS"}, False, Unclear),
        (403, {"name": "NOT_AUTHORIZED"}, True, Barred),
        (404, {}, True, Barred),
        (500, {}, True, Unclear),
        (503, {"name": "SERVICE_UNAVAILABLE"}, True, Unclear),
    ],
)
def test_a_refusal_by_paypal_fails_payouts_only_where_they_were_never_sent_before(
    status: int, body: dict[str, Any], first: bool, wanted: Any
) -> None:
    answer = paypal.created(SENDING, status, json.dumps(body).encode(), first=first)
    if isinstance(wanted, tuple):
        assert isinstance(answer, Clear)
        assert (answer.remote_id, [one.became for one in answer.reports]) == wanted
    else:
        assert isinstance(answer, wanted)


@pytest.mark.parametrize(
    ("status", "body", "wrong"),
    [
        (400, INVALID, {"pay_2": "Receiver is invalid"}),
        (400, {"details": [{"field": "/items/0/amount/value"}]}, {"pay_1": "refused"}),
        (400, {"details": [{"field": "items[7].receiver"}]}, {}),
        (400, DUPLICATE, {}),
        (500, INVALID, {}),
    ],
)
def test_for_whom_paypal_refuses_a_batch(status: int, body: dict[str, Any], wrong: dict[str, str]) -> None:
    assert paypal.wrong_items(SENDING, status, json.dumps(body).encode()) == wrong


def test_of_a_new_batch_who_has_no_destination_any_more_was_certainly_not_paid() -> None:
    sending = Sending(key="k", transfers=[transfer("pay_1"), transfer("pay_2", to=None)])
    answer = paypal.created(sending, 201, body_of(batch_header={"payout_batch_id": "A1"}), first=False)
    assert isinstance(answer, Clear)
    assert [(one.payout_id, one.became) for one in answer.reports] == [("pay_1", "submitted"), ("pay_2", "failed")]
    assert [item["sender_item_id"] for item in json.loads(paypal.body_of(sending))["items"]] == ["pay_1"]


def page(*items: dict[str, Any], key: str = "pbt_1-1", status: str = "PROCESSING") -> dict[str, Any]:
    header = {"payout_batch_id": "A1", "batch_status": status, "sender_batch_header": {"sender_batch_id": key}}
    return {"batch_header": header, "items": list(items)}


def item(payout_id: str, status: str | None, *, value: str = "12.34", currency: str = "EUR") -> dict[str, Any]:
    own = {"sender_item_id": payout_id, "amount": {"value": value, "currency": currency}, "receiver": "a@b.example"}
    fee = {"value": "0.25", "currency": "USD"}
    return {"payout_item_id": "I1", "transaction_status": status, "payout_item": own, "payout_item_fee": fee}


@pytest.mark.parametrize(
    ("word", "became"),
    [
        ("SUCCESS", "paid"),
        ("FAILED", "failed"),
        ("DENIED", "failed"),
        ("PENDING", "submitted"),
        (None, "submitted"),
        ("UNCLAIMED", "in_transit"),
        ("ONHOLD", "in_transit"),
        ("BLOCKED", "in_transit"),
        ("RETURNED", "returned"),
        ("REFUNDED", "returned"),
        ("REVERSED", "returned"),
    ],
)
def test_what_paypal_calls_an_item(word: str | None, became: str) -> None:
    answer = paypal.listed(SENDING, [page(item("pay_1", word))])
    assert isinstance(answer, Clear) and [one.became for one in answer.reports] == [became]
    assert answer.reports[0].fee_minor is None and answer.reports[0].detail == "0.25 USD", (
        "a fee in dollars is no fee in euros"
    )


def test_a_word_of_paypals_that_is_not_known_moves_nothing() -> None:
    answer = paypal.listed(SENDING, [page(item("pay_1", "SOMETHING_NEW"), item("pay_2", "SUCCESS"))])
    assert isinstance(answer, Clear) and [one.payout_id for one in answer.reports] == ["pay_2"]


def test_a_batch_of_somebody_else_is_not_believed() -> None:
    assert isinstance(paypal.listed(SENDING, [page(item("pay_1", "SUCCESS"), key="another")]), Unclear)


def test_a_denied_batch_without_items_was_not_paid() -> None:
    answer = paypal.listed(SENDING, [page(status="DENIED")])
    assert isinstance(answer, Clear) and {one.became for one in answer.reports} == {"failed"}


@pytest.mark.parametrize(
    ("resource", "hint"),
    [
        (page()["batch_header"], (None, None, "A1")),
        ({"batch_header": page()["batch_header"]}, ("pbt_1-1", None, "A1")),
        (
            {**item("pay_1", "SUCCESS"), "payout_batch_id": "A1", "sender_batch_id": "pbt_1-1"},
            ("pbt_1-1", "pay_1", "A1"),
        ),
        ({"payout_item": {"sender_item_id": "x' or 1=1"}}, (None, None, None)),
        ([], (None, None, None)),
    ],
)
def test_an_event_of_paypals_only_says_where_to_look(resource: Any, hint: tuple[str | None, ...]) -> None:
    assert paypal.hint_of(body_of(event_type="X", resource=resource)) == hint


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["pay_1", "SUCCESS", "paid"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "status id items batch_header sender_batch_header sender_batch_id payout_item sender_item_id amount"
                " value currency transaction_status details links href field name resource errors"
                " payout_item_fee".split()
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(body=_JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=40), status=st.integers(200, 599))
def test_whatever_a_provider_writes_is_some_answer(body: bytes, status: int) -> None:
    http.report_of(body)
    paypal.hint_of(body)
    answers: list[Answer] = [
        http.answer_of("pay_1", status, body, look_up=True),
        paypal.created(SENDING, status, body, first=True),
    ]
    if (read := paypal.read_page(body)) is not None:
        answers.append(paypal.listed(SENDING, [read]))
    for answer in answers:
        assert isinstance(answer, Clear | Unclear | Absent | Barred)
        if isinstance(answer, Clear):
            assert {one.payout_id for one in answer.reports} <= {"pay_1", "pay_2"}


@given(st.text())
def test_what_is_kept_of_a_providers_text_is_one_short_line(text: str) -> None:
    kept = plain(text)
    assert kept is None or (0 < len(kept) <= 100 and kept.isprintable())


@given(st.integers(0, 60 * 86_400))
def test_waits_grow_and_have_an_end(seconds: int) -> None:
    age = timedelta(seconds=seconds)
    for wait in (ask_again, doubt_again, barred_again):
        assert timedelta(seconds=1) < wait(age) <= timedelta(hours=6)
        assert wait(age) <= wait(age + timedelta(seconds=1))
    assert waited(None) == timedelta(seconds=30) and waited(timedelta(days=2)) == timedelta(hours=1)


@given(st.integers(0, 1200))
def test_each_payout_is_in_one_sending_and_none_is_too_large(count: int) -> None:
    ids = [f"pay_{number}" for number in range(count)]
    for kind in ("http", "paypal"):
        parts = sendings(kind, "pbt_1", ids)
        assert [one for _, part in parts for one in part] == ids
        assert len({key for key, _ in parts}) == len(parts)
        assert all(0 < len(part) <= 500 for _, part in parts)
    assert all(key == part[0] for key, part in sendings("http", "pbt_1", ids))
