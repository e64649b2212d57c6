"""What a path needs to be measured: how much to do, where, and a place to put what was found."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import Report
from benchmarks.stage import Stage, broker
from services.cli.local.kafka import Kafka


@dataclass(frozen=True, slots=True)
class Size:
    """How much work. `seconds` is one round of HTTP load; `events` one round of ours, `usual_events` of the usual way;
    `small` and `large` are events in the histories that reads are compared over; `grown` orders in the growing
    databases.
    """

    name: str
    rounds: int
    seconds: float
    mixes: tuple[int, ...]
    events: int
    usual_events: int
    latency_s: float
    relayed: int
    reads: int
    small: int
    large: int
    grown: tuple[int, ...]
    idle_s: float


QUICK = Size(
    name="quick",
    rounds=2,
    seconds=0.5,
    mixes=(1, 20),
    events=1000,
    usual_events=100,
    latency_s=4,
    relayed=5_000,
    reads=15,
    small=10_000,
    large=100_000,
    grown=(1_000, 10_000),
    idle_s=4,
)
FULL = Size(
    name="full",
    rounds=5,
    seconds=3,
    mixes=(1, 20, 200),
    events=5000,
    usual_events=500,
    latency_s=20,
    relayed=50_000,
    reads=60,
    small=100_000,
    large=1_000_000,
    grown=(10_000, 100_000, 1_000_000),
    idle_s=20,
)


@dataclass(slots=True)
class Lab:
    """One run of the benchmarks. `tick` moves the progress bar by one step."""

    size: Size
    folder: Path
    stage: Stage
    report: Report
    tick: Callable[[], None]
    stack: AsyncExitStack
    _kafka: Kafka | None = None
    _on_kafka: Stage | None = None

    async def kafka(self) -> Kafka:
        """The run's broker; the first call starts it."""
        if self._kafka is None:
            self._kafka = await self.stack.enter_async_context(broker(self.folder))
        return self._kafka

    async def on_kafka(self) -> Stage:
        """A stage whose bus is Kafka."""
        if self._on_kafka is None:
            self._on_kafka = await self.stage.beside("split", await self.kafka())
        return self._on_kafka
