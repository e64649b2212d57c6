"""What the text of a promotion code is that an order names by its id: one call of Stripe's API."""

from typing import Final
from urllib.parse import quote

from services.connectors.platforms.domain.bodies import json_object
from services.connectors.platforms.domain.port import Naming, Question, Shop
from services.connectors.platforms.domain.values import LONGEST_CODE, missing, text

_URL: Final = "https://api.stripe.com/v1/promotion_codes/"


def ask(shop: Shop, remote_id: str) -> Question:
    """Asks for one promotion code, also one that is off."""
    headers = {"authorization": f"Bearer {shop.password}", "accept": "application/json"}
    return Question(_URL + quote(remote_id, safe=""), headers)


def read(body: bytes) -> str:
    """What a buyer types. Raises `Invalid`."""
    return (text(json_object(body), "code") or missing("code"))[:LONGEST_CODE]


NAMING: Final = Naming(ask=ask, read=read)
"""How it is asked."""
