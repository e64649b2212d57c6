"""An ambassador signs in by mail, and scanners, thieves and the curious do not."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.kernel.auth.sessions import real_time, seal_until
from services.kernel.db import Tx
from services.kernel.work import Done, Task
from services.kernel.work.worker import Worker
from services.links.join.domain import opened
from services.links.mail.work import run
from services.links.main import COMPOSERS, SERVICE
from services.links.portal.api import visitor
from services.links.proofs import actions as proofs
from services.links.proofs.domain import code_of
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
from tests.integration.links.world import BASE, OWN_PAGE, Replica, Shop, open_shop, portal_of
from tests.support.forge import forged
from tests.support.mail import MailServer, html_part, text_part
from tests.support.wait import until

__all__ = ["an_hour_later", "relay", "working"]

ANNA = "anna@example.com"
pytestmark = pytest.mark.usefixtures("an_hour_later")


async def ask(person: httpx.AsyncClient, program: str, address: str = ANNA) -> httpx.Response:
    return await person.post("/p/sign-in", data={"program": program, "email": address})


def listening(plain: Callable[..., Awaitable[Any]], statements: list[str]) -> Callable[..., Awaitable[Any]]:
    async def run_and_note(self: Tx, sql: str, /, **params: object) -> Any:
        statements.append(sql)
        return await plain(self, sql, **params)

    return run_and_note


@pytest.mark.usefixtures("working")
async def test_the_button_of_the_mail_opens_the_page_in_the_browser_that_asked(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    program = await shop.program()
    anna = await shop.ambassador(program, name="Anna Kern", email=ANNA)
    async with browser(links) as person:
        first = await person.get(anna["portal_url"])
        assert (first.status_code, first.headers["location"]) == (303, f"/p/sign-in?program={program}")
        form = await person.get(first.headers["location"])
        assert 'autocomplete="email"' in form.text
        asked = await ask(person, program)
        assert (asked.status_code, asked.headers["location"]) == (303, f"/p/sign-in/code?program={program}")
        await until(lambda: len(relay.to(ANNA)) == 1, what="the mail")
        (message,) = relay.to(ANNA)
        assert message["From"] == "Zerno <pages@kith.example>"
        assert message["Auto-Submitted"] == "auto-generated"
        address = address_in(text_part(message))
        assert address in html_part(message)
        token = address.rpartition("/")[2]
        async with browser(links) as scanner:  # follows the address and presses buttons, without the cookie
            looked = [await scanner.get(address) for _ in range(10)]
            assert {page.status_code for page in looked} == {200}
            assert not [page for page in looked if 'name="token"' in page.text]
            assert (await scanner.post("/p/sign-in/mail", data={"token": token})).status_code == 401
        page = await person.get(address)
        assert page.headers["referrer-policy"] == "same-origin"
        assert 'name="token"' in page.text
        answers = await asyncio.gather(*(person.post("/p/sign-in/mail", data={"token": token}) for _ in range(8)))
        assert sorted(answer.status_code for answer in answers) == [303] + [401] * 7
        seen = await person.get("/p")
        assert anna["code"]["code"] in seen.text
        again = await person.get(anna["portal_url"])
        assert (again.status_code, again.headers["location"]) == (303, "/p")
    ((mail),) = (await shop.got("/v1/mails"))["data"]
    assert (mail["kind"], mail["state"], mail["ambassador_id"]) == ("sign_in", "sent", anna["id"])
    assert ANNA not in str(mail)


@pytest.mark.usefixtures("working")
async def test_the_digits_are_typed_where_one_asked_while_the_mail_is_open_elsewhere(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    program = await shop.program()
    anna = await shop.ambassador(program, email=ANNA)
    async with browser(links) as laptop, browser(links) as phone, browser(links) as thief:
        await ask(laptop, program)
        await until(lambda: len(relay.to(ANNA)) == 1, what="the mail")
        text = text_part(relay.to(ANNA)[0])
        digits = digits_in(text)
        assert digits in (await phone.get(address_in(text))).text
        for other in (phone, thief):
            refused = await other.post("/p/sign-in/code", data={"program": program, "code": digits})
            assert refused.status_code == 422
        wrong = f"{(int(digits) + 1) % 1_000_000:06d}"
        assert (await laptop.post("/p/sign-in/code", data={"program": program, "code": wrong})).status_code == 422
        spaced = f"{digits[:3]} {digits[3:]}"
        right = await laptop.post("/p/sign-in/code", data={"program": program, "code": spaced})
        assert (right.status_code, right.headers["location"]) == (303, "/p")
        assert anna["code"]["code"] in (await laptop.get("/p")).text
        once = await laptop.post("/p/sign-in/code", data={"program": program, "code": digits})
        assert once.status_code == 422


@pytest.mark.usefixtures("working")
async def test_digits_can_be_guessed_five_times(links: Replica, shop: Shop, relay: MailServer) -> None:
    program = await shop.program()
    await shop.ambassador(program, email=ANNA)
    async with browser(links) as person:
        await ask(person, program)
        await until(lambda: len(relay.to(ANNA)) == 1, what="the mail")
        digits = digits_in(text_part(relay.to(ANNA)[0]))
        for n in range(1, 6):
            guess = f"{(int(digits) + n) % 1_000_000:06d}"
            await person.post("/p/sign-in/code", data={"program": program, "code": guess})
        answer = await person.post("/p/sign-in/code", data={"program": program, "code": digits})
        assert answer.status_code == 422


async def proofs_asked_for(
    links: Replica, shop: Shop, program: str, browser: str, addresses: Iterable[str]
) -> list[str]:
    """Has this browser ask for a proof of each address; the digits that the mails hold."""
    digits = []
    for address in addresses:
        async with links.ctx.db.transaction([shop.id]) as tx:
            proof = await proofs.ask(
                tx, shop.id, purpose="sign_in", program_id=program, mail_hash=address, browser=browser, language="en"
            )
        assert proof is not None
        digits.append(code_of(links.ctx.ring, proof.proof_id))
    return digits


async def tried(links: Replica, shop: Shop, browser: str, typed: str) -> bool:
    async with links.ctx.db.transaction([shop.id]) as tx:
        found = await proofs.by_code(tx, links.ctx.ring, shop.id, browser=browser, typed=typed)
    return found is not None


async def test_many_open_proofs_make_no_guess_likelier(links: Replica, shop: Shop) -> None:
    program = await shop.program()
    ours = await proofs_asked_for(links, shop, program, "ours", [f"e_{n}" for n in range(5)])
    assert [await tried(links, shop, "ours", code) for code in ours] == [False, False, True, True, True]
    for _ in range(3):
        await tried(links, shop, "ours", "no digits")
    assert not await tried(links, shop, "ours", ours[-1]), "five were wrong"
    again = await proofs_asked_for(links, shop, program, "ours", ["e_9"])
    assert not await tried(links, shop, "ours", again[0]), "this browser has guessed enough for an hour"
    for other in ("b1", "b2", "b3"):
        (code,) = await proofs_asked_for(links, shop, program, other, ["e_10"])
        assert await tried(links, shop, other, code)
        for _ in range(5):
            await tried(links, shop, other, "no digits")
    async with links.ctx.db.transaction() as tx:
        await tx.execute("delete from asked_mails")
    (code,) = await proofs_asked_for(links, shop, program, "b4", ["e_10"])
    assert not await tried(links, shop, "b4", code), "and so has whoever means this address"


@pytest.mark.usefixtures("working")
async def test_nobody_is_locked_out_by_who_joins_in_their_name_or_asks_at_another_store(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    program, other = await shop.program(joining={}), await open_shop(links, domain="other.example")
    elsewhere = await other.program(landing_url="https://other.example/")
    await shop.ambassador(program, email=ANNA)
    opened_at = opened(links.ctx.ring, program, now=real_time() - timedelta(minutes=1))
    async with browser(links) as stranger:
        for _ in range(5):
            await stranger.post(f"/join/{program}", data={"email": ANNA, "opened": opened_at})
            await ask(stranger, elsewhere)
    await until(lambda: ended(links, shop, 3), what="an end of the mails about joining")
    async with browser(links) as anna:
        await ask(anna, program)
        await until(lambda: ended(links, shop, 4), what="her own mail")
        digits = digits_in(text_part(relay.to(ANNA)[-1]))
        used = await anna.post("/p/sign-in/code", data={"program": program, "code": digits})
        assert (used.status_code, used.headers["location"]) == (303, "/p")
    await other.http.aclose()


@pytest.mark.usefixtures("working")
async def test_a_cookie_is_renewed_by_looking_and_not_by_signing_out(
    links: Replica, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await shop.ambassador(await shop.program(), email=ANNA)
    person = await portal_of(links, shop, anna["id"])
    monkeypatch.setattr(visitor, "_RENEW", -timedelta(hours=1))
    assert len((await person.get("/p")).headers.get_list("set-cookie")) == 1
    (left,) = (await person.post("/p/end")).headers.get_list("set-cookie")
    assert "Max-Age=0" in left
    assert (await person.get("/p")).status_code == 303
    await person.aclose()


@pytest.mark.usefixtures("working", "no_refill")
async def test_an_address_is_written_to_three_times_an_hour_whoever_asks(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    program = await shop.program()
    await shop.ambassador(program, email=ANNA)
    await shop.ambassador(program, email="ben@example.com")

    async def stranger(n: int) -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=links.http._transport.app, client=(f"10.0.0.{n}", 1)),  # type: ignore[attr-defined]
            base_url=BASE,
            headers=OWN_PAGE,
        ) as person:
            return await ask(person, program, "Anna+x@Example.com" if n % 2 else ANNA)

    answers = [await stranger(n) for n in range(3)] + list(await asyncio.gather(*(stranger(n) for n in range(3, 30))))
    assert {answer.status_code for answer in answers} == {303}
    await until(lambda: ended(links, shop, 3), what="an end of all mails")
    async with browser(links) as person:
        await ask(person, program, "ben@example.com")
    await until(lambda: len(relay.to("ben@example.com")) == 1, what="the other's mail")
    assert len(relay.came) == 4


async def test_known_and_unknown_addresses_are_answered_alike_by_the_same_statements(
    links: Replica, shop: Shop, relay: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = await shop.program()
    await shop.ambassador(program, email=ANNA)
    statements: list[str] = []
    for method in ("all", "execute", "scalar"):
        monkeypatch.setattr(Tx, method, listening(getattr(Tx, method), statements))
    answers, done = [], []
    for address in (ANNA, "stranger@example.com"):
        async with browser(links) as person:
            statements.clear()
            asked = await ask(person, program, address)
            done.append([text for text in statements if ":mail_hash" in text or ":hash" in text or "tasks" in text])
            page = await person.get(asked.headers["location"])
        answers.append((asked.status_code, asked.headers["location"], asked.text, page.text))
    assert answers[0] == answers[1]
    assert done[0] == done[1]
    assert done[0]
    worker = Worker(links.ctx, SERVICE.work)
    worker.start()
    await until(lambda: ended(links, shop, 2), what="an end of both mails")
    await worker.stop(within_s=1)
    assert await states(links, shop) == ["dropped", "sent"]
    assert relay.to("stranger@example.com") == []


async def test_who_is_erased_before_the_mail_leaves_gets_none(links: Replica, shop: Shop, relay: MailServer) -> None:
    program = await shop.program()
    anna = await shop.ambassador(program, email="carla@example.com")
    async with browser(links) as person:
        await ask(person, program, "carla@example.com")
    await shop.http.delete(f"/v1/ambassadors/{anna['id']}")
    worker = Worker(links.ctx, SERVICE.work)
    worker.start()
    await until(lambda: ended(links, shop, 1), what="an end of the mail")
    await worker.stop(within_s=1)
    assert await states(links, shop) == ["dropped"]
    assert relay.to("carla@example.com") == []
    async with links.ctx.db.transaction([shop.id]) as tx:
        assert await tx.scalar("select count(*) from proofs where store_id = :s", s=shop.id) == 0


@pytest.mark.usefixtures("working")
async def test_a_busy_relay_is_asked_again_and_a_refused_address_is_not(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    program = await shop.program()
    await shop.ambassador(program, email=ANNA)
    await shop.ambassador(program, email="gone@example.com")
    relay.answers = {ANNA: ["451 later", "452 later"], "gone@example.com": ["550 5.1.1 no such mailbox"]}
    async with browser(links) as person:
        await ask(person, program)
        await ask(person, program, "gone@example.com")
    await until(lambda: ended(links, shop, 2), what="an end of both mails")
    assert await states(links, shop) == ["refused", "sent"]
    (refused,) = (await shop.got("/v1/mails", state="refused"))["data"]
    assert refused["reason"] == "smtp_550"
    assert relay.asked == {ANNA: 3, "gone@example.com": 1}


async def test_a_mail_that_is_sent_again_after_a_crash_is_the_same_mail(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    program = await shop.program()
    await shop.ambassador(program, email=ANNA)
    async with browser(links) as person:
        await ask(person, program)
    (mail,) = (await shop.got("/v1/mails"))["data"]
    for attempt in (1, 2):  # the process dies between the sending and its note
        task = Task(
            id=1, kind="links.mail", store_id=shop.id, lane="relay", key=mail["id"], payload={"mail_id": mail["id"]},
            attempt=attempt, failures=0, created_at=links.ctx.live.now(),
        )  # fmt: skip
        outcome = await run(COMPOSERS, links.ctx, task)
    assert isinstance(outcome, Done)
    ids = {message["Message-ID"] for message in relay.to(ANNA)}
    assert (len(relay.to(ANNA)), len(ids)) == (2, 1)
    assert outcome.note is not None
    async with links.ctx.db.transaction([shop.id]) as tx:
        await outcome.note(tx)
    assert await run(COMPOSERS, links.ctx, task) == Done(), "what was noted is not sent again"
    assert len(relay.to(ANNA)) == 2


async def test_an_address_with_a_token_of_earlier_days_leads_to_the_sign_in_and_opens_nothing(
    links: Replica, shop: Shop
) -> None:
    program = await shop.program()
    anna = await shop.ambassador(program, email=ANNA)
    token = seal_until(links.ctx.ring, "portal", (shop.id, anna["id"]), end=real_time().replace(year=2030))
    async with browser(links) as person:
        answer = await person.get(f"/p/{token}")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/p/sign-in?program={program}")
        assert "set-cookie" not in answer.headers
        assert (await person.get(f"/p/{forged(token)}")).status_code == 404
        await shop.http.delete(f"/v1/ambassadors/{anna['id']}")
        assert (await person.get(f"/p/{token}")).status_code == 404


async def test_a_form_from_elsewhere_and_what_is_no_address_send_nothing(links: Replica, shop: Shop) -> None:
    program = await shop.program()
    async with browser(links) as person:
        foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
        answer = await person.post("/p/sign-in", data={"program": program, "email": ANNA}, headers=foreign)
        assert answer.status_code == 403
        for wrong in ("", "anna", "anna@example.com\r\nBcc: x@example.com", "a@b@c", "x" * 400 + "@example.com"):
            answer = await ask(person, program, wrong)
            assert answer.status_code == 422, wrong
    assert (await shop.got("/v1/mails"))["data"] == []


@pytest.mark.usefixtures("working")
async def test_without_a_relay_the_demos_mails_lie_in_the_consoles_mailbox(
    links: Replica, shop: Shop, console: httpx.AsyncClient
) -> None:
    program = await shop.program()
    anna = await shop.ambassador(program, email=ANNA)
    async with browser(links) as person:
        await ask(person, program)
        await until(lambda: ended(links, shop, 1), what="the mail in the mailbox")
        page = await console.get("/console/links/mailbox")
        found = re.search(r'href="(/console/links/mailbox/mai_\w+)"', page.text)
        assert found, page.text
        letter = await console.get(found[1])
        address = address_in(letter.text.replace('"', " "))
        await person.get(address)
        opened = await person.post("/p/sign-in/mail", data={"token": address.rpartition("/")[2]})
        assert opened.status_code == 303
        assert anna["code"]["code"] in (await person.get("/p")).text
    assert (await console.get(found[1])).status_code == 404, "a used mail opens nothing, so there is nothing to read"
