"""Connectors and attribution side by side, with one store whose ambassador Anna has a code."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.integration.attribution.world import SHOP
from tests.support.attribution import ambassador, arrive, code, program
from tests.support.connectors import Pair, served
from tests.support.postgres import FreshDatabase


@pytest.fixture(autouse=True)
def _workers_look_often(looking_often: None) -> None:
    """Nobody waits for a worker's next look."""


@pytest.fixture
async def both(fresh_database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Pair]:
    async with served(await fresh_database("connectors", "attribution"), tmp_path) as pair:
        await arrive(pair.attribution, program(store=SHOP), ambassador(store=SHOP), code(store=SHOP))
        yield pair


@pytest.fixture
async def http(both: Pair) -> httpx.AsyncClient:
    return both.http
