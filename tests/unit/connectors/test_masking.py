"""A delivery's body as staff may look at it: figures, states and ids; nothing that names anybody."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.connectors.connections.domain import HIDDEN, without_people
from tests.support import deliveries

NOW = datetime(2026, 11, 3, 10, 15, 30, tzinfo=UTC)
PEOPLE = ("Eva", "eva@example.com", "Eva@Example.com", "660 1234567", "9991234567", "Ева", "999) 123")


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(deliveries.woo_order(NOW, customer_note="for Eva")).encode(),
        json.dumps(deliveries.stripe_event("checkout.session.completed", deliveries.stripe_session(NOW), NOW)).encode(),
        deliveries.tilda(deliveries.tilda_form(**{"eva@example.com": "1"})).body,
        json.dumps(deliveries.insales_order(NOW)).encode(),
        b"<order><id>4432</id><client><name>Eva</name><phone>9991234567</phone></client></order>",
        b'{"customer": {"id": 7, "phone": 9991234567}, "phone": 9991234567, "list": ["Eva"], "name": "Eva"}',
    ],
)
def test_nobody_is_named(body: bytes) -> None:
    shown = without_people(body)
    assert HIDDEN in shown
    for word in PEOPLE:
        assert word not in shown


def test_figures_states_and_ids_are_shown() -> None:
    shown = without_people(json.dumps(deliveries.woo_order(NOW)).encode())
    for text in ('"id": 727', '"total": "50.90"', '"status": "processing"', '"code": "ANNA10"', '"sku": "YIRG"'):
        assert text in shown
    form = without_people(deliveries.tilda(deliveries.tilda_form()).body)
    assert "payment[amount] = 5 090" in form
    assert "Email = •••" in form


@given(st.binary(max_size=300))
def test_whatever_comes_is_shown_or_hidden(body: bytes) -> None:
    assert isinstance(without_people(body), str)
    without_people(b"{" + body)
    without_people(b"<" + body)
