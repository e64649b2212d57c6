"""The platform's signature as it publishes it, and the headers in which it and the topic come."""

import base64
import hashlib
import hmac

from services.connectors.platforms.domain.port import Asked
from services.connectors.platforms.domain.shopify.naming import authenticate, name_of, signature

BODY = b'{"id":450789469,"test":true}'
SECRET = b"test_secret"
GOOD = base64.b64encode(hmac.new(SECRET, BODY, hashlib.sha256).digest()).decode()


def test_the_published_example_signs_as_it_says() -> None:
    assert signature(SECRET, BODY).decode() == GOOD == "fJoPLEeEn8PJAaMJCcWUEscpAyObBNN/CRo9Jo6ZoKU="


def test_both_families_of_headers_are_read_and_the_older_wins() -> None:
    headers = {"x-shopify-topic": "orders/paid", "shopify-hmac-sha256": GOOD, "shopify-topic": "refunds/create"}
    asked = Asked(headers, BODY)
    assert name_of(asked).topic == "orders/paid"
    assert authenticate(asked, [b"another", SECRET], 0), "any of the secrets that hold"
    assert not authenticate(Asked(headers | {"x-shopify-hmac-sha256": "wrong"}, BODY), [SECRET], 0)
