"""Fixtures of links' integration tests: one database per module, a store per test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.links.world import Replica, Shop, open_shop, replica
from tests.support.postgres import FreshDatabase


@pytest.fixture(scope="module")
async def database(module_database: FreshDatabase) -> str:
    """The module's database."""
    return await module_database("links")


@pytest.fixture
async def links(database: str, tmp_path: Path) -> AsyncIterator[Replica]:
    """Links in one process."""
    async with replica(database, tmp_path) as opened:
        yield opened


@pytest.fixture
async def shop(links: Replica) -> AsyncIterator[Shop]:
    """A store of its own for each test."""
    opened = await open_shop(links)
    yield opened
    await opened.http.aclose()
