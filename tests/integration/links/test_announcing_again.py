"""After an upgrade others are told once more of those whom they know in part, some at a time, and of nobody else."""

from datetime import timedelta

import pytest
from alembic import command
from sqlalchemy import Connection

from services.kernel import migrate as migrations
from services.kernel.jobs import Jobs
from services.links.ambassadors import actions
from services.links.main import SERVICE
from tests.integration.links.world import Replica, Shop, events


async def upgrade(database: str) -> None:
    """The tables as the version before had them, and then as they are."""

    def back(connection: Connection) -> None:
        command.downgrade(migrations._config(SERVICE, connection), "0025")

    await migrations._run(SERVICE, database, back)
    await migrations.migrate(SERVICE, database)


async def go_on(links: Replica) -> int:
    return await Jobs(links.ctx, jobs=(), due_jobs=SERVICE.due_jobs).run_due(actions.ANNOUNCE_JOB)


async def move(links: Replica, by: timedelta) -> None:
    async with links.ctx.db.transaction() as tx:
        await tx.execute(
            "insert into clock (one, offset_seconds, revision) values (true, :by, 1)"
            " on conflict (one) do update set offset_seconds = clock.offset_seconds + :by",
            by=int(by.total_seconds()),
        )


async def test_groups_chosen_codes_and_links_to_pages_are_told_once_more(
    links: Replica, shop: Shop, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "AT_ONCE", 2)
    monkeypatch.setattr("services.links.ambassadors.jobs.AT_ONCE", 2)
    program = await shop.program()
    grouped = [(await shop.ambassador(program, name=f"P{n}", group="VIP"))["id"] for n in range(4)]
    coded = (await shop.ambassador(program, name="Anna"))["id"]
    plain = (await shop.ambassador(program, name="Ben"))["id"]
    gone = grouped.pop()
    seller = (await shop.ambassador(program, name="Cora"))["id"]
    page = "https://shop.example/p/7"
    link = {"program_id": program, "ambassador_id": seller, "destination": page}
    made = await shop.made("/v1/links", link)
    await shop.http.patch(f"/v1/ambassadors/{coded}", json={"code": "ANNAVIP"})
    before, linked = len(await events(links, "ambassador.saved")), len(await events(links, "link.saved"))
    await upgrade(database)
    assert (await shop.http.delete(f"/v1/ambassadors/{gone}")).status_code == 204
    assert await go_on(links) == 0, "a process of the former build may still listen"
    await move(links, timedelta(minutes=11))
    assert await go_on(links) > 1, "some at a time"
    published = (await events(links, "ambassador.saved"))[before:]
    erased = [one for one in published if one["status"] == "erased"]
    again = {one["ambassador_id"]: one for one in published if one["status"] != "erased"}
    assert (len(erased), len(published)) == (1, 6)
    assert set(again) == {*grouped, coded, seller}
    assert plain not in again
    assert [again[one]["group"] for one in grouped] == ["VIP"] * 3
    known = await shop.got(f"/v1/ambassadors/{coded}")
    assert (again[coded]["code_id"], known["code"]["code"]) == (known["code"]["id"], "ANNAVIP")
    assert [again[one]["revision"] for one in (*grouped, coded)] == [2, 2, 2, 3]
    pages = [one for one in (await events(links, "link.saved"))[linked:] if not one["deleted"]]
    assert [(one["link_id"], one["destination"], one["revision"]) for one in pages] == [(made["id"], page, 1)]
    assert await go_on(links) == 0, "once"
    await shop.http.patch(f"/v1/ambassadors/{coded}", json={"group": "New"})
    assert (await events(links, "ambassador.saved"))[-1]["revision"] == 4
