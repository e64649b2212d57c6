"""What rules give for an order by their own terms. Pure.

Read in this order: `order` (what rules read, and why a reward is what it is), `rules` (what they give).
"""

from services.rewards.rules.domain.order import (
    POINTS,
    Line,
    Order,
    PayAs,
    Reason,
    Side,
    SourceKind,
)
from services.rewards.rules.domain.rules import (
    Entitlement,
    Part,
    after_refunds,
    entitlements,
    goods_left,
    parts_left,
    terms,
    total_left,
    unlimited,
    usable_from,
    what_is_left,
)

__all__ = [
    "POINTS",
    "Entitlement",
    "Line",
    "Order",
    "Part",
    "PayAs",
    "Reason",
    "Side",
    "SourceKind",
    "after_refunds",
    "entitlements",
    "goods_left",
    "parts_left",
    "terms",
    "total_left",
    "unlimited",
    "usable_from",
    "what_is_left",
]
