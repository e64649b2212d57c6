"""What a helper does of a run: reads orders as they are kept, and decides them when those before are decided."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from services.common.periods import Period
from services.rewards.grants.domain.caps import BudgetKey, CountKey
from services.rewards.grants.domain.reward import Reward
from services.rewards.grants.sql.packed import text_of
from services.rewards.simulations.domain.figures import Figures
from services.rewards.simulations.domain.lean import order_of
from services.rewards.simulations.domain.replay import (
    Case,
    Version,
    Was,
    caps_of,
    case_of,
    counters_of,
    counts_of,
    decide,
    looked_at,
    periods_of,
)
from services.rewards.slices.domain import program_of

Kept = tuple[bytes | None, str | None, str | None, tuple[str, ...] | None]
"""An order as it lies in the table, packed or plain, the rewards that it has, as JSON, and the memberships that its
ambassador held when it was placed, where that was asked.
"""
_WAS = msgspec.json.Decoder(list[Was])


class Part:
    """The orders of one part of a period. Lives in a helper; it is read first, and decided in its turn."""

    def __init__(self) -> None:
        self._zone = ZoneInfo("UTC")
        self._draft: Version | None = None
        self._versions: dict[int, Version] = {}
        self._tiers: Mapping[str, str] = {}
        self._periods: dict[str, set[Period]] = {}
        self._cases: list[Case] = []
        self._figures = Figures()

    def rules(
        self, zone: str, draft: str | None, versions: dict[int, str], tiers: Mapping[str, str] | None = None
    ) -> None:
        """By what orders are decided: a draft, or for each the version that was in force. Of versions in force a draft
        is compared with the discounts. `tiers`: by ambassador, the one that they are in.
        """
        self._tiers = tiers or {}
        self._zone = ZoneInfo(zone)
        self._draft = None if draft is None else Version.of(program_of(draft))
        self._versions = {number: Version.of(program_of(text)) for number, text in versions.items()}
        in_force = self._versions.values() if self._draft is None else [self._draft]
        self._periods = periods_of(one.program for one in in_force)

    def read(self, orders: Sequence[Kept], refused: Mapping[str, list[Reward]]) -> set[CountKey]:
        """Takes a part's orders, and rewards of theirs that a person refused; returns what they count against."""
        self._cases = [self._case(one, refused) for one in orders]
        self._figures = looked_at(self._cases)
        return counters_of(self._cases, self._periods, self._zone)

    def decide(
        self,
        budgets: Mapping[BudgetKey, int],
        spent: Mapping[BudgetKey, int],
        counts: Mapping[CountKey, tuple[int, int]],
        now: datetime,
    ) -> tuple[Figures, dict[BudgetKey, int], dict[CountKey, tuple[int, int]]]:
        """Decides them with caps as they stand; returns what came of it, and how the counters stand afterwards."""
        caps = caps_of(budgets, spent, counts)
        decide(self._cases, caps, self._zone, now, self._figures)
        moved = {key: found for key, found in counts_of(caps, counts).items() if found != counts[key]}
        return self._figures, dict(caps.spent), moved

    def _case(self, one: Kept, refused: Mapping[str, list[Reward]]) -> Case:
        body, data, granted, held = one
        order = order_of(text_of(body, data))
        was = _WAS.decode(granted) if granted else []
        in_force = None if order.program_version is None else self._versions.get(order.program_version)
        under = in_force if self._draft is None else self._draft
        no = refused.get(order.order_id, [])
        return case_of(order, under, was, no, in_force, zone=self._zone, tiers=self._tiers, held=held)
