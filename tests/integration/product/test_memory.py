"""What strangers send costs the process nothing that stays: what is refused is forgotten, and no cache grows by it."""

import asyncio
import gc
import socket

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


async def test_three_thousand_odd_visitors_leave_the_memory_as_it_was(two_stores: TwoStores) -> None:
    """Agents, paths, slugs, hooks, cookies and keys as long as a head may be, each of them once."""
    url = two_stores.client.base_url
    slug = (await two_stores.client.get("/v1/links", headers=two_stores.a.secret)).json()["data"][0]["slug"]

    def requests(n: int) -> bytes:
        odd = (b"%08d" % n) + b"x" * 12_000
        heads = (
            b"GET /r/%b HTTP/1.1\r\nuser-agent: %b\r\n" % (slug.encode(), odd),
            b"GET /r/%b HTTP/1.1\r\n" % odd[:4000],
            b"GET /v1/%b HTTP/1.1\r\n" % odd[:4000],
            b"GET /console/%b?q=%b HTTP/1.1\r\ncookie: kith_session=%b\r\n" % (odd[:2000], odd[:2000], odd[:8000]),
            b"POST /v1/hooks/shopify/%b HTTP/1.1\r\ncontent-length: 0\r\n" % odd[:4000],
            b"GET /p/%b HTTP/1.1\r\nauthorization: Bearer %b\r\n" % (odd[:1000], odd[:8000]),
        )
        return b"".join(head + b"host: x\r\n\r\n" for head in heads)

    def storm(numbers: range) -> int:
        answers = 0
        for n in numbers:
            with socket.create_connection((url.host, url.port), timeout=60) as line:
                line.sendall(requests(n))
                line.shutdown(socket.SHUT_WR)
                while got := line.recv(65536):
                    answers += got.count(b"HTTP/1.1 ")
        return answers

    process = psutil.Process()
    await asyncio.to_thread(storm, range(20))
    gc.collect()
    before = process.memory_info().rss
    answers = await asyncio.to_thread(storm, range(100, 600))
    gc.collect()
    grown = process.memory_info().rss - before
    assert answers >= 500
    assert grown < MOST_GROWTH // 2, f"{grown / 2**20:.0f} MB more than before"
