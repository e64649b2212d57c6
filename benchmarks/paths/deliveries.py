"""Deliveries of platforms: what each costs beside Shopify's, and how soon it is acknowledged."""

import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import count
from statistics import median
from typing import Any

import httpx

from benchmarks.lab import Lab, Server
from benchmarks.load import drive, post
from benchmarks.measure import Sample, alternate, cpu_s, spread
from benchmarks.paths.http import micros
from benchmarks.report import Line
from benchmarks.stage import Stage, Store, until
from services.cli.simulated import Purchase, simulate

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TOPICS = {
    "shopify": "orders/paid",
    "woocommerce": "order.updated",
    "stripe": "checkout.session.completed",
    "tilda": "order",
    "insales": "orders/create",
    "bitrix": "order.saved",
    "generic": "order.saved",
}
"""Of each platform, the one that brings a paid order. InSales' only names one, and leaves a task to ask for it."""
ONCE_MORE: dict[str, dict[str, Any]] = {
    "tilda": {"options": {"currency": "EUR", "paid_on_arrival": True}},
    # An app that the shop's owner has not installed yet: its orders are to be asked for, and nobody is asked.
    "insales": {"host": "shop.example", "access": {"user": "app", "app_secret": "of-an-app-that-waits"}},
}
LEAST_RATIO = 0.5
"""No platform's delivery may cost twice what Shopify's does."""
_QUIET = """
select not exists (select from connectors.deliveries where outcome = 'waiting')
   and not exists (select from connectors.outbox)
"""
FOR_CAPACITY, FOR_TIMES = 64, 8
"""Connections at a time."""


async def deliver(lab: Lab) -> None:
    """New orders, each with a promo code, to one replica that keeps, reads and sends them on."""
    stage = await lab.stage.beside("deliveries")
    links, links_pid = await stage.serve("links")
    store = await stage.store(links)
    stage.end(links_pid)
    server = await stage.serve("connectors")
    requests = {name: await _requests(server[0], store, name, number) for number, name in enumerate(TOPICS)}
    shape = partial(_round, stage, server, seconds=lab.size.seconds)
    for name in list(TOPICS)[1:]:
        sides = [shape(requests[one], connections=FOR_CAPACITY) for one in ("shopify", name)]
        found = await alternate(*sides, rounds=lab.size.rounds, tick=lab.tick)
        lab.report.lines.append(
            Line(
                f"a delivery of {name}: kept, answered, read, sent on",
                f"Shopify's: {micros(found.baseline)}",
                micros(found.ours),
                spread(found.ratios),
                f"≥ {LEAST_RATIO:g}",
                median(found.ratios) >= LEAST_RATIO,
            )
        )
    times = {name: [await shape(requests[name], connections=FOR_TIMES)() for _ in range(2)][1] for name in TOPICS}
    lab.tick()
    lab.report.lines.append(
        Line(
            f"the same, {FOR_TIMES} connections: p50, p99 of acknowledgements",
            f"Shopify's: {_times([times.pop('shopify')])}",
            "; ".join(f"{name}: {_times([one])}" for name, one in times.items()),
            "–",
            "–",
            None,
        )
    )


def _round(
    stage: Stage, server: Server, request: Callable[[int], bytes], *, connections: int, seconds: float
) -> Callable[[], Awaitable[Sample]]:
    """A round of load, which ends when all that was acknowledged is read and sent on."""
    port, pid = server

    async def once() -> Sample:
        before, store_before = cpu_s([pid]), cpu_s(stage.postgres_pids())
        answered = await drive(port, request, connections=connections, seconds=seconds)
        async with stage.connected() as watch:
            await until(lambda: watch.fetchval(_QUIET), within=120, every=0.1)
        if set(answered.statuses) != {200}:
            raise RuntimeError(f"expected only 200, got {answered.statuses}")
        return Sample(
            work=answered.requests,
            cpu_s=cpu_s([pid]) - before,
            store_cpu_s=cpu_s(stage.postgres_pids()) - store_before,
            wall_s=answered.seconds,
            p50_ms=answered.quantile_ms(0.5),
            p99_ms=answered.quantile_ms(0.99),
        )

    return once


def _times(sides: Sequence[Sample]) -> str:
    return f"{median(s.p50_ms for s in sides):.1f} ms, {median(s.p99_ms for s in sides):.1f} ms"


async def _requests(port: int, store: Store, platform: str, number: int) -> Callable[[int], bytes]:
    """Connects a shop; what it delivers, a new order each time, signed as the platform signs."""
    body: dict[str, Any] = {"platform": platform, "order_prefix": f"{number}-", **ONCE_MORE.get(platform, {})}
    if platform not in ("tilda", "insales"):  # whose secret is made here
        body["secret"] = SECRET
    key = {"Authorization": f"Bearer {store.secret_key}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        answer = await client.post("/v1/connections", json=body, headers=key)
        answer.raise_for_status()
        made = answer.json()
    path, numbers, at = httpx.URL(made["url"]).path, count(secrets.randbits(40)), datetime.now(UTC)

    def request(n: int) -> bytes:
        bought = Purchase(str(next(numbers)), at, store.codes[n % len(store.codes)])
        sent = simulate(platform, TOPICS[platform], bought, made.get("secret") or SECRET, now=int(time.time()))
        return post(path, sent.body, [f"{name}: {value}" for name, value in sent.headers.items()])

    return request
