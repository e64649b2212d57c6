"""A database of the toy service for each test."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.engine import make_url

from services.kernel.bus.log import LogBus
from services.kernel.bus.topics import dead_letter_topics, product_topics
from services.kernel.db import Database
from tests.support.postgres import TestServer
from tests.support.toy import GROUP, make_toy_schema, toy_database


@pytest.fixture(scope="session")
async def toy_template(postgres: TestServer) -> str:
    """Name of a migrated database to clone."""
    url = await postgres.empty()
    await make_toy_schema(url)
    return make_url(url).database or ""


@pytest.fixture
async def url(postgres: TestServer, toy_template: str) -> AsyncIterator[str]:
    """The owner's address."""
    made = await postgres.clone(toy_template)
    yield made
    await postgres.drop(made)


@pytest.fixture
async def db(url: str) -> AsyncIterator[Database]:
    """The database as a service sees it."""
    async with toy_database(url) as database:
        yield database


@pytest.fixture
async def bus(url: str) -> AsyncIterator[LogBus]:
    """The log in that database."""
    log = LogBus(url, (*product_topics(), *dead_letter_topics([GROUP])))
    await log.start()
    yield log
    await log.stop()
