"""Every metric: name, formula, numerator, denominator, unit, source, maturity. Formulas are data, and run as written.

A zero denominator gives None, never 0. Sums are those of `totals.Totals`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from services.analytics.slices.domain import _

Unit = Literal["count", "money", "share", "ratio", "days"]
Good = Literal["up", "down", "neither"]


REVENUE = ("gross_minor", "-refunds_minor")
COST = ("ambassador_cost_minor", "friend_cost_minor", "discount_cost_minor")
OPEN_WINDOW = _("Friends of the last 30 days may still buy; orders may be refunded later.")
COHORT = _("Ambassadors who joined less than 30 days ago are still counted in full: their window is open.")


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure. `top` and `bottom` name sums; a leading minus subtracts, and sums of money end with `_minor`. Without
    `bottom` it is the sum itself.
    """

    key: str
    name: str
    formula: str
    unit: Unit
    top: tuple[str, ...]
    bottom: tuple[str, ...] = ()
    good: Good = "up"
    source: str = "conversion.*"
    maturity: str = ""
    estimated: bool = False
    """Whether a part of it is a count of distinct people, exact up to 1,024, with a standard error of 0.8 % beyond."""

    @property
    def needs(self) -> frozenset[str]:
        """Names of the sums it is made of."""
        return frozenset(name.removeprefix("-") for name in (*self.top, *self.bottom))

    def of(self, sums: Mapping[str, int]) -> int | Fraction | None:
        """The value; money stays in minor units (a quotient of money is exact, not rounded)."""
        top = _sum(self.top, sums)
        if not self.bottom:
            return top
        bottom = _sum(self.bottom, sums)
        return Fraction(top, bottom) if bottom else None

    def parts(self, sums: Mapping[str, int]) -> tuple[int, int | None]:
        """Numerator and denominator."""
        return _sum(self.top, sums), _sum(self.bottom, sums) if self.bottom else None


def _sum(names: Iterable[str], sums: Mapping[str, int]) -> int:
    return sum(-sums.get(n[1:], 0) if n.startswith("-") else sums.get(n, 0) for n in names)


_ALL = (
    Metric("revenue", _("Referred revenue"), _("order totals − refunds, of attributed orders"), "money", REVENUE),
    Metric("gross_revenue", _("Gross revenue"), _("order totals of attributed orders"), "money", ("gross_minor",)),
    Metric(
        "refunds", _("Refunds"), _("money paid back on attributed orders"), "money", ("refunds_minor",), good="down",
    ),
    Metric("orders", _("Orders"), _("attributed orders that were not cancelled"), "count", ("orders",)),
    Metric(
        "customers", _("New customers"), _("attributed orders of people who had bought nothing before"), "count",
        ("customers",),
    ),
    Metric(
        "average_order", _("Average order"), _("(order totals − refunds) ÷ attributed orders, both in one currency"),
        "money",
        REVENUE, ("orders_in_currency",),
    ),
    Metric(
        "clicks", _("Clicks"), _("opened share links, robots and prefetches left out"), "count", ("clicks",),
        source="click.recorded",
    ),
    Metric(
        "robot_share", _("Robot clicks"), _("robot and prefetch clicks ÷ all clicks"), "share",
        ("clicks_bot", "clicks_prefetch"), ("clicks", "clicks_bot", "clicks_prefetch"), "down", "click.recorded",
    ),
    Metric(
        "friends", _("Friends"), _("visitors whose first visit by a share link lies in the period"), "count",
        ("friends",),
        source="visit.recorded",
    ),
    Metric(
        "clicks_per_friend", _("Clicks per friend"), _("clicks ÷ friends"), "ratio", ("clicks",), ("friends",),
        "neither",
        "click.recorded, visit.recorded",
    ),
    Metric(
        "visits", _("Visits"), _("visits of the store that its pages reported"), "count", ("visits",),
        source="visit.recorded",
    ),
    Metric(
        "visitors", _("Visitors"), _("different browsers seen by the store's pages"), "count", ("visitors",),
        source="visit.recorded", estimated=True,
    ),
    Metric(
        "signups", _("Friends signed up"), _("friends of the period who opened an account"), "count",
        ("friends_signed_up",), source="signup.recorded",
    ),
    Metric(
        "signup_rate", _("Sign-up rate"), _("friends who opened an account ÷ friends"), "share",
        ("friends_signed_up",), ("friends",), source="visit.recorded, signup.recorded", maturity=OPEN_WINDOW,
    ),
    Metric(
        "buyers", _("Friends who bought"), _("friends of the period with an attributed order"), "count",
        ("friends_bought",),
    ),
    Metric(
        "conversion", _("Conversion"), _("friends with an attributed order ÷ friends"), "share", ("friends_bought",),
        ("friends",),
        source="visit.recorded, conversion.*", maturity=OPEN_WINDOW,
    ),
    Metric(
        "kept_rate", _("Kept after hold"),
        _("friends with a settled order that was not paid back in full ÷ friends who bought"), "share",
        ("friends_kept",), ("friends_bought",), maturity=_("Orders count as kept once they have settled."),
    ),
    Metric(
        "refund_rate", _("Refund rate"), _("refunds ÷ order totals"), "share", ("refunds_minor",),
        ("gross_minor",), "down",
    ),
    Metric(
        "reward_cost", _("Program cost"),
        _("rewards of both sides + discounts that the program promised friends, for orders of the period"), "money",
        COST,
        good="down",
        source="reward.*, conversion.*",
    ),
    Metric(
        "discount_cost", _("Friends’ discounts"),
        _("discounts on attributed orders, as far as the program promised them, without what refunds gave back"),
        "money",
        ("discount_cost_minor",), good="down", source="conversion.*, program.published",
    ),
    Metric(
        "cost_rate", _("Cost rate"), _("program cost ÷ referred revenue"), "share", COST, REVENUE, "down",
        "reward.*, conversion.*",
    ),
    Metric(
        "cac", _("Cost per customer"), _("program cost ÷ new customers, both in one currency"), "money", COST,
        ("customers_in_currency",),
        "down",
        "reward.*, conversion.*",
    ),
    Metric(
        "roas", _("Return on rewards"), _("referred revenue ÷ program cost"), "ratio", REVENUE, COST,
        source="reward.*, conversion.*",
    ),
    Metric(
        "referral_rate", _("Referral rate"), _("first orders that were referred ÷ all first orders"), "share",
        ("referred_first_orders",), ("all_first_orders",),
    ),
    Metric(
        "referred_share", _("Referred orders"), _("attributed orders ÷ all decided orders"), "share",
        ("orders",), ("all_orders",),
    ),
    Metric(
        "joined", _("New ambassadors"), _("ambassadors who joined"), "count", ("joined",), source="ambassador.saved",
    ),
    Metric(
        "participation_rate", _("Participation"), _("ambassadors who joined ÷ different visitors of the store"),
        "share",
        ("joined",), ("visitors",), source="ambassador.saved, visit.recorded", estimated=True,
    ),
    Metric(
        "shares", _("Shares"), _("shares reported by pages and widgets"), "count", ("shares",),
        source="share.recorded",
    ),
    Metric(
        "widget_views", _("Invitations seen"), _("times the invitation to share was shown"), "count", ("widget_views",),
        source="widget.viewed",
    ),
    Metric(
        "share_rate", _("Share rate"), _("people who shared ÷ people who saw the invitation"), "share", ("sharers",),
        ("viewers",),
        source="share.recorded, widget.viewed", estimated=True,
    ),
    Metric(
        "share_rate_actions", _("Shares per view"), _("shares ÷ views of the invitation"), "share",
        ("all_shares",),
        ("widget_views",),
        source="share.recorded, widget.viewed",
    ),
    Metric(
        "shares_per_sharer", _("Shares per sharer"), _("shares ÷ people who shared"), "ratio", ("all_shares",),
        ("sharers",),
        source="share.recorded", estimated=True,
    ),
    Metric(
        "share_yield", _("Share yield"), _("friends ÷ shares"), "ratio", ("friends",), ("shares",),
        source="visit.recorded, share.recorded", maturity=_("Not the K-factor: it can exceed 1 while K is below 1."),
    ),
    Metric(
        "k_factor", _("K-factor, 30 days"),
        _("friends who became ambassadors within 30 days of their ambassador’s joining ÷ ambassadors who joined"),
        "ratio", ("cohort_children",), ("joined",), source="ambassador.saved, conversion.*", maturity=COHORT,
    ),
    Metric(
        "invites_per_ambassador", _("Invites each (i)"),
        _("shares within 30 days of joining ÷ ambassadors who joined"), "ratio", ("cohort_shares",), ("joined",),
        source="ambassador.saved, share.recorded", maturity=COHORT,
    ),
    Metric(
        "joined_per_invite", _("Joined per invite (c)"),
        _("friends who became ambassadors within 30 days of their ambassador’s joining ÷ shares in the same time"),
        "ratio", ("cohort_children",), ("cohort_shares",), source="share.recorded, ambassador.saved, conversion.*",
        maturity=COHORT,
    ),
    Metric(
        "customers_per_ambassador", _("Customers each"),
        _("new customers won within 30 days of joining ÷ ambassadors who joined"), "ratio", ("cohort_customers",),
        ("joined",), source="ambassador.saved, conversion.*", maturity=COHORT,
    ),
    Metric(
        "cycle_time", _("Cycle time, median"),
        _("median days from an ambassador’s joining to the joining of a friend whom they brought"), "days",
        ("cycle_days",), source="ambassador.saved, conversion.*", good="down",
        maturity=_("Only pairs that are complete: friends who may still join are not in it."),
    ),
    Metric(
        "turned_rate", _("Friends turned"), _("new customers who became ambassadors ÷ new customers"), "share",
        ("customers_turned",), ("customers",), source="conversion.*, ambassador.saved",
    ),
)  # fmt: skip

METRICS: Mapping[str, Metric] = {metric.key: metric for metric in _ALL}
