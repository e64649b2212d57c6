"""Somebody becomes an ambassador by themselves, on the program's public page."""

import asyncio
import re
from typing import Any

import httpx
import pytest

from services.kernel.auth.sessions import real_time
from services.links.host_names import sql as host_names
from services.links.join import domain
from services.links.join.jobs import forget
from tests.integration.links.mailing import (
    address_in,
    an_hour_later,
    browser,
    digits_in,
    ended,
    relay,
    states,
    working,
)
from tests.integration.links.world import Replica, Shop, events, redirect_of
from tests.support.mail import MailServer, html_part, text_part
from tests.support.wait import until

__all__ = ["an_hour_later", "relay", "working"]

INNA = "inna@example.com"
TERMS = {"version": "2026-01", "text": "Be kind.\n\nNo spam."}
JOINING: dict[str, Any] = {"roles": ["customer", "influencer"], "terms": TERMS}
pytestmark = pytest.mark.usefixtures("an_hour_later")


@pytest.fixture(autouse=True)
def any_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forms may come at once, but for the test of those that do."""
    monkeypatch.setattr(domain, "LEAST", -domain.LIFE)


async def send(links: Replica, person: httpx.AsyncClient, program: str, **changes: str) -> httpx.Response:
    form = {"email": INNA, "name": "Инна", "role": "influencer", "code": "", "terms": "2026-01", "website": ""}
    opened = domain.opened(links.ctx.ring, program, now=real_time())
    return await person.post(f"/join/{program}", data={**form, "opened": opened, **changes})


async def members(shop: Shop) -> list[dict[str, Any]]:
    return [one for one in (await shop.got("/v1/ambassadors"))["data"] if one["status"] != "erased"]


@pytest.mark.usefixtures("working")
async def test_who_joins_is_an_ambassador_once_the_address_is_proved(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    program = await shop.program(joining=JOINING)
    async with browser(links) as person:
        page = await person.get(f"/join/{program}")
        assert page.status_code == 200
        assert "noindex" in page.headers["x-robots-tag"]
        for part in ("Give a friend €10", "A blogger", 'value="2026-01"', "Promo code of your own"):
            assert part in page.text
        assert "No spam." in (await person.get(f"/terms/{program}")).text
        asked = await send(links, person, program, code="inna-27")
        assert (asked.status_code, asked.headers["location"]) == (303, f"/p/sign-in/code?program={program}&joining=1")
        await until(lambda: relay.to(INNA), what="the mail")
        assert await members(shop) == []
        text = text_part(relay.to(INNA)[0])
        address = address_in(text)
        assert "Join" in (await person.get(address)).text
        opened = await person.post("/p/sign-in/mail", data={"token": address.rpartition("/")[2]})
        assert (opened.status_code, opened.headers["location"]) == (303, "/p")
        assert "INNA-27" in (await person.get("/p")).text
    (inna,) = await members(shop)
    assert [inna[field] for field in ("name", "email", "role", "terms_version", "locale")] == [
        "Инна", INNA, "influencer", "2026-01", "en",
    ]  # fmt: skip
    assert inna["code"]["code"] == "INNA-27"
    (saved,) = [one for one in await events(links, "ambassador.saved") if one["ambassador_id"] == inna["id"]]
    assert saved["role"] == "influencer"
    noted = [one for one in await events(links, "audit.noted") if one["on"] == inna["id"]]
    assert [(one["action"], one["actor_kind"], one["actor_id"]) for one in noted] == [
        ("ambassador.added", "ambassador", inna["id"])
    ]
    async with links.ctx.db.transaction([shop.id]) as tx:
        assert await tx.scalar("select count(*) from applicants where store_id = :s", s=shop.id) == 0


@pytest.mark.usefixtures("working")
async def test_the_digits_join_too_and_by_them_one_joins_once(links: Replica, shop: Shop, relay: MailServer) -> None:
    program = await shop.program(joining=JOINING)
    async with browser(links) as person:
        for _ in range(2):
            await send(links, person, program)
        await until(lambda: len(relay.to(INNA)) == 2, what="both mails")
        for message in relay.to(INNA):
            code = digits_in(text_part(message))
            used = await person.post("/p/sign-in/code", data={"program": program, "code": code, "joining": "1"})
            assert used.status_code == 303
    assert [one["email"] for one in await members(shop)] == [INNA]


@pytest.mark.usefixtures("working")
async def test_a_program_without_double_opt_in_makes_ambassadors_at_once_and_writes_to_them(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    program = await shop.program(joining={"double_opt_in": False})
    async with browser(links) as person:
        await send(links, person, program, role="")
        await until(lambda: relay.to(INNA), what="the mail")
        (inna,) = await members(shop)
        text = text_part(relay.to(INNA)[0])
        assert inna["link"]["url"] in text
        assert inna["code"]["code"] in text
        assert (await person.get("/p")).status_code == 303, "the address is yet to be proved"
        await person.post("/p/sign-in/mail", data={"token": address_in(text).rpartition("/")[2]})
        assert inna["code"]["code"] in (await person.get("/p")).text


@pytest.mark.usefixtures("working")
async def test_the_mail_to_who_joined_shows_the_link_on_the_stores_own_link_domain(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    program = await shop.program(joining={"double_opt_in": False})
    async with links.ctx.db.transaction([shop.id]) as tx:
        await host_names.choose(tx, shop.id, "go.shop.example")
        await host_names.use(tx, shop.id, "go.shop.example")
    await redirect_of(links).hosts.catch_up(links.ctx.db)
    async with browser(links) as person:
        await send(links, person, program, role="")
        await until(lambda: relay.to(INNA), what="the mail")
    (inna,) = await members(shop)
    assert inna["link"]["url"].startswith("https://go.shop.example/r/")
    assert inna["link"]["url"] in text_part(relay.to(INNA)[0])


@pytest.mark.parametrize("double_opt_in", [True, False])
@pytest.mark.usefixtures("working")
async def test_no_mail_of_the_store_says_what_a_stranger_wrote_into_the_form(
    links: Replica, shop: Shop, relay: MailServer, double_opt_in: bool
) -> None:
    program = await shop.program(joining={"double_opt_in": double_opt_in})
    words = "You won 500 euros: evil.example/prize"
    async with browser(links) as stranger:
        for _ in range(2):  # the second one, where people join at once, is to an ambassador
            await send(links, stranger, program, name=words, role="")
        await until(lambda: ended(links, shop, 2), what="an end of both mails")
        await stranger.post("/p/sign-in", data={"program": program, "email": INNA})
    await until(lambda: ended(links, shop, 3), what="an end of all mails")
    came = relay.to(INNA)
    assert len(came) == (2 if double_opt_in else 3)
    for message in came:
        text = f"{message['Subject']} {text_part(message)} {html_part(message)}"
        assert "evil.example" not in text
        assert "Hello!" in text


@pytest.mark.parametrize("double_opt_in", [True, False])
async def test_the_answer_is_the_same_for_who_is_in_and_who_is_not(
    links: Replica, shop: Shop, relay: MailServer, working: None, double_opt_in: bool
) -> None:
    program = await shop.program(joining={"double_opt_in": double_opt_in})
    anna = await shop.ambassador(program, name="Anna Kern", email="anna.joins@example.com")
    answers = []
    for address in ("anna.joins@example.com", INNA):
        async with browser(links) as person:
            asked = await send(links, person, program, email=address, role="")
            page = await person.get(asked.headers["location"])
            answers.append((asked.status_code, asked.headers["location"], asked.text, page.status_code, page.text))
    assert answers[0] == answers[1]
    await until(lambda: ended(links, shop, 2), what="an end of both mails")
    assert await states(links, shop) == ["sent", "sent"]
    text = text_part(relay.to("anna.joins@example.com")[0])
    assert anna["code"]["code"] in text, "the owner of the address learns that they are in"
    known = [one for one in await members(shop) if one["email"] == "anna.joins@example.com"]
    assert [one["name"] for one in known] == ["Anna Kern"], "and nothing of them was changed"


@pytest.mark.usefixtures("working")
async def test_where_people_join_at_once_no_code_tells_whether_an_address_was_known(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    program = await shop.program(joining={"double_opt_in": False, "own_code": True})
    await shop.ambassador(program, email="anna.joins@example.com")
    async with browser(links) as stranger:
        assert "Promo code of your own" not in (await stranger.get(f"/join/{program}")).text
        for address, code in (("anna.joins@example.com", "MINE-1"), (INNA, "MINE-2")):
            sent = await send(links, stranger, program, email=address, code=code, name="Quentin", role="")
            assert sent.status_code == 303
    await until(lambda: ended(links, shop, 2), what="an end of both mails")
    codes = [one["code"] for one in (await shop.got("/v1/codes"))["data"]]
    assert len(codes) == 2
    assert not [code for code in codes if "MINE" in code or "QUENTIN" in code]


@pytest.mark.usefixtures("working")
async def test_nobody_joins_a_program_that_closed_before_they_proved_the_address(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    paused, closed = await shop.program(joining={}), await shop.program(joining={})
    async with browser(links) as person:
        for program in (paused, closed):
            await send(links, person, program, role="", email=f"{program}@example.com")
        await until(lambda: ended(links, shop, 2), what="an end of both mails")
        for program, change in ((paused, {"status": "paused"}), (closed, {"joining": None})):
            assert (await shop.http.patch(f"/v1/programs/{program}", json=change)).status_code == 200
            text = text_part(relay.to(f"{program}@example.com")[0])
            token = address_in(text).rpartition("/")[2]
            by_button = await person.post("/p/sign-in/mail", data={"token": token})
            by_digits = await person.post("/p/sign-in/code", data={"program": program, "code": digits_in(text)})
            for answer in (by_button, by_digits):
                assert (answer.status_code, answer.headers["location"]) == (303, f"/join/{program}")
            assert "Nobody can join here by themselves at the moment." in (await person.get(f"/join/{program}")).text
    assert await members(shop) == []


@pytest.mark.usefixtures("working")
async def test_who_gives_two_proofs_at_the_same_moment_joins_once(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    program = await shop.program(joining={})
    async with browser(links) as person:
        for _ in range(2):
            await send(links, person, program, role="")
        await until(lambda: len(relay.to(INNA)) == 2, what="both mails")
        tokens = [address_in(text_part(message)).rpartition("/")[2] for message in relay.to(INNA)]
        answers = await asyncio.gather(*(person.post("/p/sign-in/mail", data={"token": one}) for one in tokens * 3))
    assert sorted(answer.status_code for answer in answers).count(401) == 4
    assert [answer.headers["location"] for answer in answers if answer.status_code == 303] == ["/p", "/p"]
    assert [one["email"] for one in await members(shop)] == [INNA]


async def test_a_code_that_somebody_has_is_explained_with_others_that_are_free(links: Replica, shop: Shop) -> None:
    program = await shop.program(joining={})
    await shop.made("/v1/codes", {"program_id": program, "code": "INNA10"})
    async with browser(links) as person:
        refused = await send(links, person, program, code="inna10", role="")
        assert refused.status_code == 422
        assert "Somebody has INNA10 already." in refused.text
        free = re.search(r"Free are: ([A-Z0-9-]+)", refused.text)
        assert free
        assert (await send(links, person, program, code=free[1], role="")).status_code == 303


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"email": "inna"}, "Write your e-mail address"),
        ({"terms": ""}, "Read the terms"),
        ({"terms": "2025-01"}, "Read the terms"),
        ({"role": "partner"}, "Choose one of these"),
        ({"code": "ИН"}, "A code has 4 to 20"),
        ({"name": "a\nb"}, "At most 120 signs"),
    ],
)
async def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(
    links: Replica, shop: Shop, changes: dict[str, str], shown: str
) -> None:
    program = await shop.program(joining=JOINING)
    async with browser(links) as person:
        refused = await send(links, person, program, **{"name": "Инна К", **changes})
    assert refused.status_code == 422
    assert shown in refused.text
    assert "name" in changes or 'value="Инна К"' in refused.text
    assert (await shop.got("/v1/mails"))["data"] == []


async def test_robots_write_to_nobody(links: Replica, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    program, other = await shop.program(joining={}), await shop.program(joining={})
    async with browser(links) as robot:
        fooled = await send(links, robot, program, website="https://spam.example", role="")
        assert fooled.status_code == 303, "it may think that all went well"
        with monkeypatch.context() as patch:
            patch.setattr(domain, "LEAST", real_time() - real_time().replace(year=2020))
            quick = await send(links, robot, program, role="")
        assert quick.status_code == 422
        assert "press the button again" in quick.text
        foreign = domain.opened(links.ctx.ring, other, now=real_time())
        for opened in ("", "k1.x.y", foreign):
            assert (await send(links, robot, program, opened=opened, role="")).status_code == 422
        cross = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
        assert (await robot.post(f"/join/{program}", data={"email": INNA}, headers=cross)).status_code == 403
    assert (await shop.got("/v1/mails"))["data"] == []


@pytest.mark.usefixtures("working")
async def test_an_address_that_is_asked_for_by_many_gets_three_mails(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    program = await shop.program(joining={})
    for _ in range(6):
        async with browser(links) as person:
            assert (await send(links, person, program, role="")).status_code == 303
    await until(lambda: ended(links, shop, 3), within=60, what="an end of the mails")
    assert await states(links, shop) == ["sent"] * 3


async def test_nobody_joins_a_program_that_is_closed_or_rests_and_the_way_to_the_store_is_there(
    links: Replica, shop: Shop
) -> None:
    closed = await shop.program()
    rests = await shop.program(joining={}, status="paused")
    async with browser(links) as person:
        for program in (closed, rests):
            page = await person.get(f"/join/{program}")
            assert page.status_code == 200
            assert 'href="https://shop.example/"' in page.text
            assert 'name="email"' not in page.text
            assert (await send(links, person, program)).status_code == 409
        assert (await person.get("/join/prg_nothing")).status_code == 404
    assert (await shop.got("/v1/mails"))["data"] == []


async def test_who_proves_nothing_is_forgotten_after_a_day(links: Replica, shop: Shop) -> None:
    program = await shop.program(joining={})
    async with browser(links) as person:
        await send(links, person, program, role="")
    count = "select count(*) from applicants where store_id = :s"
    async with links.ctx.db.transaction([shop.id]) as tx:
        assert await tx.scalar(count, s=shop.id) == 1
        due = await tx.one("select at from due where job = 'links.applicants' and store_id = :s", s=shop.id)
        assert due.at > tx.now
        assert list(await forget(tx, [shop.id])) == [shop.id], "not yet"
        await tx.execute("update applicants set expires_at = now() where store_id = :s", s=shop.id)
        assert await forget(tx, [shop.id]) == {}
        assert await tx.scalar(count, s=shop.id) == 0


@pytest.mark.usefixtures("working")
async def test_erasing_forgets_what_the_same_address_asked_for_elsewhere(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    first, second = await shop.program(joining={}), await shop.program(joining={})
    inna = await shop.ambassador(first, email=INNA)
    async with browser(links) as person:
        await send(links, person, second, role="")
        await until(lambda: relay.to(INNA), what="the mail")
        await shop.http.delete(f"/v1/ambassadors/{inna['id']}")
        address = address_in(text_part(relay.to(INNA)[0]))
        assert (await person.post("/p/sign-in/mail", data={"token": address.rpartition("/")[2]})).status_code == 401
    assert await members(shop) == []
    async with links.ctx.db.transaction([shop.id]) as tx:
        assert await tx.scalar("select count(*) from applicants where store_id = :s", s=shop.id) == 0
