"""Orders are read in a quick way and written without their model; neither may say anything but what the models do."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import orjson
from hypothesis import event, example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.events.orders import OrderReceived
from services.attribution.orders import actions
from services.attribution.orders.hot import reading
from services.attribution.orders.schemas import OrderIn
from services.common import click_token, order_facts
from services.common.order_facts import Clock
from tests.support.attribution import STORE, token
from tests.support.edge import RING

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)

NUMBERS: list[Any] = [7, -1, 0, 2**63, 10**30, True, None, 1.0, 1.5, [], {}, "1.0"]
BLANKS = [
    "",
    " ",
    "a b",
    " a",
    "a\n",
    "\x1fa",
    "a\u00a0",
    "é",
    "guest",
    "0",
    "NULL",
    "a/b",
    "a?b",
    "x" * 201,
    "x" * 321,
]
PLAIN_TEXT = st.from_regex(r"[A-Za-z0-9_.-]{1,12}", fullmatch=True)
TEXT = st.one_of(PLAIN_TEXT, st.sampled_from([*BLANKS, *NUMBERS]))
PLAIN_MOMENT = st.sampled_from(
    ["2026-05-04T10:00:00Z", "2026-05-04T10:00:00.123456+02:00", "2026-05-04T12:00:00-03:30"]
)
MOMENT = st.sampled_from(
    [
        *("2026-05-04t10:00:00z", "2026-05-04 10:00:00Z", "2026-05-04T10:00:00", "2026-05-04", "1777888800"),
        *("1969-12-31T23:59:59Z", "2200-01-01T00:00:00Z", "2026-05-04T24:00:00Z", "2026-05-04T10:00:60Z"),
        *("2026-05-04T10:00:00.123456789Z", "0001-01-01T00:00:00+14:00", 1777888800, None),
    ]
)
PLAIN_AMOUNT = st.integers(0, 10**6)
AMOUNT = st.sampled_from([-1, 9 * 10**15, 9 * 10**15 + 1, 1.0, "5", True, None])
PLAIN_ITEM = st.fixed_dictionaries(
    {"amount_minor": PLAIN_AMOUNT},
    optional={"sku": PLAIN_TEXT, "category": PLAIN_TEXT, "quantity": st.integers(1, 9)}
    | {"line_id": PLAIN_TEXT, "gift_card": st.booleans()},
)
ITEM = st.one_of(
    st.fixed_dictionaries(
        {"amount_minor": st.one_of(PLAIN_AMOUNT, AMOUNT)}, optional={"sku": TEXT, "line_id": TEXT, "gift_card": TEXT}
    ),
    st.sampled_from([{}, 1, {"amount_minor": 1, "colour": "red"}, {"amount_minor": 1, "quantity": 0}]),
)
PLAIN_BODY = st.fixed_dictionaries(
    {
        "order_id": PLAIN_TEXT,
        "placed_at": PLAIN_MOMENT,
        "status": st.sampled_from(["paid", "pending"]),
        "currency": st.sampled_from(["EUR", "JPY", "KWD"]),
        "total_minor": PLAIN_AMOUNT,
    },
    optional={
        "updated_at": PLAIN_MOMENT,
        "cancelled_at": PLAIN_MOMENT,
        "subtotal_minor": PLAIN_AMOUNT,
        "items": st.lists(PLAIN_ITEM, max_size=2),
        "customer": st.fixed_dictionaries(
            {}, optional={"id": PLAIN_TEXT, "email": PLAIN_TEXT, "is_new": st.booleans()}
        ),
        "token": PLAIN_TEXT,
        "visitor_id": PLAIN_TEXT,
        "codes": st.lists(PLAIN_TEXT, max_size=3),
        "country": st.sampled_from(["MD", "RO", "XK"]),
    },
)
TEXTS = st.one_of(st.lists(TEXT, max_size=3), st.just(["a"] * 21), st.none())
ODD: dict[str, st.SearchStrategy[Any]] = {
    "order_id": TEXT,
    "placed_at": MOMENT,
    "status": st.sampled_from(["PAID", "", None]),
    "currency": st.sampled_from(["eur", "XXQ", "EURO", None]),
    "total_minor": AMOUNT,
    "updated_at": MOMENT,
    "cancelled_at": MOMENT,
    "subtotal_minor": AMOUNT,
    "shipping_minor": AMOUNT,
    "items": st.lists(ITEM, max_size=2),
    "customer": st.one_of(
        st.fixed_dictionaries({}, optional={"id": TEXT, "email": TEXT, "phone": TEXT, "is_new": TEXT}), st.none()
    ),
    "token": TEXT,
    "tokens": TEXTS,
    "visitor_id": TEXT,
    "codes": TEXTS,
    "country": st.sampled_from(["md", "", " ", "XX", "MDA", "M\u0414", "MD\n", None, 7]),
    "colour": TEXT,
}


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """What an honest store sends, with at most two oddities."""
    reported = draw(PLAIN_BODY)
    for name in draw(st.lists(st.sampled_from(sorted(ODD)), max_size=2)):
        reported[name] = draw(ODD[name])
    return reported


PLAIN: dict[str, Any] = {
    "order_id": "1001",
    "placed_at": "2026-05-04T10:00:00Z",
    "status": "paid",
    "currency": "EUR",
    "total_minor": 5090,
}


def written(reported: dict[str, Any]) -> bytes:
    return json.dumps(reported, ensure_ascii=False, separators=(",", ":")).encode()


@given(bodies())
@example(PLAIN)
@example(
    PLAIN | {"order_id": 1001, "customer": {"id": 7, "email": "a@b.c"}, "items": [{"amount_minor": 1, "sku": "s"}]}
)
@example(PLAIN | {"placed_at": "2026-05-04T10:00:00.123456789Z"})
@example(PLAIN | {"token": "", "tokens": ["", "t"], "codes": [""]})
def test_what_is_read_quickly_is_read_to_the_same_order(reported: dict[str, Any]) -> None:
    body = written(reported)
    quick = reading.usual(body)
    if quick is None:
        event("left to the schema")
        return
    event("read quickly")
    try:
        by_schema = actions.order_of(OrderIn.model_validate_json(body))
    except ValidationError as error:
        raise AssertionError(f"the schema refuses {body!r}") from error
    assert msgspec.to_builtins(quick) == msgspec.to_builtins(by_schema)


def test_nearly_all_bodies_are_of_the_usual_kind() -> None:
    more = {"customer": {"id": "c1", "email": "a@b.c"}, "codes": ["ANNA10"], "items": [{"sku": "s", "amount_minor": 5}]}
    assert reading.usual(written(PLAIN | more)) is not None


@given(bodies(), st.integers(-100, 100), st.booleans())
@example(PLAIN, 0, True)
def test_a_report_is_written_as_its_model_would_be(reported: dict[str, Any], offset_days: int, clicked: bool) -> None:
    body = written(reported)
    try:
        order = actions.order_of(OrderIn.model_validate_json(body))
    except ValidationError:
        return
    if clicked:
        proof = click_token.issue(RING, STORE, token())
        order = msgspec.structs.replace(order, token=None, tokens=(proof, "nonsense"))
    clock = Clock(NOW + timedelta(days=max(offset_days, 0)), timedelta(days=min(offset_days, 0)))
    fact = order_facts.report(RING, STORE, order, clock)
    model = OrderReceived.model_validate_json(fact.body)
    modelled = orjson.loads(orjson.dumps(model.model_dump(exclude_none=True)))
    assert modelled.pop("history") is False, "said only of what was before the connection"
    assert orjson.loads(fact.body) == modelled
    assert fact[:3] == (STORE, model.order_id, model.fact_id)
