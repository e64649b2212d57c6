"""The roll-ups' columns and keys, and `Deltas`: what a batch adds to each row.

A row of `daily` with currency "" holds counts of things without money; a row with a currency holds orders, revenue and
rewards in it. Orders that nobody referred stand under program "": they belong to the store as a whole.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TypeVar

from services.kernel.revisions import Ref

NO_PROGRAM = ""
NO_CURRENCY = ""

COUNTS = (
    "clicks",
    "clicks_bot",
    "clicks_prefetch",
    "visits",
    "visits_referred",
    "signups",
    "shares",
    "widget_views",
    "friends",
    "friends_signed_up",
    "friends_bought",
    "friends_kept",
    "friends_held",
    "joined",
    "cohort_shares",
    "cohort_customers",
    "cohort_children",
)
"""Of `daily`, on rows without a currency."""

SUMS = (
    "orders",
    "orders_refunded",
    "customers",
    "customers_turned",
    "gross_minor",
    "refunds_minor",
    "first_orders",
    "referred_first_orders",
    "other_orders",
    "other_gross_minor",
    "other_refunds_minor",
    "ambassador_cost_minor",
    "friend_cost_minor",
    "discount_cost_minor",
)
"""Of `daily`, on rows with one."""

DAILY = COUNTS + SUMS
CHANNELS = (
    *("clicks", "shares", "friends", "friends_bought", "orders", "orders_by_code", "customers"),
    *("gross_minor", "refunds_minor"),
)
PLACEMENTS = ("views",)
REASONS = ("orders",)
LEADERS = ("friends", "shares", "orders", "customers", "gross_minor", "refunds_minor", "reward_minor")
OWN = ("clicks", "friends", "orders", "reward_minor")
RESULTS = (
    *("clicks", "friends", "orders", "revenue_minor", "reward_minor", "available_minor", "points", "last_active_s"),
)
"""Money in the store's currency; `points` are rewards in points, and `available_minor` what is off its hold."""
LINK_RESULTS = ("clicks", "friends", "orders")
LINK_MONTHS = ("orders",)
CYCLES = ("pairs",)
OWED = ("rewards", "amount_minor")

ROLLUPS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "daily": (("store_id", "day", "program_id", "currency"), DAILY),
    "daily_channels": (("store_id", "day", "program_id", "channel", "currency"), CHANNELS),
    "daily_placements": (("store_id", "day", "placement"), PLACEMENTS),
    "daily_reasons": (("store_id", "day", "program_id", "disposition", "reason"), REASONS),
    "leaders": (("store_id", "grain", "start", "currency", "ambassador_id", "program_id"), LEADERS),
    "own": (("store_id", "start", "program_id", "ambassador_id", "channel", "currency"), OWN),
    "results": (("store_id", "ambassador_id"), RESULTS),
    "link_results": (("store_id", "link_id", "ambassador_id"), LINK_RESULTS),
    "link_months": (("store_id", "start", "link_id", "ambassador_id"), LINK_MONTHS),
    "cycles": (("store_id", "day", "program_id", "lag_days"), CYCLES),
    "owed": (("store_id", "program_id", "currency", "kind", "status"), OWED),
}
"""Roll-up → its key columns and its sums. `own` is by month: what ambassadors see of themselves, and beside whom.
`results` is what each ambassador brought in all: what `standings` puts in order. `link_results`: what each link
brought, with whose it is; `link_months`: by which links friends bought in a month.
"""

HIGHEST: Mapping[str, frozenset[str]] = {"results": frozenset(("last_active_s",))}
"""Columns that hold the highest value that ever came (seconds since 1970), and no sum: order and repetition change
nothing, and nothing takes them back.
"""

HISTOGRAMS: Mapping[str, tuple[str, str, str]] = {"cycle_days": ("cycles", "lag_days", "pairs")}
"""Roll-ups that count by a number: name → (roll-up, the column of the number, the sum). A metric takes the median."""

ONCE: Mapping[str, frozenset[str]] = {
    "daily": frozenset(
        ("clicks", "clicks_bot", "clicks_prefetch", "visits", "visits_referred", "signups", "widget_views")
    ),
    "daily_channels": frozenset(("clicks",)),
    "daily_placements": frozenset(PLACEMENTS),
    "own": frozenset(("clicks",)),
    "results": frozenset(("clicks", "last_active_s")),
    "link_results": frozenset(("clicks",)),
}
"""What is counted once, as it comes, and kept nowhere else: no state holds it, and nothing can count it again."""

Row = tuple[str | int | date, ...]
K = TypeVar("K")


class Deltas:
    """Differences, gathered over a batch: roll-up → key → column → amount. `friends`: of friends' orders. `currencies`
    are those of the stores, which never change: what ambassadors' results are added up in.
    """

    def __init__(self, currencies: Mapping[str, str] | None = None) -> None:
        self.rows: dict[str, dict[Row, dict[str, int]]] = {name: {} for name in ROLLUPS}
        self.friends: dict[Ref, dict[str, int]] = {}
        self.currencies = currencies or {}

    def add(self, rollup: str, key: Row, **amounts: int) -> None:
        """Adds to one row."""
        _add(self.rows[rollup], key, amounts)

    def reach(self, rollup: str, key: Row, **values: int) -> None:
        """Raises columns of `HIGHEST` to these values, where they are lower."""
        row = self.rows[rollup].setdefault(key, {})
        for name, value in values.items():
            row[name] = max(row.get(name, 0), value)

    def add_friend(self, key: Ref, **amounts: int) -> None:
        """Adds to the orders of one friend."""
        _add(self.friends, key, amounts)

    def changed(self, rollup: str) -> Iterator[tuple[Row, dict[str, int]]]:
        """Rows where something is left after all additions and subtractions, in order of their keys."""
        for key in sorted(self.rows[rollup]):
            amounts = {name: amount for name, amount in self.rows[rollup][key].items() if amount}
            if amounts:
                yield key, amounts


def _add(rows: dict[K, dict[str, int]], key: K, amounts: dict[str, int]) -> None:
    """The caller's dict becomes the row where there is none yet: this runs a dozen times for each order."""
    row = rows.get(key)
    if row is None:
        rows[key] = amounts
        return
    for name, amount in amounts.items():
        if amount:
            row[name] = row.get(name, 0) + amount
