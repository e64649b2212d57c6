"""The activity's page on a real database: so many lines to a page, and every note on one of them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from contracts.events.audit import AuditNoted
from services.analytics.activity import sql
from services.analytics.activity.actions import Place, lines
from services.analytics.activity.domain import Line
from services.analytics.activity.sql import Filter
from services.kernel.db import ALL_STORES, Database
from tests.support.postgres import FreshDatabase

STORE = "str_1"
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.fixture
async def db(fresh_database: FreshDatabase) -> AsyncIterator[Database]:
    database = Database(await fresh_database("analytics"), schema="analytics")
    yield database
    await database.close()


def noted(number: int, action: str, *, request: str | None = None, on: str = "", store_id: str = STORE) -> AuditNoted:
    return AuditNoted(
        store_id=store_id,
        audit_id=f"aud_{number:06}",
        at=NOON + timedelta(seconds=number),
        service="links",
        actor_kind="key",
        actor_id="key_1",
        action=action,
        on=on or f"amb_{number}",
        request_id=request,
    )


async def pages(db: Database, *, count: int, folded: bool = True, wanted: Filter | None = None) -> list[list[Line]]:
    """Every page from the newest on."""
    found: list[list[Line]] = []
    place: Place | None = None
    while True:
        async with db.transaction([STORE, ALL_STORES]) as tx:
            page, place = await lines(tx, STORE, wanted or Filter(), before=place, count=count, folded=folded)
        found.append(page)
        if place is None:
            return found


async def keep(db: Database, *notes: AuditNoted) -> None:
    async with db.transaction([STORE, ALL_STORES]) as tx:
        await sql.save(tx, notes)


async def test_a_thousand_ambassadors_of_one_batch_are_one_line(db: Database) -> None:
    await keep(db, *(noted(n, "ambassador.added", request="req_1") for n in range(1000)), noted(1000, "key.made"))
    ((newest, batch),) = await pages(db, count=50)
    assert (newest.note.action, newest.count) == ("key.made", 1)
    assert (batch.note.action, batch.count, batch.since) == ("ambassador.added", 1000, NOON)


async def test_each_of_them_is_listed_by_itself_when_asked_for(db: Database) -> None:
    await keep(db, *(noted(n, "ambassador.added", request="req_1") for n in range(120)))
    found = await pages(db, count=50, folded=False, wanted=Filter(action="ambassador.added"))
    assert [len(page) for page in found] == [50, 50, 20]
    assert len({line.note.subject for page in found for line in page}) == 120


async def test_every_note_is_on_exactly_one_page(db: Database) -> None:
    kinds = ("link.made", "code.made", "program.changed", "reward.approved")
    notes = [noted(n, kinds[n * n % 7 % 4], request=f"req_{n // 3}") for n in range(700)]
    # What is done days apart is not one piece of work, so there are many lines.
    spread = [note.model_copy(update={"at": NOON + timedelta(hours=9 * n)}) for n, note in enumerate(notes)]
    await keep(db, *spread)
    found = await pages(db, count=10)
    assert len(found) > 3
    assert sum(line.count for page in found for line in page) == 700
    moments = [line.note.at for page in found for line in page]
    assert len(set(moments)) == len(moments)


async def test_what_goes_on_beyond_what_a_page_reads_goes_on_behind_it(db: Database) -> None:
    await keep(db, *(noted(n, "link.made") for n in range(6000)))
    assert [[line.count for line in page] for page in await pages(db, count=50)] == [[5000], [1000]]
