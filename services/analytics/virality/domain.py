"""K-factor by cohort in both forms, cycle time, and growth. Pure.

A cohort are the ambassadors who joined in one slot of time. Its children are the friends whom its people brought and
who became ambassadors themselves, within `WINDOW_DAYS` of their ambassador's joining: parents and children are of one
kind, or K would not say whether the program grows by itself. K = children ÷ cohort = i × c, with i = shares ÷ cohort
and c = children ÷ shares.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from services.analytics.rollups.domain.counting import VIRAL_WINDOW

WINDOW_DAYS = VIRAL_WINDOW.days


@dataclass(frozen=True, slots=True)
class Cohort:
    """Who joined from `first` to `last`, and what they did within the window. `mature`: the window is over for all."""

    first: date
    last: date
    joined: int
    shares: int
    customers: int
    children: int
    mature: bool

    @classmethod
    def of(cls, first: date, last: date, sums: Mapping[str, int], *, today: date) -> "Cohort":
        """From the sums of its days."""
        return cls(
            first,
            last,
            sums.get("joined", 0),
            sums.get("cohort_shares", 0),
            sums.get("cohort_customers", 0),
            sums.get("cohort_children", 0),
            mature=last + timedelta(days=WINDOW_DAYS) < today,
        )

    @property
    def k(self) -> float | None:
        """Children ÷ cohort; None for an empty cohort."""
        return self.children / self.joined if self.joined else None

    @property
    def invites(self) -> float | None:
        """i: shares ÷ cohort."""
        return self.shares / self.joined if self.joined else None

    @property
    def per_invite(self) -> float | None:
        """c: children ÷ shares; None where nobody shared."""
        return self.children / self.shares if self.shares else None


def amplification(k: float | None) -> float | None:
    """Ambassadors in the end for each one who joined otherwise: 1 ÷ (1 − K). None from K = 1 on: it does not end."""
    return 1 / (1 - k) if k is not None and 0 <= k < 1 else None


def growth(start: float, k: float, cycle_days: float, days: float) -> float:
    """U(t) = U₀ · (K^(t/ct + 1) − 1) ÷ (K − 1), and U₀ · (t/ct + 1) for K = 1. `cycle_days` must be above 0."""
    turns = days / cycle_days
    return start * (turns + 1) if k == 1 else start * (k ** (turns + 1) - 1) / (k - 1)


def mean_of(counts: Mapping[int, int]) -> float | None:
    """Mean of a histogram; None when it is empty."""
    pairs = sum(counts.values())
    return sum(value * count for value, count in counts.items()) / pairs if pairs else None
