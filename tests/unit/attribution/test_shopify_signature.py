"""Whatever stands in a signature's header is a no, and never an accident."""

import base64
import hashlib
import hmac
from random import Random

from services.attribution.shopify.domain import signature
from services.attribution.shopify.hot import _canonical, _told

BODY = b'{"id":450789469,"test":true}'
SECRET = b"test_secret"
GOOD = base64.b64encode(hmac.new(SECRET, BODY, hashlib.sha256).digest()).decode()


def test_the_published_example_signs_as_it_says() -> None:
    assert signature(SECRET, BODY).decode() == GOOD == "fJoPLEeEn8PJAaMJCcWUEscpAyObBNN/CRo9Jo6ZoKU="


def test_no_header_but_the_right_one_passes() -> None:
    chance = Random(450789469)
    headers = [chance.randbytes(chance.randrange(60)).decode("latin-1") for _ in range(5000)]
    for _ in range(5000):
        place = chance.randrange(len(GOOD))
        headers.append(GOOD[:place] + chr(chance.randrange(0x500)) + GOOD[place + chance.randrange(2) :])
    passed = {h for h in headers if hmac.compare_digest(_canonical(h), signature(SECRET, BODY))}
    assert passed <= {GOOD}
    assert hmac.compare_digest(_canonical(GOOD), signature(SECRET, BODY))


def test_both_families_of_headers_are_read_and_the_older_wins() -> None:
    told = _told({b"x-shopify-topic": b"orders/paid", b"shopify-event-id": b"e1", b"shopify-topic": b"other"})
    assert told == {"topic": "orders/paid", "event-id": "e1"}
