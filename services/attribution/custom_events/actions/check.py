"""Do decisions on events follow from the facts, and is every event that was acknowledged somewhere, once?"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from services.attribution.custom_events.actions.gather import named
from services.attribution.custom_events.domain import decide_events, decision_bytes
from services.attribution.custom_events.sql import events as sql
from services.attribution.custom_events.sql.events import EventRow
from services.attribution.decisions.actions.gather import gather_whole
from services.kernel.db import Tx
from services.kernel.threads import in_thread


@dataclass(frozen=True, slots=True)
class Checked:
    """An event beside what its person's facts say of it today."""

    event_id: str
    equal: bool | None
    """None where nothing can be said: it has settled, when later facts do not count, or is yet to be decided."""


async def check(tx: Tx, store_id: str, *, after: str = "", count: int = 200) -> list[Checked]:
    """Decides a slice of a store's open events again, by their ids, from all facts of their people, and compares the
    bytes; go on with the last one's. The transaction must see one moment.
    """
    rows = await sql.by_id(tx, store_id, after=after, count=count)
    people = {(store_id, row.person_id) for row in rows if row.person_id is not None and _can_be_checked(row)}
    made: dict[str, bytes] = {}
    if people:
        theirs = await sql.of_people(tx, sorted(people))
        gathered = await gather_whole(tx, people, actions=[row.report() for row in theirs])
        happened, doers = [row.happened() for row in theirs], (await named(tx, theirs)).get(store_id, {})
        decided = await in_thread(len(happened), decide_events, gathered.of(store_id), happened, doers)
        made = {event_id: decision_bytes(one) for event_id, one in decided.items()}
    return [
        Checked(row.event_id, made.get(row.event_id) == row.decision if _can_be_checked(row) else None) for row in rows
    ]


def _can_be_checked(row: EventRow) -> bool:
    return row.decision is not None and row.settled_at is None and not row.stale


@dataclass(frozen=True, slots=True)
class EventCount:
    """acked = attributed + unattributed + rejected + pending + in_flight; one called off counts as it was decided."""

    acked: int
    by_status: dict[str, int] = field(default_factory=dict)
    in_flight: int = 0

    @property
    def difference(self) -> int:
        """0, always."""
        return self.acked - sum(self.by_status.values()) - self.in_flight


async def reconcile(tx: Tx, store_id: str) -> EventCount:
    """Counts a store's events."""
    found: Sequence[tuple[str | None, int]] = await sql.count_by_status(tx, store_id)
    decided = {status: n for status, n in found if status is not None}
    return EventCount(await sql.count_all(tx, store_id), decided, sum(n for status, n in found if status is None))
