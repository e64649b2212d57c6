"""The equation of a store's orders: each one that was acknowledged is somewhere, and is counted once."""

from dataclasses import dataclass, field

from services.attribution.decisions.sql import reading
from services.kernel.db import Tx


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """acked = attributed + unattributed + rejected + waiting + dead_lettered + in_flight."""

    store_id: str
    acked: int
    attributed: int
    unattributed: int
    rejected: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    dead_lettered: int = 0
    in_flight: int = 0

    @property
    def difference(self) -> int:
        """0, always."""
        placed = self.attributed + self.unattributed + sum(self.rejected.values()) + sum(self.waiting.values())
        return self.acked - placed - self.dead_lettered - self.in_flight


async def reconcile(tx: Tx, store_id: str, *, dead_lettered: frozenset[str] = frozenset()) -> Reconciliation:
    """Counts a store's orders. `dead_lettered` are the orders whose reports lie in the dead-letter topic: only the bus
    knows them; without them, undecided orders all count as in flight. A platform's order is known by its event alone:
    one whose report lies there is acknowledged, and in no table of ours.
    """
    unknown = len(dead_lettered) - await reading.count_reported(tx, store_id, dead_lettered)
    acked = await reading.count_acknowledged(tx, store_id) + unknown
    undecided = await reading.undecided(tx, store_id)
    by_state = await reading.count_by_state(tx, store_id)
    refused = {reason: n for (status, reason), n in by_state.items() if status == "rejected"}
    waiting = {reason: n for (status, reason), n in by_state.items() if status == "pending"}
    aside = len(undecided & dead_lettered)
    return Reconciliation(
        store_id=store_id,
        acked=acked,
        attributed=sum(n for (status, _), n in by_state.items() if status == "attributed"),
        unattributed=sum(n for (status, _), n in by_state.items() if status == "unattributed"),
        rejected=refused,
        waiting=waiting,
        dead_lettered=aside + unknown,
        in_flight=len(undecided) - aside,
    )
