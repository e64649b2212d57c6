"""The three hot requests: redirect, track, order. Each against the least, or the usual, on the same server."""

import os
import secrets
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import orjson

from benchmarks.baselines import textbook
from benchmarks.load import Answered, drive, get, post
from benchmarks.measure import Comparison, Sample, alternate, cpu_s
from benchmarks.stage import Stage, Store

Tick = Callable[[], None]
_BROWSER = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


def _measured(
    stage: Stage, port: int, pid: int, request: Callable[[int], bytes], *, connections: int, seconds: float, status: int
) -> Callable[[], Awaitable[Sample]]:
    """A round of load on one server; any other answer than `status` makes the round void and ends the run."""

    async def once() -> Sample:
        before, store_before = cpu_s([pid]), cpu_s(stage.postgres_pids())
        answered: Answered = await drive(port, request, connections=connections, seconds=seconds)
        used, store_used = cpu_s([pid]) - before, cpu_s(stage.postgres_pids()) - store_before
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


async def redirect(
    stage: Stage, links: tuple[int, int], store: Store, *, rounds: int, seconds: float, tick: Tick
) -> tuple[Comparison, Comparison]:
    """`GET /r/{slug}` against a bare 302: at 64 connections for capacity, at 8 for latency."""
    bare_port, bare_pid = await stage.uvicorn("benchmarks.baselines.bare:app")
    requests = [get(f"/r/{slug}", [_BROWSER, "Sec-Fetch-Mode: navigate"]) for slug in store.slugs]
    both = []
    for connections in (64, 8):
        ours = _measured(
            stage, *links, lambda n: requests[n % len(requests)], connections=connections, seconds=seconds, status=302
        )
        bare = _measured(
            stage, bare_port, bare_pid, lambda n: requests[0], connections=connections, seconds=seconds, status=302
        )
        both.append(await alternate(bare, ours, rounds=rounds, tick=tick))
    stage.end(bare_pid)
    return both[0], both[1]


async def track(
    stage: Stage, attribution: tuple[int, int], store: Store, *, rounds: int, seconds: float, tick: Tick
) -> Comparison:
    """`POST /v1/track` against a bare ASGI route that parses the same JSON."""
    bare_port, bare_pid = await stage.uvicorn("benchmarks.baselines.bare:app")
    headers = [f"Authorization: Bearer {store.publishable_key}", "Origin: https://shop.example"]

    def request(n: int) -> bytes:
        body = {"type": "visit", "visitor_id": f"v{n % 5000}", "url": "https://shop.example/coffee"}
        return post("/v1/track", orjson.dumps(body), headers)

    ours = _measured(stage, *attribution, request, connections=64, seconds=seconds, status=202)
    bare = _measured(stage, bare_port, bare_pid, request, connections=64, seconds=seconds, status=202)
    comparison = await alternate(bare, ours, rounds=rounds, tick=tick)
    stage.end(bare_pid)
    return comparison


async def orders(
    stage: Stage, attribution: tuple[int, int], store: Store, *, rounds: int, seconds: float, tick: Tick
) -> Comparison:
    """`POST /v1/orders` against FastAPI with an INSERT and commit per request; both idempotent by order id."""
    database = {"TEXTBOOK_DATABASE_URL": stage.database_url}
    text_port, text_pid = await stage.uvicorn(f"{textbook.__name__}:app", **database)
    headers = [f"Authorization: Bearer {store.secret_key}"]
    run = secrets.token_hex(3)
    placed_at = datetime.now(UTC).isoformat()

    def request(n: int) -> bytes:
        body = {
            "order_id": f"{run}-{time.monotonic_ns()}-{n}",
            "placed_at": placed_at,
            "status": "paid",
            "currency": "EUR",
            "total_minor": 5090,
            "subtotal_minor": 4600,
            "customer": {"id": f"c{n % 20_000}"},
            "codes": [store.codes[n % len(store.codes)]],
        }
        return post("/v1/orders", orjson.dumps(body), headers)

    ours = _measured(stage, *attribution, request, connections=64, seconds=seconds, status=202)
    usual = _measured(stage, text_port, text_pid, request, connections=64, seconds=seconds, status=202)
    comparison = await alternate(usual, ours, rounds=rounds, tick=tick)
    stage.end(text_pid)
    return comparison


QUICK = os.environ.get("QUICK", "") not in {"", "0"}
"""Whether to be done in about two minutes."""
