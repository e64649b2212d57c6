"""How InSales is asked for what changed: orders by the time of their change and their id, always the first page."""

from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, timedelta
from typing import Final
from urllib.parse import urlencode

import orjson

from services.connectors.platforms.domain.bodies import without_odd_characters
from services.connectors.platforms.domain.port import READ_BACK, Page, Polling, Question, Shop, Window
from services.connectors.platforms.domain.values import id_of, mappings, missing, moment, text
from services.kernel.errors import Invalid

_NEARLY: Final = 0.8
"""From this share of the calls on that a shop allows in five minutes, some are left to others."""
_REST: Final = timedelta(seconds=60)


def ask(shop: Shop, window: Window) -> Question:
    """One page of orders: changed at `updated_since` with a higher id than `from_id`, or later."""
    since, _, from_id = (window.cursor or "").rpartition(" ")
    query: dict[str, str | int] = {
        "updated_since": since or window.since.astimezone(UTC).isoformat(timespec="seconds"),
        "per_page": window.size,
    }
    if from_id:
        query["from_id"] = from_id
    proof = b64encode(f"{shop.user}:{shop.password}".encode()).decode()
    headers = {"authorization": f"Basic {proof}", "accept": "application/json"}
    return Question(f"https://{shop.host}/admin/orders.json?{urlencode(query)}", headers)


def read(headers: Mapping[str, str], body: bytes, window: Window) -> Page:
    """The orders of a page, as far as they changed before the window's end. Raises `Invalid`."""
    try:
        found = orjson.loads(without_odd_characters(body))
    except orjson.JSONDecodeError:
        raise Invalid.field("body", "The answer is not JSON.") from None
    if isinstance(found, dict):
        found = found.get("orders")
    orders = mappings(found)
    if not isinstance(found, list) or len(orders) != len(found):
        raise Invalid.field("body", "The answer is no list of orders.")
    within = [one for one in orders if (moment(one, "updated_at") or missing("updated_at")) < window.until]
    bodies = [orjson.dumps(order) for order in within]
    if len(within) < len(orders) or len(orders) < window.size:
        return Page(bodies)
    last = orders[-1]
    cursor = f"{text(last, 'updated_at')} {id_of(last.get('id')) or missing('id')}"
    if cursor == window.cursor:
        raise Invalid.field("id", "The answer has the same orders again.")
    return Page(bodies, cursor, _REST if crowded(headers.get("api-usage-limit", "")) else timedelta())


def crowded(usage: str) -> bool:
    """Whether most of the calls are used up that a shop allows, by its answer's `API-Usage-Limit`, as in `412/500`."""
    used, _, most = usage.partition("/")
    if not (used.strip().isdecimal() and most.strip().isdecimal() and int(most)):
        return False
    return int(used) >= _NEARLY * int(most)


POLLING: Final = Polling(ask=ask, read=read, topic=READ_BACK)
"""How it is asked."""
