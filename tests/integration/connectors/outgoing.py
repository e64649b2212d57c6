"""Fixtures of webhooks out: the service with its worker on a database of its own, and a shop's server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.postgres import FreshDatabase
from tests.support.webhooks import Outgoing, Receiver, receiving, sending


@pytest.fixture
async def out(fresh_database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Outgoing]:
    async with sending(await fresh_database("connectors"), tmp_path) as made:
        yield made


@pytest.fixture
async def shop() -> AsyncIterator[Receiver]:
    async with receiving() as made:
        yield made
