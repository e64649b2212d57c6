"""A store tells a segment of its ambassadors something: now, again after weeks, until it stops."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
from alembic import command

from services.kernel import migrate as migrations
from services.kernel.jobs import Jobs
from services.links.main import SERVICE
from services.links.notices.actions.announce import TURNS
from tests.integration.links.mailing import relay, working
from tests.integration.links.notifying import notify
from tests.integration.links.world import Replica, Shop, portal_of
from tests.support.mail import MailServer, text_part
from tests.support.wait import until

__all__ = ["relay", "working"]

TEXTS = {
    "en": {"subject": "Double rewards at {store}", "body": "For two weeks: {link}", "label": "Look"},
    "ru": {"subject": "Двойные награды", "body": "Две недели: {link}", "label": "Смотреть"},
}


async def turn(links: Replica, *, after: timedelta = timedelta()) -> None:
    """Lets time go by, and the turns and what they tell come about."""
    await notify(links, after=after)
    await Jobs(links.ctx, jobs=(), due_jobs=SERVICE.due_jobs).run_due(TURNS)
    await notify(links)


@pytest.mark.usefixtures("working")
async def test_a_segment_is_told_in_turns_and_who_came_by_it_is_counted(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    program = await shop.program()
    anna = await shop.ambassador(program, email="anna@example.com", locale="ru", group="vip")
    bela = await shop.ambassador(program, email="bela@example.com", locale="ro", group="vip")
    await shop.ambassador(program, email="carl@example.com", group="others")
    body: dict[str, Any] = {"texts": TEXTS, "segment": {"group": "vip"}, "every_weeks": 2, "times": 2}
    made = await shop.made("/v1/announcements", body)
    assert (made["state"], made["turns"], made["people"]) == ("scheduled", 0, 0)
    await turn(links)
    await until(lambda: len(relay.came) == 2, what="both mails")
    mail = relay.to("anna@example.com")[0]
    assert mail["Subject"] == "Двойные награды" and anna["link"]["slug"] in text_part(mail)
    assert relay.to("bela@example.com")[0]["Subject"] == "Double rewards at Zerno"

    where = next(word for word in text_part(mail).split() if "/p/news/" in word).removeprefix("http://kith.test")
    for who in (bela, anna, anna):  # hers, whoever else has the address
        page = await portal_of(links, shop, who["id"])
        assert (await page.get(where)).headers["location"] == "/p/messages"
        await page.aclose()
    shown = await shop.got(f"/v1/announcements/{made['id']}")
    assert (shown["turns"], shown["people"], shown["told"], shown["used"]) == (1, 2, 2, 1)

    await turn(links, after=timedelta(weeks=2))
    await until(lambda: len(relay.came) == 4, what="the second turn")
    await turn(links, after=timedelta(weeks=2))
    shown = (await shop.got("/v1/announcements"))["data"][0]
    assert (shown["state"], shown["turns"], shown["told"]) == ("ended", 2, 4)
    late = await shop.post(f"/v1/announcements/{made['id']}/stop", {})
    assert (late.status_code, late.json()["code"]) == (409, "ended")


@pytest.mark.usefixtures("working")
async def test_what_is_stopped_before_its_moment_is_told_to_nobody(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    anna = await shop.ambassador(await shop.program(), email="anna@example.com")
    at = (links.ctx.live.now() + timedelta(days=1)).isoformat()
    made = await shop.made("/v1/announcements", {"texts": TEXTS, "at": at})
    stopped = await shop.post(f"/v1/announcements/{made['id']}/stop", {})
    assert (stopped.status_code, stopped.json()["state"]) == (200, "stopped")
    await turn(links, after=timedelta(days=2))
    assert (await shop.got("/v1/messages"))["data"] == []
    snippet = await shop.got(f"/v1/ambassadors/{anna['id']}/snippet")
    assert snippet["text"].endswith(f"/r/{anna['link']['slug']}?ch=email") and snippet["text"].startswith(
        "Give a friend"
    )


async def test_what_no_announcement_can_say_is_refused_by_its_field(shop: Shop) -> None:
    for changed, field in (
        ({"texts": {"en": TEXTS["en"] | {"body": "{reward}"}}}, "texts.en.body"),
        ({"texts": {}}, "texts"),
        ({"times": 3}, ""),
        ({"segment": {"name": "Anna"}}, "segment.name"),
    ):
        answer = await shop.post("/v1/announcements", {"texts": TEXTS, **changed})
        assert answer.status_code == 422
        assert field in answer.json()["errors"][0]["field"]


@pytest.mark.usefixtures("working")
async def test_a_marketer_writes_one_tries_it_counts_it_and_starts_it(
    links: Replica, shop: Shop, relay: MailServer, console: httpx.AsyncClient
) -> None:
    program = await shop.program()
    anna = await shop.ambassador(program, email="anna@example.com", locale="en")
    await shop.ambassador(program, email="bela@example.com", locale="en")
    page = await portal_of(links, shop, anna["id"])
    assert (await page.post("/p/shared")).status_code == 204
    await page.aclose()
    home = "/console/links/announcements"
    form = {"subject_en": "News", "body_en": "{reward}", "label_en": "Look", "program_id": program}
    form |= {"shared_from": "2026-01-01", "every_weeks": "2", "until": "2090-01-01"}
    wrong = await console.post(f"{home}?lang=en", data=form)
    assert wrong.status_code == 422 and "{reward} is no value of this message" in wrong.text
    one = (await console.post(home, data=form | {"body_en": "Only for {code}: <b>"})).headers["location"]
    shown = (await console.get(f"{one}?lang=en")).text
    assert "Only for ANNA10: &lt;b&gt;" in shown and "every 2 weeks, until" in shown
    assert re.search(r"Next</dt>\s*<dd[^>]*>At once<", shown)
    assert re.search(r"In the segment now</dt>\s*<dd[^>]*>1<", shown), "who shared, of two"
    assert 'value="2026-01-01"' in (await console.get(f"{one}/edit")).text
    assert (await console.post(f"{one}/edit", data=form | {"body_en": "For {code}"})).headers["location"] == one

    tried = {"do": "try", "ambassador_id": anna["id"], "language": "en"}
    assert (await console.post(one, data=tried)).status_code == 303
    await until(lambda: len(relay.came) == 1, what="the try")
    assert (await console.post(one, data=tried | {"language": "ro"})).status_code == 422
    await turn(links)
    assert len(relay.came) == 1, "a draft is told to nobody"
    assert (await console.post(one, data={"do": "start"})).status_code == 303
    await turn(links)
    await until(lambda: len(relay.came) == 2, what="the announcement")
    assert {address for address, _ in relay.came} == {"anna@example.com"}
    assert (await console.post(one, data={"do": "drop"})).status_code == 409
    assert (await console.post(one, data={"do": "stop"})).status_code == 303
    listed = (await console.get(f"{home}?lang=en")).text
    assert "Stopped" in listed and ">News<" in listed


async def test_what_is_no_number_is_refused_where_it_was_written_and_every_draft_leaves_a_note(
    shop: Shop, console: httpx.AsyncClient, links: Replica
) -> None:
    home = "/console/links/announcements"
    form = {"subject_en": "News", "body_en": "For {code}", "label_en": "Look"}
    for name in ("every_weeks", "times"):
        for text in ("two", "1.5", "-1", "0", "9" * 5_000, "²"):
            answer = await console.post(home, data=form | {"every_weeks": "2", name: text})
            assert answer.status_code == 422, (name, text[:9])
            assert f'aria-describedby="{name}-error"' in answer.text, (name, text[:9])
    assert (await shop.got("/v1/announcements"))["data"] == []

    one = (await console.post(home, data=form | {"every_weeks": " 2 ", "times": "3"})).headers["location"]
    await console.post(f"{one}/edit", data=form | {"body_en": "Changed"})
    await console.post(one, data={"do": "drop"})
    async with links.ctx.db.transaction([shop.id]) as tx:
        notes = await tx.all(
            "select action from audit where store_id = :s and subject = :o order by audit_id",
            s=shop.id,
            o=one.rpartition("/")[2],
        )
    assert [row.action for row in notes] == ["announcement.drafted", "announcement.changed", "announcement.dropped"]


async def test_a_moment_that_has_passed_is_refused_and_a_draft_that_missed_it_is_not_started(
    links: Replica, shop: Shop, console: httpx.AsyncClient
) -> None:
    now, home = links.ctx.live.now(), "/console/links/announcements"
    late = await shop.post("/v1/announcements", {"texts": TEXTS, "at": (now - timedelta(minutes=2)).isoformat()})
    assert (late.status_code, [one["field"] for one in late.json()["errors"]]) == (422, ["at"])
    body = {"texts": TEXTS, "at": (now - timedelta(seconds=20)).isoformat(), "segment": {"group": "nobody"}}
    made = await shop.made("/v1/announcements", body)
    assert made["state"] == "scheduled", "clocks differ by some seconds"

    form = {"subject_en": "News", "body_en": "For {code}", "label_en": "Look"}
    wrong = await console.post(f"{home}?lang=en", data=form | {"at": "2020-01-01T10:00"})
    assert wrong.status_code == 422 and 'aria-describedby="at-error"' in wrong.text
    one = (await console.post(home, data=form)).headers["location"]
    assert 'value="20' not in (await console.get(f"{one}/edit")).text, "none was written"
    soon = (now + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    assert (await console.post(f"{one}/edit", data=form | {"at": soon})).headers["location"] == one
    await notify(links, after=timedelta(days=2))
    missed = await console.post(f"{one}?lang=en", data={"do": "start"})
    assert missed.status_code == 409 and "Its moment has passed" in missed.text


async def test_drafts_kept_before_the_update_begin_at_once_and_those_with_a_moment_keep_it(
    links: Replica, shop: Shop, console: httpx.AsyncClient
) -> None:
    """Where none was chosen a former build kept the moment of writing, which has passed by now."""
    form = {"subject_en": "News", "body_en": "For {code}", "label_en": "Look"}
    home, soon = "/console/links/announcements", links.ctx.live.now() + timedelta(days=1)
    pages = [(await console.post(home, data=form | {"at": at})).headers["location"] for at in ("", "", f"{soon:%FT%R}")]
    at_once, changed, later = (page.rpartition("/")[2] for page in pages)
    async with links.ctx.db.transaction([shop.id]) as tx:
        await tx.execute("update announcements set next_at = created_at where announcement_id = :id", id=at_once)
        await tx.execute(
            "update announcements set next_at = timestamptz '2026-01-01 10:00:00.25z', created_at = '2025-12-31 10:00z'"
            " where announcement_id = :id",
            id=changed,
        )
    url = links.ctx.db.url
    await migrations._run(SERVICE, url, lambda each: command.downgrade(migrations._config(SERVICE, each), "0034"))
    await migrations.migrate(SERVICE, url)
    for page in pages[:2]:
        assert (await console.post(page, data={"do": "start"})).status_code == 303
    async with links.ctx.db.transaction([shop.id]) as tx:
        moment = "select next_at from announcements where announcement_id = :id"
        assert await tx.scalar(moment, id=later) is not None


async def test_moments_at_the_ends_of_the_calendar_are_refused(shop: Shop) -> None:
    late, early = "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"
    for changed in ({"at": late}, {"segment": {"joined_from": early}}, {"every_weeks": 1, "until": late}):
        answer = await shop.post("/v1/announcements", {"texts": TEXTS, **changed})
        assert answer.status_code == 422, answer.text
