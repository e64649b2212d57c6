"""Two stores beside each other: how soon the quiet one's orders are rewarded, alone and while the other is flooded.

The flood is what strangers and the store itself may bring: pages' reports up to the limits of several addresses, among
them names by the hundred for one browser, and more than ten times the quiet store's orders, of a "walk-in" customer who
has thousands already. Both stores lie in the same partition.
"""

import asyncio
import secrets
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

import httpx
import psutil
from aiokafka.partitioner import murmur2
from prometheus_client.parser import text_string_to_metric_families

from tests.faults.history import History, side_by_side
from tests.support.product import Product
from tests.support.wait import until

PARTITIONS = 3
"""Of the split product's topics."""
ADDRESSES = [f"203.0.113.{n}" for n in range(1, 5)]
WALK_IN = "walk-in"
WARM_UP = 10
MOST = 2
"""How many times as long as alone the slowest twentieth may take beside a flood."""
TURN_S = 0.05
"""How long the event loop may be held."""


@dataclass(frozen=True)
class Beside:
    """What was measured: seconds from an order to its rewards, in both times, and what the flood was."""

    alone: list[float]
    flooded: list[float]
    reports: Counter[int]
    """Answers to pages' reports, by status. On a machine that is busy otherwise they may not reach the limit."""
    orders: int
    """That the flooded store was told meanwhile."""
    turns: Counter[float]
    """How late timers fired during the flood, in all processes: counts by upper bound in seconds."""

    @property
    def ratio(self) -> float:
        """How much longer than alone the slowest twentieth takes at least."""
        return p95(self.flooded) / p95(self.alone)

    @property
    def steady(self) -> bool:
        """Whether the time alone was even. Where the machine is busy itself, the ratio says little."""
        return p95(self.alone) <= MOST * p50(self.alone)

    @property
    def held_up(self) -> bool:
        """Whether the quiet store waited for the flooded one."""
        return self.steady and self.ratio > MOST

    @property
    def late(self) -> float:
        """Share of the timers that fired later than a turn may take."""
        return sum(count for bound, count in self.turns.items() if bound > TURN_S) / max(1, self.turns.total())


def p50(seconds: list[float]) -> float:
    """The middle."""
    return statistics.median(seconds)


def p95(seconds: list[float]) -> float:
    """What one in twenty takes longer than."""
    return statistics.quantiles(seconds, n=20, method="inclusive")[-1]


async def beside_a_flood(product: Product, http: httpx.AsyncClient, *, orders: int, walk_in: int) -> Beside:
    """Measures so many orders in both times; the flood's walk-in has `walk_in` orders before. Nothing is lost by it."""
    quiet, busy = await _in_one_partition(http, product.operator_key)
    await side_by_side(busy.order(f"w-{n}", n, customer=WALK_IN) for n in range(walk_in))
    await until(lambda: _all_decided(busy), within=180, every=1, what="the walk-in's orders decided")
    alone = await _times(quiet, "alone", WARM_UP + orders)
    before = await _turns(http)
    async with _Flood(product, busy).running() as flood:
        flooded = await _times(quiet, "flooded", orders)
    turns = await _turns(http) - before
    reported = len(busy.acked) - walk_in
    await until(lambda: _all_decided(busy), within=180, every=1, what="the flooded store's orders decided")
    assert await quiet.rewards() == quiet.expected()
    for history in (quiet, busy):
        assert await history.out_of_balance() == 0
    return Beside(alone[WARM_UP:], flooded, flood.reports, reported, turns)


async def _in_one_partition(http: httpx.AsyncClient, operator_key: str) -> tuple[History, History]:
    """Two stores whose events stand in one line on Kafka."""
    by_partition: dict[int, History] = {}
    while True:
        made = await History.begin(http, operator_key)
        partition = (murmur2(made.store_id.encode()) & 0x7FFFFFFF) % PARTITIONS
        if partition in by_partition:
            return by_partition[partition], made
        by_partition[partition] = made


async def _all_decided(history: History) -> bool:
    return await history.decided() == len(history.acked)


async def _times(history: History, name: str, count: int) -> list[float]:
    """Seconds from each order's telling to its rewards, one order after the other."""
    times = []
    for number in range(count):
        began = time.monotonic()
        assert await history.order(f"{name}-{number}", number)
        await until(partial(history.rewarded, f"{name}-{number}"), within=60, what="an order's rewards")
        times.append(time.monotonic() - began)
    return times


async def _turns(http: httpx.AsyncClient) -> Counter[float]:
    """How late timers have fired so far: counts by upper bound."""
    counts: Counter[float] = Counter()
    below: Counter[tuple[tuple[str, str], ...]] = Counter()
    families = list(text_string_to_metric_families((await http.get("/metrics")).text))
    samples = [s for f in families for s in f.samples if s.name == "kith_event_loop_lag_seconds_bucket"]
    for sample in sorted(samples, key=lambda sample: float(sample.labels["le"])):
        process = tuple(sorted((k, v) for k, v in sample.labels.items() if k != "le"))
        counts[float(sample.labels["le"])] += int(sample.value) - below[process]
        below[process] = int(sample.value)
    return counts


@dataclass
class _Flood:
    """Everything at once, upon one store, until the block ends."""

    product: Product
    store: History
    reports: Counter[int] = field(default_factory=Counter)
    _over: asyncio.Event = field(default_factory=asyncio.Event)
    _reported: int = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator["_Flood"]:
        """Runs it."""
        # Straight to a replica: the gateway would name the one address that all of this machine's callers have.
        (listening,) = {
            c.laddr.port
            for c in psutil.Process(self.product.pid("attribution-1")).net_connections("tcp")
            if c.status == psutil.CONN_LISTEN
        }
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{listening}", timeout=20) as replica:
            work = [self._reporting(replica, address) for address in ADDRESSES]
            work += [self._again(0.05, self._order), self._again(0.05, self._order)]
            tasks = [asyncio.create_task(one) for one in work]
            try:
                yield self
            finally:
                self._over.set()
                await asyncio.gather(*tasks)

    async def _reporting(self, replica: httpx.AsyncClient, address: str) -> None:
        """Spends the address's budget at once, and then asks twice as often as it comes back."""
        headers = {"authorization": f"Bearer {self.store.publishable_key}", "x-forwarded-for": address}
        browser = f"v_{secrets.token_hex(16)}"
        number = 0
        while not self._over.is_set():
            number += 1
            named = {"type": "identify", "customer": {"id": f"c-{number}"}} if number % 2 else {"type": "visit"}
            body = {**named, "visitor_id": browser, "url": f"https://shop.example/{number}"}
            status = (await replica.post("/v1/track", json=body, headers=headers)).status_code
            self.reports[status] += 1
            if status == 429:
                await self._pause(0.05)

    async def _order(self) -> None:
        self._reported += 1
        assert await self.store.order(f"f-{self._reported}", self._reported, customer=WALK_IN)

    async def _again(self, every_s: float, call: Callable[[], Awaitable[None]]) -> None:
        while not self._over.is_set():
            await call()
            await self._pause(every_s)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), seconds)
