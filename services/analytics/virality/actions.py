"""Puts a period's cohorts together."""

from collections.abc import Iterable, Sequence

from services.analytics.metrics.domain.figures import Figures, View, buckets_of
from services.analytics.metrics.domain.periods import Grain
from services.analytics.virality.domain import Cohort

METRICS = (
    "k_factor", "invites_per_ambassador", "joined_per_invite", "customers_per_ambassador", "cycle_time", "share_yield",
    "share_rate", "share_rate_actions", "shares_per_sharer", "participation_rate", "turned_rate", "referral_rate",
)  # fmt: skip
"""Keys of the metrics that say how a program spreads."""


def cohorts(view: View, now: Figures, grain: Grain) -> list[Cohort]:
    """The period's cohorts by the time of joining."""
    return [
        Cohort.of(part.first, part.last, now.total(view.currency, part, needs=frozenset()).sums, today=view.today)
        for part in buckets_of(now.period, grain)
    ]


def together(parts: Iterable[Cohort]) -> Cohort | None:
    """Several cohorts as one; None of none."""
    known: Sequence[Cohort] = list(parts)
    if not known:
        return None
    return Cohort(
        known[0].first,
        known[-1].last,
        sum(part.joined for part in known),
        sum(part.shares for part in known),
        sum(part.customers for part in known),
        sum(part.children for part in known),
        mature=all(part.mature for part in known),
    )
