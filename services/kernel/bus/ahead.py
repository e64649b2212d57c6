"""What a member has fetched and not yet handled: stores take turns, whoever's records came first.

A partition holds records of many stores in one line, and a busy store's backlog would stand before everybody else's. So
members read ahead, and every batch takes of each store that waits as much as of any other; what one does not need goes
to the rest. A store's own records keep their order. What is committed is the place up to which everything was handled:
after a crash some records of quiet stores come again, none is left out.
"""

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.kernel.bus.envelope import STORE
from services.kernel.bus.port import Delivered

Place = tuple[str, int]
"""A topic and one of its partitions."""

SLICE: Final = 500
SLICES: Final = 4
"""Records that are read at once, and how often before a batch begins: more than a batch takes, so the lead grows."""
_COST_BYTES: Final = 2048


def cost(delivered: Delivered) -> int:
    """What a record counts for: 1, and 1 more for every 2 kB that it is long."""
    return 1 + len(delivered.record.value) // _COST_BYTES


@dataclass(slots=True)
class _Line:
    """One partition, as far as it was read."""

    unhandled: dict[int, int] = field(default_factory=dict)
    """Offset → cost, lowest first."""
    cost: int = 0
    end: int = 0
    reported: int = 0
    """The offset that `done` returned last; at first that of the first record."""

    def first(self) -> int:
        """The lowest offset that is not handled."""
        return next(iter(self.unhandled), self.end)


class Ahead:
    """The records that one member holds, in a queue for each store."""

    MOST = 10_000
    """How far a partition is read ahead, in costs: some seconds of work, at most 20 MB."""

    def __init__(self) -> None:
        self._queues: dict[bytes | str, deque[Delivered]] = {}
        """By store; the first is next. What is of no store queues by its key."""
        self._lines: dict[Place, _Line] = {}

    def __bool__(self) -> bool:
        """Whether there is something to take."""
        return bool(self._queues)

    def has_room(self, place: Place) -> bool:
        """Whether more of this partition may be read."""
        line = self._lines.get(place)
        return line is None or line.cost < self.MOST

    def put(self, records: Sequence[Delivered]) -> None:
        """Adds what was fetched. A partition that begins again, further in front, is taken from there."""
        for delivered in records:
            record = delivered.record
            place = record.topic, delivered.partition
            line = self._lines.get(place)
            if line is not None and delivered.offset < line.end:
                self._forget(place)
                line = None
            if line is None:
                line = self._lines[place] = _Line(reported=delivered.offset)
            line.unhandled[delivered.offset] = price = cost(delivered)
            line.cost += price
            line.end = delivered.offset + 1
            self._queues.setdefault(record.headers.get(STORE) or record.key, deque()).append(delivered)

    def take(self, most: int) -> list[Delivered]:
        """The next batch: costs up to `most`, and the last record's beyond. Who was served waits behind the others.

        Stores with little come first: where only the beginning of a batch is handled, theirs is.
        """
        taken: dict[bytes | str, list[Delivered]] = {}
        left = most
        while self._queues and left > 0:
            share = max(1, left // len(self._queues))
            for name in list(self._queues):
                if left <= 0:
                    break
                queue = self._queues.pop(name)
                own, some = min(share, left), taken.setdefault(name, [])
                while queue and own > 0:
                    some.append(queue.popleft())
                    price = cost(some[-1])
                    own -= price
                    left -= price
                if queue:
                    self._queues[name] = queue
        return [delivered for some in sorted(taken.values(), key=len) for delivered in some]

    def give_back(self, records: Sequence[Delivered]) -> None:
        """Puts records that were taken and not handled in front again. What is held no longer is passed over."""
        for delivered in reversed(records):
            record = delivered.record
            line = self._lines.get((record.topic, delivered.partition))
            if line is not None and delivered.offset in line.unhandled:
                self._queues.setdefault(record.headers.get(STORE) or record.key, deque()).appendleft(delivered)

    def done(self, records: Sequence[Delivered]) -> Mapping[Place, int]:
        """Notes what was handled. Returns the partitions that got on, and the offset before which all is handled.

        What is held no longer, because its partition went elsewhere or began again, is passed over.
        """
        touched: dict[Place, _Line] = {}
        for delivered in records:
            place = delivered.record.topic, delivered.partition
            line = self._lines.get(place)
            if line is not None and delivered.offset in line.unhandled:
                line.cost -= line.unhandled.pop(delivered.offset)
                touched[place] = line
        moved = {place: line.first() for place, line in touched.items() if line.first() > line.reported}
        for place, offset in moved.items():
            self._lines[place].reported = offset
        return moved

    def clear(self) -> Mapping[Place, int]:
        """Forgets everything. Returns where each partition's unhandled records began."""
        began = {place: line.first() for place, line in self._lines.items()}
        self._queues.clear()
        self._lines.clear()
        return began

    def waiting(self) -> dict[str, int]:
        """Records that are held, by topic."""
        counts: Counter[str] = Counter()
        for (topic, _), line in self._lines.items():
            counts[topic] += len(line.unhandled)
        return counts

    def _forget(self, place: Place) -> None:
        del self._lines[place]
        for name, queue in list(self._queues.items()):
            kept = deque(d for d in queue if (d.record.topic, d.partition) != place)
            if kept:
                self._queues[name] = kept
            else:
                del self._queues[name]
