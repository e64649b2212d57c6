"""What rules give for an order by their own terms. Pure.

Read in this order: `order` (what rules read, and why a reward is what it is), `conditions` (whether a rule is for an
order), `lines` (what each line gives, where that differs), `rules` (what they give in all).
"""

from services.rewards.rules.domain.conditions import folded, months_after
from services.rewards.rules.domain.lines import LineGift, boost_of
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
    Grade,
    Part,
    after_refunds,
    entitlements,
    goods_left,
    lines_of,
    multiplied,
    parts_left,
    terms,
    total_left,
    unlimited,
    usable_from,
    what_is_left,
)
from services.rewards.rules.domain.split import part_of

__all__ = [
    "POINTS",
    "Entitlement",
    "Grade",
    "Line",
    "LineGift",
    "Order",
    "Part",
    "PayAs",
    "Reason",
    "Side",
    "SourceKind",
    "after_refunds",
    "boost_of",
    "entitlements",
    "folded",
    "goods_left",
    "lines_of",
    "months_after",
    "multiplied",
    "part_of",
    "parts_left",
    "terms",
    "total_left",
    "unlimited",
    "usable_from",
    "what_is_left",
]
