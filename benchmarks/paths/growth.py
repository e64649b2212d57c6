"""Cost as history grows: the pipeline over larger and larger databases, and readers of small and large stores."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from statistics import median
from time import perf_counter

import httpx

from benchmarks.feed import feed, shaped
from benchmarks.history import CLICKS_SHARE, ORDERS_SHARE, add_clicks, multiply
from benchmarks.lab import Lab, Size
from benchmarks.measure import Sample, between, cpu_each, cpu_s
from benchmarks.paths.pipeline import all_services, through
from benchmarks.report import Line, bars
from benchmarks.stage import LIMITED, Stage, Store, at_rest, until
from services.common.order_facts import ReportedFact

FLAT = 0.2
LEVEL = 0.3
SLOWEST_MS = 100


PAST = timedelta(days=60)
"""So long ago that nothing of an order is open any more."""
_BEGUN = """
select exists (select from rewards.conversions where store_id = $1)
  and exists (select from analytics.orders where store_id = $1)
  and (exists (select from analytics.rewards where store_id = $1)
    or not exists (select from rewards.rewards where store_id = $1 and target_minor > 0))
"""
"""Whether every group has begun with the store's events. In a new database one that has not keeps no position yet, and
what waits for it cannot be seen.
"""


async def growth(lab: Lab) -> None:
    """Databases with more and more orders side by side, measured in turn; the cost for one new order of each.

    Of a shape as in life: one store with thousands of ambassadors who have a limit each month, customers by a power law
    up to one with thousands of orders, who all buy again in every round, refunds, some of the past settled, some open.

    Every round begins with another database, after a checkpoint: what the server does now and then for all of them
    must not always hit the same one. Of its processes only the sessions of the database in turn are counted. What these
    had help with is not: how many parallel workers were started is therefore said. The rounds themselves make the
    smallest database grow several times over, which is said too.
    """
    size = lab.size
    stages = [await lab.stage.beside(f"grown_{orders}") for orders in size.grown]
    started = await asyncio.gather(*(all_services(stage) for stage in stages))
    ways = []
    for orders, stage, (port, pids) in zip(size.grown, stages, started, strict=True):
        ways.append(_round(stage, pids, await _with_a_past(stage, port, orders, size), size))
        lab.tick()
    for way in ways:
        await way()
    begins = [await _helped(stage) for stage in stages]
    found: list[list[Sample]] = [[] for _ in ways]
    for turn in range(size.grown_rounds):
        for n in range(len(ways)):
            which = (turn + n) % len(ways)
            async with stages[which].connected() as connection:
                await connection.execute("checkpoint")
            found[which].append(await ways[which]())
        lab.tick()
    labels = [f"{orders:,} orders" for orders in size.grown]
    helped = [await _helped(stage) - before for stage, before in zip(stages, begins, strict=True)]
    ends = [await _orders(stage) for stage in stages]
    own = [(label, median(s.cpu_us for s in samples)) for label, samples in zip(labels, found, strict=True)]
    database = [(label, median(s.store_cpu_us for s in samples)) for label, samples in zip(labels, found, strict=True)]
    text = (
        "CPU for one new order, from accepted to counted, by the orders that the database held before the first round."
        f" Behind the last they held {_listed(ends)}. Parallel workers, which are not counted, were started"
        f" {_listed(helped)} times.\n\n"
        f"Services:\n\n{bars(own, 'µs')}\n\nPostgreSQL:\n\n{bars(database, 'µs')}"
    )
    lab.report.sections.append(("Cost as history grows", text))
    worst = max((_grown(found[0], samples) for samples in found[1:]), key=lambda grown: abs(grown))
    lab.report.lines.append(
        Line(
            f"CPU for one order as the database grows from {labels[0]} to {labels[-1]}, PostgreSQL's share included",
            f"{labels[0]}: {own[0][1] + database[0][1]:.0f} µs",
            f"{labels[-1]}: {own[-1][1] + database[-1][1]:.0f} µs",
            f"{worst:+.0%} at most",
            "within ±20 %",
            abs(worst) <= FLAT,
        )
    )


async def _with_a_past(stage: Stage, port: int, orders: int, size: Size) -> Store:
    """A store with so many orders, and a tenth more of its best customer, as long as that is not beyond the size."""
    (store,) = await stage.stores(port, 1, ambassadors=size.people, program=LIMITED)
    for share, ago in ((0.7, PAST), (0.3, timedelta(minutes=1))):
        count = int(size.templates * share)
        await reported(stage, store, shaped(stage, store, count, customers=size.templates, ago=ago))
    await multiply(stage, [store], orders // size.templates)
    for share, ago in ((0.9, PAST), (0.1, timedelta(minutes=1))):
        count = int(min(size.walk_in, orders // 10) * share)
        await reported(stage, store, shaped(stage, store, count, customers=1, customer="walk-in", ago=ago))
    return store


async def _helped(stage: Stage) -> int:
    """How often a statement in this database had the help of a parallel worker. Sessions report it within a second."""
    await asyncio.sleep(1)
    async with stage.connected() as connection:
        query = "select parallel_workers_launched from pg_stat_database where datname = current_database()"
        return int(await connection.fetchval(query))


async def _orders(stage: Stage) -> int:
    async with stage.connected() as connection:
        return int(await connection.fetchval("select count(*) from attribution.orders"))


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(f"{number:,}" for number in numbers)


async def reported(stage: Stage, store: Store, made: Iterable[ReportedFact]) -> None:
    """Orders go the real way, until all of them is decided, counted, and settled where it is time."""
    await feed(stage, [store], made)
    async with stage.connected() as watch:

        async def begun() -> bool:
            return bool(await watch.fetchval(_BEGUN, store.id))

        await until(begun, within=900, every=0.1)
        await asyncio.sleep(0.2)  # what is written is committed on the bus a moment later
        await until(lambda: at_rest(watch), within=900, every=0.1)


def _round(stage: Stage, pids: Sequence[int], store: Store, size: Size) -> Callable[[], Awaitable[Sample]]:
    """So many new orders of old and new customers, one in twenty of them by the best, from accepted to counted."""

    async def once() -> Sample:
        best = size.grown_events // 20
        made = [
            *shaped(stage, store, size.grown_events - best, customers=size.templates),
            *shaped(stage, store, best, customers=1, customer="walk-in"),
        ]
        before, store_before, began = cpu_s(pids), cpu_each(stage.session_pids()), perf_counter()
        await reported(stage, store, made)
        return Sample(
            work=size.grown_events,
            cpu_s=cpu_s(pids) - before,
            store_cpu_s=between(store_before, cpu_each(stage.session_pids())),
            wall_s=perf_counter() - began,
        )

    return once


def _grown(first: Sequence[Sample], later: Sequence[Sample]) -> float:
    """By how much, paired by rounds."""
    pairs = zip(first, later, strict=True)
    return median((b.cpu_us + b.store_cpu_us) / (a.cpu_us + a.store_cpu_us) - 1 for a, b in pairs)


PAGES = {
    "GET /v1/metrics/summary": "/v1/metrics/summary",
    "GET /v1/metrics/funnel": "/v1/metrics/funnel",
    "GET /v1/metrics/timeseries": "/v1/metrics/timeseries?metric=orders",
    "GET /v1/metrics/channels": "/v1/metrics/channels",
    "GET /v1/metrics/ambassadors": "/v1/metrics/ambassadors",
    "GET /v1/orders": "/v1/orders",
    "GET /v1/rewards": "/v1/rewards",
    "console: overview": "/console",
    "console: orders": "/console/attribution/orders",
    "console: rewards": "/console/rewards/rewards",
}


async def reads(lab: Lab) -> None:
    """Metrics and console pages of two stores of one database, a small and a large one, asked in turn."""
    size = lab.size
    stage = await lab.stage.beside("reads")
    port, pids = await all_services(stage)
    stores = await stage.stores(port, 2, ambassadors=20)
    for store, events in zip(stores, (size.small, size.large), strict=True):
        await through(stage, pids, [store], size.templates)()
        await multiply(stage, [store], int(events * ORDERS_SHARE) // size.templates)
        await add_clicks(stage, store, int(events * CLICKS_SHARE))
        lab.tick()
    async with (
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as small,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as large,
    ):
        for client, store in ((small, stores[0]), (large, stores[1])):
            await client.post("/console/session", data={"secret_key": store.secret_key})
        clients = ((small, stores[0]), (large, stores[1]))
        times = {name: await _ask(clients, path, size.reads) for name, path in PAGES.items()}
    lab.tick()
    _report(lab, times)


async def _ask(
    clients: Sequence[tuple[httpx.AsyncClient, Store]], path: str, count: int
) -> tuple[list[float], list[float]]:
    """Milliseconds of so many answers for each client, after two to warm up."""
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(count + 2):
        for (client, store), into in zip(clients, times, strict=True):
            headers = {"Authorization": f"Bearer {store.secret_key}"} if path.startswith("/v1") else {}
            started = perf_counter()
            answer = await client.get(path, headers=headers)
            took = (perf_counter() - started) * 1000
            answer.raise_for_status()
            if answer.is_redirect:
                raise RuntimeError(f"{path} wants to be elsewhere: {answer.headers['location']}")
            if turn >= 2:
                into.append(took)
    return times


def _report(lab: Lab, times: dict[str, tuple[list[float], list[float]]]) -> None:
    size = lab.size
    rows = [
        f"| page | {size.small:,} events: p50, p95 | {size.large:,} events: p50, p95 | p50 differs |",
        "|---|---|---|---|",
    ]
    differences, slowest = [], 0.0
    for name, (small, large) in times.items():
        differs = median(large) / median(small) - 1
        differences.append(differs)
        slowest = max(slowest, _p95(large))
        rows.append(
            f"| `{name}` | {median(small):.1f} ms, {_p95(small):.1f} ms"
            f" | {median(large):.1f} ms, {_p95(large):.1f} ms | {differs:+.0%} |"
        )
    lab.report.sections.append(("Reads, small store and large store", "\n".join(rows)))
    worst = max(differences, key=abs)
    lab.report.lines.append(
        Line(
            f"metrics and console pages, store with {size.large:,} events",
            f"{size.small:,} events: slowest p95 {max(_p95(s) for s, _ in times.values()):.0f} ms",
            f"slowest p95 {slowest:.0f} ms",
            f"p50 {worst:+.0%} at most",
            f"p95 ≤ {SLOWEST_MS} ms, ±30 %",
            slowest <= SLOWEST_MS and abs(worst) <= LEVEL,
        )
    )


def _p95(times: Sequence[float]) -> float:
    return sorted(times)[int(0.95 * (len(times) - 1))]
