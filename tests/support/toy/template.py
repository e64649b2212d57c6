"""A migrated database of the toy, made once per run and cloned for each test."""

import pytest
from sqlalchemy.engine import make_url

from tests.support.postgres import TestServer
from tests.support.toy import make_toy_schema


@pytest.fixture(scope="session")
async def toy_template(postgres: TestServer) -> str:
    """Its name, for `TestServer.clone`."""
    url = await postgres.empty()
    await make_toy_schema(url)
    return make_url(url).database or ""
