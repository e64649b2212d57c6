"""How Stripe is asked for what changed: its list of events, the newest first, of the last 30 days.

An event that is listed says what its delivery said, so the same reader reads both. What is listed while the pages are
read stands before the first of them, and beyond the window.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

import orjson

from services.connectors.platforms.domain.bodies import without_odd_characters
from services.connectors.platforms.domain.port import Page, Polling, Question, Shop, Window
from services.connectors.platforms.domain.stripe.reading import TOPICS
from services.connectors.platforms.domain.values import Reported, mappings, missing, text
from services.kernel.errors import Invalid

_URL: Final = "https://api.stripe.com/v1/events"
_MEMORY: Final = timedelta(days=29)


def ask(shop: Shop, window: Window) -> Question:
    """One page of events."""
    query: list[tuple[str, str | int]] = [
        ("created[gte]", int(window.since.timestamp())),
        ("created[lt]", int(window.until.timestamp())),
        ("limit", window.size),
        *(("types[]", topic) for topic in TOPICS),
    ]
    if window.cursor is not None:
        query.append(("starting_after", window.cursor))
    headers = {"authorization": f"Bearer {shop.password}", "accept": "application/json"}
    return Question(f"{_URL}?{urlencode(query)}", headers)


def read(headers: Mapping[str, str], body: bytes, window: Window) -> Page:
    """The events of a page. Raises `Invalid`."""
    events, more = listed(body)
    # The oldest of a page first: what an order says last is what holds.
    bodies = [orjson.dumps(event) for event in reversed(events)]
    if not more or not events:
        return Page(bodies)
    return Page(bodies, text(events[-1], "id") or missing("id"))


def listed(body: bytes) -> tuple[list[Reported], bool]:
    """The entries of a list's page, and whether there are more. Raises `Invalid`."""
    try:
        found = orjson.loads(without_odd_characters(body))
    except orjson.JSONDecodeError:
        raise Invalid.field("body", "The answer is not JSON.") from None
    data = found.get("data") if isinstance(found, dict) else None
    entries = list(mappings(data))
    if not isinstance(data, list) or len(entries) != len(data):
        raise Invalid.field("data", "The answer has no list.")
    return entries, found.get("has_more") is True


POLLING: Final = Polling(ask=ask, read=read, topic="", reaches_back=_MEMORY)
"""How it is asked. Which event it is, the body says."""
