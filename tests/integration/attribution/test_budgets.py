"""How much strangers may report: bounded per address and per key, and nobody's spending keeps a friend's visit out."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.attribution.tracking import hot
from services.common import click_token
from services.kernel.db import Database
from tests.integration.attribution.world import PUBLISHABLE, SHOP
from tests.support import attribution
from tests.support.attribution import served
from tests.support.edge import RING, key
from tests.support.quick import quickly

pytestmark = pytest.mark.usefixtures("no_refill")

EACH, OF_A_KEY, OF_A_CLICK = 5, 12, 3
VISIT = {"type": "visit", "visitor_id": "v1"}


@pytest.fixture
async def http(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """Attribution with small budgets."""
    for name, most in (("ADDRESS", EACH), ("KEY", OF_A_KEY), ("PROVEN", OF_A_CLICK)):
        monkeypatch.setattr(hot, f"{name}_A_MINUTE", most)
    async with served(db, tmp_path) as client:
        yield client


def token(click_id: str = "clk_1") -> str:
    return click_token.issue(RING, SHOP, attribution.token(click_id))


async def report(http: httpx.AsyncClient, address: str, count: int = 1, **more: Any) -> list[int]:
    """Reports from an address; the statuses."""
    reported = {**VISIT, **more}
    app = http._transport.app  # type: ignore[attr-defined]  # an ASGITransport
    transport = httpx.ASGITransport(app=app, client=(address, 40_000))
    async with httpx.AsyncClient(transport=transport, base_url="https://kith.example") as caller:
        answers = [await caller.post("/v1/track", json=reported, headers=PUBLISHABLE) for _ in range(count)]
    for answer in answers:
        if answer.status_code == 429:
            assert int(answer.headers["retry-after"]) >= 1
            assert answer.headers["ratelimit"].split(";")[1] == "r=0"
            assert answer.headers["ratelimit-policy"].endswith(";w=60")
    return [answer.status_code for answer in answers]


@pytest.mark.parametrize(
    ("first", "neighbour", "stranger"),
    [("203.0.113.7", "203.0.113.7", "203.0.113.8"), ("2001:db8:1:2::7", "2001:db8:1:2:ff::8", "2001:db8:1:3::7")],
    ids=["IPv4", "IPv6 by /64"],
)
async def test_an_address_may_report_so_often(
    http: httpx.AsyncClient, first: str, neighbour: str, stranger: str
) -> None:
    assert await report(http, first, EACH + 1) == [202] * EACH + [429]
    assert await report(http, neighbour) == [429]
    assert await report(http, stranger) == [202]


async def test_a_spent_key_drops_what_proves_nothing_and_no_friend_s_visit(http: httpx.AsyncClient) -> None:
    flood = [status for n in range(5) for status in await report(http, f"203.0.113.{n}", EACH)]
    assert flood.count(202) == OF_A_KEY
    assert await report(http, "198.51.100.1") == [429]
    assert await report(http, "198.51.100.1", token="k1.made-up") == [429]
    assert await report(http, "198.51.100.1", token=token()) == [202]
    assert await report(http, "203.0.113.0", token=token("clk_2")) == [202]


async def test_behind_a_spent_address_each_click_has_its_own_budget(http: httpx.AsyncClient) -> None:
    assert 429 in await report(http, "203.0.113.7", EACH + 1)
    assert await report(http, "203.0.113.7", OF_A_CLICK + 1, token=token("clk_3")) == [202] * OF_A_CLICK + [429]
    assert await report(http, "203.0.113.7", token=token("clk_4")) == [202]


async def test_a_quick_answer_spends_the_same_budget(http: httpx.AsyncClient) -> None:
    def quick() -> httpx.Response | None:
        return quickly(http, "POST", "/v1/track", headers=PUBLISHABLE, content=b'{"type":"visit"}')

    assert [quick() is not None for _ in range(EACH + 1)] == [True] * EACH + [False]


async def test_this_machine_itself_and_other_stores_have_their_own(http: httpx.AsyncClient) -> None:
    assert await report(http, "127.0.0.1", EACH + 3) == [202] * (EACH + 3)
    other = key(store=f"{SHOP}2", kind="pk", key_id="key_9")
    assert 429 in await report(http, "203.0.113.7", EACH + 1)
    app = http._transport.app  # type: ignore[attr-defined]  # an ASGITransport
    transport = httpx.ASGITransport(app=app, client=("203.0.113.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url="https://kith.example") as caller:
        assert (await caller.post("/v1/track", json=VISIT, headers=other)).status_code == 202
