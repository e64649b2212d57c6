"""How old reports of orders are when a decision knows them."""

from collections.abc import Sequence
from datetime import datetime
from time import perf_counter

from prometheus_client import Histogram

from services.kernel.db import Tx
from services.kernel.telemetry import AGES

_AGE = Histogram(
    "kith_decision_age_seconds",
    "From the receipt of a report of an order to the commit of the decision that knows it.",
    buckets=AGES,
)


def note_ages(tx: Tx, received: Sequence[datetime]) -> None:
    """Once this commits: for reports that were received at these moments."""
    if received:
        began = perf_counter()
        tx.after_commit(lambda: _observe(tx.now, perf_counter() - began, received))


def _observe(now: datetime, since_s: float, received: Sequence[datetime]) -> None:
    for received_at in received:
        _AGE.observe(max(0.0, (now - received_at).total_seconds() + since_s))
