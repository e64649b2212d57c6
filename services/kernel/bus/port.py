"""What the relay and the consumers need of a bus. Both adapters give the same promises:

- records of one key are delivered in the order in which they were appended;
- a record is delivered at least once to each group: again after a crash that came before `commit`;
- in one group a record goes to one member at a time; when a member dies another takes over.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Generic, NamedTuple, Protocol, TypeVar

from msgspec import Struct

from contracts.events import Payload


class Record(NamedTuple):
    """One event on its way. `headers` are CloudEvents attributes (`ce_id`, `ce_type` …) and `traceparent`."""

    topic: str
    key: str
    value: bytes
    headers: Mapping[str, bytes] = MappingProxyType({})


class Delivered(NamedTuple):
    """A record as a consumer receives it, with its place in the topic."""

    record: Record
    partition: int
    offset: int


P = TypeVar("P", bound=Payload, covariant=True)


class Event(Struct, Generic[P], frozen=True):
    """An event as a handler sees it: the decoded payload and its envelope."""

    id: str
    type: str
    at: datetime
    store_id: str
    data: P
    traceparent: str | None = None


class BusUnavailable(ConnectionError):
    """The bus cannot be reached, or did not confirm in time: what was published may be there or not. Try again."""


class Subscription(Protocol):
    """One member of one group, reading some topics."""

    async def fetch(self, *, max_records: int, wait_s: float) -> Sequence[Delivered]:
        """The next records, in order per store and per key, of all stores that wait alike; fewer if they are long.

        Empty after `wait_s` seconds without any. Raises on a lost bus.
        """
        ...

    async def commit(self, records: Sequence[Delivered]) -> None:
        """Marks these fetched records as handled. After a crash the first that is not comes again, and all behind."""
        ...

    def give_back(self, records: Sequence[Delivered]) -> None:
        """Takes back records of the last fetch that were not handled: the next one gives them again."""
        ...

    async def rewind(self) -> None:
        """Forgets what was fetched and not committed, so that `fetch` gives it again."""
        ...

    async def lag(self) -> Mapping[str, int]:
        """Records behind the end, per topic, as far as this member knows."""
        ...

    async def close(self) -> None:
        """Leaves the group."""
        ...


class Bus(Protocol):
    """A pipe that keeps records for days and remembers, per group, how far it was read."""

    async def start(self) -> None:
        """Connects and makes sure that the topics exist. Does not fail when the bus is away: `publish` does."""
        ...

    async def publish(self, records: Sequence[Record]) -> None:
        """Appends in the order given and returns when all are durable. Raises if any may not be."""
        ...

    async def subscribe(self, *, group: str, topics: Sequence[str], member: str) -> Subscription:
        """Joins a group, which reads from the beginning the first time."""
        ...

    async def stop(self) -> None:
        """Disconnects."""
        ...
