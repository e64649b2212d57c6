"""A database of the toy service for each test."""

from collections.abc import AsyncIterator

import pytest

from services.common.topics import product_topics
from services.kernel.bus.log import LogBus
from services.kernel.bus.topics import dead_letter_topics
from services.kernel.db import Database
from tests.support.postgres import TestServer
from tests.support.toy import GROUP, toy_database
from tests.support.toy.template import toy_template

__all__ = ["bus", "db", "toy_template", "url"]


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
