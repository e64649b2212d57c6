"""Migrating beside replicas that go on with their work."""

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from services.kernel import migrate as migrations
from services.kernel.service import Service
from services.links.main import SERVICE

DEADLOCK = "do $$ begin raise exception 'each waits for the other' using errcode = '40P01'; end $$"


@pytest.mark.parametrize(("deadlocks", "migrated"), [(1, True), (migrations.TRIES, False)])
async def test_a_migration_that_meets_a_deadlock_begins_anew_a_few_times(
    url: str, monkeypatch: pytest.MonkeyPatch, deadlocks: int, migrated: bool
) -> None:
    began = 0

    def upgrade(service: Service, connection: Connection) -> None:
        nonlocal began
        began += 1
        if began <= deadlocks:
            connection.execute(text(DEADLOCK))

    monkeypatch.setattr(migrations, "_upgrade", upgrade)
    if migrated:
        await migrations.migrate(SERVICE, url)
    else:
        with pytest.raises(DBAPIError, match="each waits for the other"):
            await migrations.migrate(SERVICE, url)
    assert began == min(deadlocks + 1, migrations.TRIES)
