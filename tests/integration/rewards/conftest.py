"""Fixtures of rewards' integration tests: one database per module, and ids of its own for each test."""

from collections.abc import AsyncIterator

import pytest

from services.kernel.db import Database
from tests.integration.rewards.world import World
from tests.support.postgres import FreshDatabase


@pytest.fixture
async def world(fresh_database: FreshDatabase) -> AsyncIterator[World]:
    """Rewards on a database of its own."""
    url = await fresh_database("rewards")
    db, owner = Database(url, schema="rewards", pool_size=8), Database(url, schema="rewards", role=None, pool_size=2)
    yield World(db, owner)
    await db.close()
    await owner.close()
