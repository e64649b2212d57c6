"""Fixtures of rewards' integration tests: one database per test, with a way in for each of its callers."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.rewards.world import World, open_world
from tests.support.postgres import FreshDatabase


@pytest.fixture(autouse=True)
def _workers_look_often(looking_often: None) -> None:
    """Nobody waits for a worker's next look."""


@pytest.fixture
async def world(fresh_database: FreshDatabase, tmp_path: Path) -> AsyncIterator[World]:
    """Rewards on a database of its own."""
    async with open_world(await fresh_database("rewards"), tmp_path) as opened:
        yield opened
