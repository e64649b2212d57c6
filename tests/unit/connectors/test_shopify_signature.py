"""The platform's signature as it publishes it, and the headers in which it and the topic come."""

import base64
import hashlib
import hmac

from services.connectors.shopify.domain import signature
from services.connectors.shopify.hot import _reported

BODY = b'{"id":450789469,"test":true}'
SECRET = b"test_secret"
GOOD = base64.b64encode(hmac.new(SECRET, BODY, hashlib.sha256).digest()).decode()


def test_the_published_example_signs_as_it_says() -> None:
    assert signature(SECRET, BODY).decode() == GOOD == "fJoPLEeEn8PJAaMJCcWUEscpAyObBNN/CRo9Jo6ZoKU="


def test_both_families_of_headers_are_read_and_the_older_wins() -> None:
    reported = _reported({b"x-shopify-topic": b"orders/paid", b"shopify-event-id": b"e1", b"shopify-topic": b"other"})
    assert reported == {"topic": "orders/paid", "event-id": "e1"}
