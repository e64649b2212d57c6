"""Hostile bodies cost the process nothing that stays: what is refused is forgotten."""

import asyncio
import gc

import httpx
import psutil

from tests.support.two_stores import TwoStores

HUGE = b'{"order_id": "' + b"a" * 900_000 + b'"}'
DEEP = b"[" * 60_000 + b"]" * 60_000
WIDE = b"{" + b",".join(b'"k%d": 0' % n for n in range(60_000)) + b"}"
ODD = b'{"order_id": NaN, "total_minor": -1e999, "x": "\xff\\u0000"}'
PATHS = (
    "/v1/orders",
    "/v1/track",
    "/v1/programs",
    "/v1/ambassadors",
    "/v1/hooks/shopify/hok_nobody",
    "/console/session",
)
MOST_GROWTH = 48 * 1024 * 1024


async def test_a_storm_of_hostile_bodies_leaves_the_memory_as_it_was(two_stores: TwoStores) -> None:
    client, store = two_stores.client, two_stores.a
    headers = store.secret | {"content-type": "application/json"}

    async def storm(rounds: int) -> set[int]:
        seen: set[int] = set()
        for _ in range(rounds):
            for body in (HUGE, DEEP, WIDE, ODD):
                calls = (client.post(path, content=body, headers=headers) for path in PATHS)
                answers: list[httpx.Response] = await asyncio.gather(*calls)
                seen |= {answer.status_code for answer in answers}
        gc.collect()
        return seen

    process = psutil.Process()
    await storm(10)  # buffers of the allocator, caches, compiled patterns
    before = process.memory_info().rss
    seen = await storm(40)
    grown = process.memory_info().rss - before
    assert all(400 <= status < 500 for status in seen), seen
    assert grown < MOST_GROWTH, f"{grown / 2**20:.0f} MB more than before"
