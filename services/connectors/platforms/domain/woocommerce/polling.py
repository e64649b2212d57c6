"""How WooCommerce is asked for what changed: its REST API v3, oldest change first.

A page begins behind the last change of the page before, not at a number: while it is read, orders change and move to
the end, and what stood behind them would be skipped. Only where more orders changed in one second than a page holds, as
after a bulk edit, the page is counted, and begins some entries early.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

import orjson

from services.connectors.platforms.domain.bodies import without_odd_characters
from services.connectors.platforms.domain.port import Page, Polling, Question, Shop, Window
from services.connectors.platforms.domain.values import mappings, missing, moment
from services.kernel.errors import Invalid

_SECOND: Final = timedelta(seconds=1)
_EARLY: Final = 10
"""Of a hundred entries, so many may leave a second while its pages are read."""


def ask(shop: Shop, window: Window) -> Question:
    """One page of orders. `modified_after` and `modified_before` leave out their own second."""
    after, offset = _place(window)
    query = {
        "modified_after": _written(after),
        "modified_before": _written(window.until),
        "dates_are_gmt": "true",
        "orderby": "modified",
        "order": "asc",
        "status": "any",
        "per_page": window.size,
        "offset": offset,
    }
    proof = b64encode(f"{shop.user}:{shop.password}".encode()).decode()
    headers = {"authorization": f"Basic {proof}", "accept": "application/json"}
    return Question(f"https://{shop.host}/wp-json/wc/v3/orders?{urlencode(query)}", headers)


def read(headers: Mapping[str, str], body: bytes, window: Window) -> Page:
    """The orders of a page. Raises `Invalid` for what is no list of orders."""
    try:
        found = orjson.loads(without_odd_characters(body))
    except orjson.JSONDecodeError:
        raise Invalid.field("body", "The answer is not JSON.") from None
    orders = mappings(found)
    if not isinstance(found, list) or len(orders) != len(found):
        raise Invalid.field("body", "The answer is no list of orders.")
    bodies = [orjson.dumps(order) for order in orders]
    after, offset = _place(window)
    if not _more(headers, window.size, offset, len(orders)):
        return Page(bodies)
    moments = [moment(order, "date_modified_gmt") or missing("date_modified_gmt") for order in orders]
    # What is dated behind the window's end was not asked for, and may be dated behind all that can be written.
    newest = min(max(moments, default=after), window.until)
    if newest > after + _SECOND:
        return Page(bodies, _written(newest - _SECOND))
    step = max(1, window.size - max(1, window.size * _EARLY // 100))
    return Page(bodies, f"{_written(after)} {offset + step}")


def _more(headers: Mapping[str, str], size: int, offset: int, found: int) -> bool:
    """Whether there is more. A page may be short in the middle: the shop leaves out what it cannot load, and says how
    many there are in all.
    """
    total = headers.get("x-wp-total", "")
    return int(total) > offset + size if re.fullmatch(r"[0-9]{1,12}", total) else found >= size


def _place(window: Window) -> tuple[datetime, int]:
    """Behind which moment a page begins, and how many entries behind it."""
    if window.cursor is None:
        return window.since - _SECOND, 0
    after, _, offset = window.cursor.partition(" ")
    return datetime.fromisoformat(after).replace(tzinfo=UTC), int(offset or 0)


def _written(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")


POLLING: Final = Polling(ask=ask, read=read, topic="order.updated")
"""How it is asked."""
