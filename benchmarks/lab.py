"""What a path needs to be measured: how much to do, where, and a place to put what was found."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import Report
from benchmarks.stage import Stage, Store, at_rest, broker, until
from services.cli.local.kafka import Kafka


@dataclass(frozen=True, slots=True)
class Size:
    """How much work. `hot_rounds` of `seconds` each are HTTP load; `events` one round of ours, `usual_events` of the
    usual way; `small` and `large` are events in the histories that reads are compared over; `grown` orders in the
    growing databases, of which each round adds `grown_events` to each; `templates` orders that go the real way before
    they are multiplied. `people` ambassadors has a store of a real shape, and `walk_in` orders its best customer.
    Books of so many `postings` (lines) are verified, limits tried over so many `rewards`. What `kept` orders take on
    disk is measured.
    """

    name: str
    rounds: int
    pipeline_rounds: int
    grown_rounds: int
    hot_rounds: int
    seconds: float
    mixes: tuple[int, ...]
    events: int
    usual_events: int
    single_events: int
    replicas: int
    latency_s: float
    relayed: int
    mails: int
    webhooks: int
    tasks: int
    reads: int
    templates: int
    small: int
    large: int
    grown: tuple[int, ...]
    grown_events: int
    people: int
    walk_in: int
    postings: int
    rewards: int
    kept: int
    idle_s: float


QUICK = Size(
    name="quick",
    rounds=2,
    pipeline_rounds=2,
    grown_rounds=3,
    hot_rounds=2,
    seconds=0.3,
    mixes=(20,),
    events=200,
    usual_events=60,
    single_events=10,
    replicas=1,
    latency_s=2,
    relayed=5_000,
    mails=200,
    webhooks=200,
    tasks=1_000,
    reads=6,
    templates=100,
    small=10_000,
    large=100_000,
    grown=(1_000, 10_000),
    grown_events=200,
    people=500,
    walk_in=300,
    postings=20_000,
    rewards=20_000,
    kept=400,
    idle_s=1,
)
FULL = Size(
    name="full",
    rounds=3,
    pipeline_rounds=5,
    grown_rounds=5,
    hot_rounds=5,
    seconds=2,
    mixes=(1, 20, 200),
    events=3000,
    usual_events=300,
    single_events=60,
    replicas=2,
    latency_s=20,
    relayed=50_000,
    mails=3_000,
    webhooks=3_000,
    tasks=10_000,
    reads=60,
    templates=500,
    small=100_000,
    large=1_000_000,
    grown=(1_000, 10_000, 100_000, 1_000_000),
    grown_events=600,
    people=20_000,
    walk_in=10_000,
    postings=1_000_000,
    rewards=1_000_000,
    kept=8_000,
    idle_s=20,
)


Server = tuple[int, int]
"""Port and process number."""


@dataclass(frozen=True, slots=True)
class Hot:
    """What the hot requests are sent to. Each measured replica has a sibling that started first, is the relay and holds
    the groups: the measured one does nothing but answer, and keep what it was told.
    """

    siblings: tuple[Server, Server]
    links: Server
    attribution: Server
    analytics: Server
    bare: Server
    textbook: Server
    peer: Server
    store: Store


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
    _hot: Hot | None = None

    async def hot(self) -> Hot:
        """The servers of the hot requests and a store; the first call starts them."""
        if self._hot is None:
            stage = self.stage
            admin = stage.postgres.url(stage.database, user="postgres")
            siblings = await asyncio.gather(stage.serve("links"), stage.serve("attribution"))
            links, attribution, analytics, bare, textbook, peer = await asyncio.gather(
                stage.serve("links"),
                stage.serve("attribution"),
                stage.serve("analytics"),
                stage.uvicorn("benchmarks.baselines.bare:app"),
                stage.uvicorn("benchmarks.baselines.textbook:app", TEXTBOOK_DATABASE_URL=admin),
                stage.uvicorn("benchmarks.baselines.peer:app", PEER_DATABASE_URL=admin),
            )
            store = await stage.store(siblings[0][0])
            self._hot = Hot(siblings, links, attribution, analytics, bare, textbook, peer, store)
        return self._hot

    @asynccontextmanager
    async def resting(self) -> AsyncIterator[None]:
        """What works behind the answers (relays, deciding, counting) stands still meanwhile, and catches up afterwards:
        on few processors it would be measured as the disturbance of who answers. Its own cost is measured by `click`
        and `pipeline`.
        """
        hot = await self.hot()
        behind = [pid for _, pid in (*hot.siblings, hot.analytics)]
        for pid in behind:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in behind:
                os.kill(pid, signal.SIGCONT)
        async with self.stage.connected() as watch:
            await until(lambda: at_rest(watch), within=300, every=0.2)

    def close(self) -> None:
        """Ends all services and baselines; the broker and the databases stay."""
        self.stage.close()
        self._hot = None

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
