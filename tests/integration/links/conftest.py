"""Fixtures of links' integration tests: one database per module, a store per test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from services.kernel.auth import sessions
from services.links.settings import smtp_settings
from tests.integration.links.world import BASE, OWN_PAGE, Replica, Shop, open_shop, replica
from tests.support.postgres import FreshDatabase


@pytest.fixture(autouse=True)
def no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stores of tests own their domains by their word; `test_domains` asks for more."""
    monkeypatch.setenv("KITH_LINKS_DOMAIN_PROOF", "false")


@pytest.fixture(autouse=True)
def _relay_of_each_test() -> Iterator[None]:
    """The relay is read once in a process; each test has its own."""
    smtp_settings.cache_clear()
    yield
    smtp_settings.cache_clear()


@pytest.fixture(scope="module")
async def database(module_database: FreshDatabase) -> str:
    """The module's database."""
    return await module_database("links")


@pytest.fixture
async def links(database: str, tmp_path: Path) -> AsyncIterator[Replica]:
    """Links in one process. What earlier tests left to do is not done in this one: its people have the same addresses,
    and would get it.
    """
    async with replica(database, tmp_path) as opened:
        async with opened.ctx.db.transaction() as tx:
            await tx.execute("delete from work_tasks")
            await tx.execute("delete from due")
        yield opened


@pytest.fixture
async def shop(links: Replica) -> AsyncIterator[Shop]:
    """A store of its own for each test."""
    opened = await open_shop(links)
    yield opened
    await opened.http.aclose()


@pytest.fixture
async def console(links: Replica, shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that is signed in."""
    answer = await links.http.post("/console/session", json={"secret_key": shop.secret_key})
    links.http.cookies.clear()
    cookie = answer.headers["set-cookie"].partition(";")[0].partition("=")[2]
    async with httpx.AsyncClient(
        transport=links.http._transport, base_url=BASE, headers=OWN_PAGE, cookies={sessions.COOKIE: cookie}
    ) as browser:
        yield browser
