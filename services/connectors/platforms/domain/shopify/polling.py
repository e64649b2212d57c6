"""How Shopify is asked for what changed: its Admin API's orders, the oldest change first.

A page goes on behind the last order of the one before, wherever others move meanwhile; some minutes further on it
begins anew at a time, for Shopify lists no more than 25,000 behind one beginning. A request is paid for by all that it
could bring, and there is a most for one: so some orders are asked for with few lines and refunds each, and one that has
more is asked for by itself, with more room for either.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import orjson

from services.connectors.platforms.domain.bodies import without_odd_characters
from services.connectors.platforms.domain.port import Busy, Page, Polling, Question, Refused, Shop, TooDear, Window
from services.connectors.platforms.domain.shopify import naming
from services.connectors.platforms.domain.shopify.api import (
    PATH,
    error_codes,
    points_in_s,
    throttled_for_s,
    without_addresses,
)
from services.connectors.platforms.domain.shopify.graphql import CUT, ORDERS, is_whole
from services.connectors.platforms.domain.values import Reported, mappings, missing, moment, text
from services.kernel.errors import Invalid

_SLICE: Final = timedelta(minutes=10)


class _Room(NamedTuple):
    """What a request has room for. The list of refunds does not say whether there are more: one place stays free."""

    orders: int
    lines: int
    refunds: int
    refund_lines: int


_ROOMS: Final = (_Room(4, 5, 2, 3), _Room(1, 50, 3, 10), _Room(1, 20, 7, 8), _Room(1, 30, 2, 30))
"""Each costs less than the 1,000 points that one request may. The first is for most orders, the others are tried in
turn for one that has more.
"""


class _Place(NamedTuple):
    """Where a page begins: with what changed at `since` or later, behind `after`, with the room of that number."""

    since: str
    room: int = 0
    after: str = ""

    def written(self) -> str:
        return f"{self.since} {self.room} {self.after}"


def ask(shop: Shop, window: Window) -> Question:
    """One page of orders."""
    place = _place(window)
    room = _ROOMS[place.room]
    variables = {
        "query": f"updated_at:>='{place.since}' updated_at:<'{_written(window.until)}'",
        "after": place.after or None,
        "orders": min(room.orders, window.size),
        "lines": room.lines,
        "refunds": room.refunds,
        "refundLines": room.refund_lines,
    }
    headers = {
        "x-shopify-access-token": shop.password,
        "content-type": "application/json",
        "accept": "application/json",
    }
    content = orjson.dumps({"query": ORDERS, "variables": variables})
    return Question(f"https://{shop.host}{PATH}", headers, "POST", content)


def read(headers: Mapping[str, str], body: bytes, window: Window) -> Page:
    """The orders of a page. Raises `Invalid` for what is no list of orders, `Busy`, `Refused` and `TooDear`."""
    answer, place = _answer(body), _place(window)
    orders = _object(_object(answer, "data"), "orders")
    wait = timedelta(seconds=points_in_s(answer) or 0)
    edges, bodies = orders.get("edges"), list[bytes]()
    listed = mappings(edges)
    if not isinstance(edges, list) or len(listed) != len(edges):
        raise Invalid.field("edges", "The answer has no list of orders.")
    for edge in listed:
        node, last = _object(edge, "node"), place.room == len(_ROOMS) - 1
        if is_whole(node, _ROOMS[place.room].refunds):
            bodies.append(orjson.dumps(node))
        elif last:
            bodies.append(orjson.dumps({**node, CUT: True}))
        else:
            return Page(bodies, place._replace(room=place.room + 1).written(), wait)
        place = place._replace(after=text(edge, "cursor") or missing("cursor"))
    if _object(orders, "pageInfo").get("hasNextPage") is not True or not listed:
        return Page(bodies)
    return Page(bodies, _behind(place, _object(listed[-1], "node")).written(), wait)


def _behind(place: _Place, last: Reported) -> _Place:
    """Where the page behind that order begins."""
    changed = moment(last, "updatedAt") or missing("updatedAt")
    if changed - datetime.fromisoformat(place.since) > _SLICE:
        return _Place(_written(changed))
    return place._replace(room=0)


def _answer(body: bytes) -> dict[str, Any]:
    try:
        answer = orjson.loads(without_odd_characters(body))
    except orjson.JSONDecodeError:
        raise Invalid.field("body", "The answer is not JSON.") from None
    if not isinstance(answer, dict):
        raise Invalid.field("body", "The answer is not an object.")
    answer = without_addresses(answer)
    codes = error_codes(answer)
    if "THROTTLED" in codes:
        raise Busy(timedelta(seconds=throttled_for_s(answer)))
    if "ACCESS_DENIED" in codes:
        # Of what it may not see it answers null. An order without its buyer would stand above the webhook's.
        raise Refused
    if "MAX_COST_EXCEEDED" in codes:
        raise TooDear
    if answer.get("errors"):
        raise Invalid.field("errors", "The answer has errors.")
    return answer


def _object(of: Reported, name: str) -> Reported:
    found = of.get(name)
    if not isinstance(found, Mapping):
        raise Invalid.field(name, f"The answer has no {name}.")
    return found


def _place(window: Window) -> _Place:
    if window.cursor is None:
        return _Place(_written(window.since))
    since, room, after = window.cursor.split(" ", 2)
    return _Place(since, int(room), after)


def _written(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


POLLING: Final = Polling(ask=ask, read=read, topic=naming.LISTED)
"""How it is asked. What it answers is read under a topic that no webhook has."""
