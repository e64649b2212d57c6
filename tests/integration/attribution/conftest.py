"""Fixtures of attribution's integration tests: a database per test, and its API with one ambassador set up."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from services.kernel.db import Database
from tests.integration.attribution.world import SHOP
from tests.support.attribution import ambassador, arrive, code, program, served
from tests.support.postgres import FreshDatabase


@pytest.fixture
async def db(fresh_database: FreshDatabase) -> AsyncIterator[Database]:
    database = Database(await fresh_database("attribution"), schema="attribution")
    yield database
    await database.close()


@pytest.fixture
async def http(db: Database, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    await arrive(db, program(store=SHOP), ambassador(store=SHOP), code(store=SHOP))
    async with served(db, tmp_path) as client:
        yield client
