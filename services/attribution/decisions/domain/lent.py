"""What a friend's orders lend to each other: the browsers that they named and the tokens that they carried.

People have a few of each. Who has hundreds is many people under one name, and there only the newest are lent on; each
order keeps its own all the same.
"""

from collections.abc import Iterable
from datetime import datetime

from contracts.events.orders import OrderReported
from contracts.events.tracking import TokenClaims
from services.attribution.tracking.domain import lends

MOST_VISITORS = 20
MOST_TOKENS = 50

Touch = tuple[datetime, str]
"""A browser, by its visitor id, and the moment of the latest order that named it."""


def newest_visitors(touches: Iterable[Touch]) -> list[Touch]:
    """The browsers whose clicks count for all of a friend's orders, the newest first. Adding to what this returned
    gives what adding to all would.
    """
    latest: dict[str, datetime] = {}
    for at, visitor in touches:
        latest[visitor] = max(at, latest.get(visitor, at))
    return sorted(((at, visitor) for visitor, at in latest.items()), reverse=True)[:MOST_VISITORS]


def newest_tokens(tokens: Iterable[TokenClaims]) -> list[TokenClaims]:
    """The clicks that count for all of a friend's orders, likewise."""
    distinct = {token.click_id: token for token in tokens}
    return sorted(distinct.values(), key=lambda token: (token.at, token.click_id), reverse=True)[:MOST_TOKENS]


def visitors_reported(reports: Iterable[OrderReported]) -> dict[str, list[Touch]]:
    """The browsers that each order named and that may lend, each with the order's moment as it was reported there."""
    reported: dict[str, list[Touch]] = {}
    for report in reports:
        if report.visitor_id is not None and lends(report.visitor_id):
            reported.setdefault(report.order_id, []).append((report.placed_at, report.visitor_id))
    return reported
