"""The hot requests: redirect, track, order. Each against the least, or the usual, on the same server."""

import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from statistics import median

import orjson

from benchmarks.lab import Lab, Server
from benchmarks.load import Answered, drive, get, post
from benchmarks.measure import Comparison, Sample, alternate, cpu_s, spread
from benchmarks.report import Line
from benchmarks.stage import Store
from services.common.scopes import SCOPES
from services.kernel.auth import api_keys
from services.kernel.ids import new_id

BROWSER = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


def loaded(
    lab: Lab, server: Server, request: Callable[[int], bytes], *, connections: int, seconds: float, status: int
) -> Callable[[], Awaitable[Sample]]:
    """A round of load on one server; any other answer than `status` makes the round void and ends the run."""
    port, pid = server
    store = lab.stage.postgres_pids

    async def once() -> Sample:
        async with lab.resting():
            before, store_before = cpu_s([pid]), cpu_s(store())
            answered: Answered = await drive(port, request, connections=connections, seconds=seconds)
            used, store_used = cpu_s([pid]) - before, cpu_s(store()) - store_before
        if set(answered.statuses) != {status}:
            raise RuntimeError(f"expected only {status}, got {answered.statuses}")
        return Sample(
            work=answered.requests,
            cpu_s=used,
            store_cpu_s=store_used,
            wall_s=answered.seconds,
            p50_ms=answered.quantile_ms(0.5),
            p99_ms=answered.quantile_ms(0.99),
        )

    return once


def micros(sides: Sequence[Sample], *, store: str = "PostgreSQL") -> str:
    """The median CPU of one request or event, and the database's share."""
    own, theirs = median(s.cpu_us for s in sides), median(s.store_cpu_us for s in sides)
    return f"{own:.0f} µs" if theirs < 0.5 else f"{own:.0f} µs (+ {theirs:.0f} {store})"


def compared(path: str, against: str, found: Comparison, target: float | None) -> Line:
    """A row for a comparison with a baseline."""
    ratio = median(found.ratios)
    return Line(
        path,
        f"{against}: {micros(found.baseline)}",
        micros(found.ours),
        spread(found.ratios),
        "–" if target is None else f"≥ {target:g}",
        None if target is None else ratio >= target,
    )


def clicks(store: Store) -> Callable[[int], bytes]:
    """Requests of browsers that follow the store's links in turn."""
    requests = [get(f"/r/{slug}", [BROWSER, "Sec-Fetch-Mode: navigate"]) for slug in store.slugs]
    return lambda n: requests[n % len(requests)]


def order_calls(stores: list[Store]) -> Callable[[int], bytes]:
    """New orders with a promo code, of one store after the other."""
    run, placed_at = secrets.token_hex(3), datetime.now(UTC).isoformat()

    def request(n: int) -> bytes:
        store = stores[n % len(stores)]
        body = {
            "order_id": f"{run}-{time.monotonic_ns()}-{n}",
            "placed_at": placed_at,
            "status": "paid",
            "currency": "EUR",
            "total_minor": 5090,
            "subtotal_minor": 4600,
            "customer": {"id": f"{run}-{n}"},
            "codes": [store.codes[n % len(store.codes)]],
        }
        return post("/v1/orders", orjson.dumps(body), [f"Authorization: Bearer {store.secret_key}"])

    return request


async def redirect(lab: Lab) -> None:
    """`GET /r/{slug}` against a bare 302: at 64 connections for capacity, at 8 for latency."""
    hot, size = await lab.hot(), lab.size
    found = []
    for connections in (64, 8):
        shape = partial(loaded, lab, connections=connections, seconds=size.seconds, status=302)
        least, kith = shape(hot.bare, lambda n: get("/", [BROWSER])), shape(hot.links, clicks(hot.store))
        found.append(await alternate(least, kith, rounds=size.hot_rounds, tick=lab.tick))
    lab.report.lines.append(compared("`GET /r/{slug}`", "bare ASGI 302", found[0], 0.6))
    p99 = median(s.p99_ms for s in found[1].ours)
    lab.report.lines.append(
        Line(
            "the same, 8 connections: p50, p99",
            _latency(found[1].baseline),
            _latency(found[1].ours),
            spread(found[1].ratios),
            "p99 ≤ 5 ms",
            p99 <= 5,
        )
    )


def _latency(sides: Sequence[Sample]) -> str:
    return f"{median(s.p50_ms for s in sides):.1f} ms, {median(s.p99_ms for s in sides):.1f} ms"


async def track(lab: Lab) -> None:
    """`POST /v1/track` against a bare ASGI route that parses the same JSON.

    With many keys: no single one may report so much that proves nothing.
    """
    hot, size = await lab.hot(), lab.size
    ring = lab.stage.settings.key_ring(SCOPES)
    keys = [api_keys.issue(ring, kind="pk", store_id=hot.store.id, key_id=new_id("key")) for _ in range(256)]
    headers = [[f"Authorization: Bearer {key}", "Origin: https://shop.example"] for key in keys]

    def request(n: int) -> bytes:
        body = {"type": "visit", "visitor_id": f"v{n}", "url": "https://shop.example/coffee"}
        return post("/v1/track", orjson.dumps(body), headers[n % len(headers)])

    shape = partial(loaded, lab, request=request, connections=64, seconds=size.seconds, status=202)
    found = await alternate(shape(hot.bare), shape(hot.attribution), rounds=size.hot_rounds, tick=lab.tick)
    lab.report.lines.append(compared("`POST /v1/track`", "bare ASGI, JSON parsed", found, 0.5))


async def orders(lab: Lab) -> None:
    """`POST /v1/orders` against FastAPI with an INSERT and commit per request; both idempotent by order id."""
    hot, size = await lab.hot(), lab.size
    request = order_calls([hot.store])
    shape = partial(loaded, lab, request=request, connections=64, seconds=size.seconds, status=202)
    found = await alternate(shape(hot.textbook), shape(hot.attribution), rounds=size.hot_rounds, tick=lab.tick)
    lab.report.lines.append(compared("`POST /v1/orders`", "FastAPI + pydantic, INSERT + commit each", found, 4))
