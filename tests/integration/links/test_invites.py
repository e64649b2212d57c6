"""Friends are invited by mail once and reminded once, and nobody learns who may not be written to."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.kernel.jobs import Jobs
from services.links.invites import sql as invites
from services.links.inviting.work import compose
from services.links.join import domain
from services.links.mail import sql as mails
from services.links.main import SERVICE
from services.links.notices.sql import notices
from services.links.preferences.actions import INVITES_JOB
from tests.integration.links.mailing import an_hour_later, browser, digits_in, ended, relay, working
from tests.integration.links.notifying import ConversionAttributed, notify, order, receive
from tests.integration.links.world import Replica, Shop, portal_of, replica
from tests.support.mail import MailServer, text_part
from tests.support.wait import until

__all__ = ["an_hour_later", "relay", "working"]

BELA, CARL, DORA = "bela@example.com", "carl@example.com", "dora@example.com"


@pytest.fixture(autouse=True)
async def _a_new_month(links: Replica) -> None:
    """What earlier tests had written to an address, in whichever store, does not count any more."""
    async with links.ctx.db.transaction() as tx:
        await tx.execute("delete from invite_counts")


async def invite(shop: Shop, body: dict[str, Any]) -> None:
    answer = await shop.post("/v1/invites", body)
    assert answer.status_code == 202, answer.text


async def write(links: Replica, *, after: timedelta = timedelta()) -> None:
    """Lets time go by, and invitations be written that are due."""
    if after:
        await notify(links, after=after)
    await Jobs(links.ctx, jobs=(), due_jobs=SERVICE.due_jobs).run_due(INVITES_JOB)


def address_in(mail: Any) -> str:
    found = re.search(r"http://kith\.test(/i/\S+)", text_part(mail))
    assert found, text_part(mail)
    return found[1]


async def kept(links: Replica, shop: Shop) -> dict[str, str | None]:
    """State by address; of who is forgotten by what is left of it."""
    async with links.ctx.db.transaction([shop.id]) as tx:
        rows = await tx.all(
            "select coalesce(email, mail_hash) as who, state from invites where store_id = :s", s=shop.id
        )
    return {("?" if row.who.startswith("e_") else row.who): row.state for row in rows}


@pytest.mark.usefixtures("working", "an_hour_later")
async def test_friends_are_written_to_once_reminded_once_and_forgotten(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    program = await shop.program()
    anna = await shop.ambassador(program, email="anna@example.com", name="Anna Kern", locale="en")
    await shop.ambassador(program, email=DORA)
    page = await portal_of(links, shop, anna["id"])
    shown = (await page.get("/p/invites")).text
    assert "they agreed that the store writes to them" in shown and "Anna recommends Zerno" in shown
    form = {"emails": f"name,mail\nBela,{BELA};{CARL} <{DORA}>", "language": "en", "consent": "1"}
    refused = await page.post("/p/invites", data={**form, "consent": ""})
    assert refused.status_code == 422 and "without that nobody is written to" in refused.text
    file = {"file": ("friends.csv", form.pop("emails").encode(), "text/csv")}
    for _ in range(2):  # known, unknown, and given before: the same answer
        assert (await page.post("/p/invites", data=form, files=file)).headers["location"] == "/p/invites?given=3"
    await write(links)
    await until(lambda: len(relay.came) == 2, what="both mails")
    assert {address for address, _ in relay.came} == {BELA, CARL}, "who is an ambassador needs no invitation"
    mail = relay.to(BELA)[0]
    assert mail["Subject"] == "Anna recommends Zerno" and mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert anna["code"]["code"] in text_part(mail) and "Kern" not in text_part(mail)
    assert "to spend for your first order" in text_part(mail) and "Give a friend" not in text_part(mail), (
        "it speaks to the friend"
    )

    led = await links.http.get(address_in(mail))
    assert led.headers["location"].endswith(f"/r/{anna['link']['slug']}?ch=email")
    assert await kept(links, shop) == {"?": "ended", CARL: "written"}
    await write(links, after=timedelta(days=5, minutes=1))
    await until(lambda: len(relay.came) == 3, what="the reminder to who did not come")
    assert relay.to(CARL)[1]["Subject"] == "Once more: Anna recommends Zerno"
    await write(links, after=timedelta(days=3, minutes=1))
    assert await kept(links, shop) == {"?": "ended"}
    assert (await links.http.get(f"{address_in(mail)}x")).status_code == 404
    await page.aclose()


@pytest.mark.usefixtures("working")
async def test_who_unsubscribes_or_is_erased_is_forgotten_and_nobody_is_asked_too_often(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    program = await shop.program()
    anna = await shop.ambassador(program, email="anna@example.com", name="Anna")
    page = await portal_of(links, shop, anna["id"])
    form = {"emails": f"{BELA} erik@example.com", "language": "ru", "consent": "1"}
    await page.post("/p/invites", data=form)
    await write(links)
    await until(lambda: relay.to(BELA), what="the invitation")
    one_click = re.fullmatch(r"<http://kith\.test(/unsubscribe/\S+)>", relay.to(BELA)[0]["List-Unsubscribe"])
    assert one_click
    await links.http.post(one_click[1], data={"List-Unsubscribe": "One-Click"})
    await write(links)
    assert BELA not in await kept(links, shop)

    many = " ".join(f"f{number}@example.com" for number in range(49))
    assert (await page.post("/p/invites", data=form | {"emails": many})).status_code == 422, "two were today's already"
    assert (await shop.post("/v1/invites/forget", {"email": "erik@example.com"})).status_code == 204
    assert await kept(links, shop) == {"?": "ended"}
    await page.post("/p/invites", data=form | {"emails": "fred@example.com"})
    assert (await shop.http.delete(f"/v1/ambassadors/{anna['id']}")).status_code == 204
    assert await kept(links, shop) == {}

    other = await shop.program()
    for number in range(4):
        again = await shop.program(name=f"p{number}")
        body = {"program_id": again, "emails": ["gina@example.com"], "consent": "1"}
        answer = await shop.post("/v1/invites", body)
        assert (answer.status_code, answer.json()) == (202, {"given": 1})
    body = {"program_id": other, "emails": [BELA], "consent": "1"}  # wants no mail: the same answer
    assert (await shop.post("/v1/invites", body)).json() == {"given": 1}
    await write(links)
    await until(lambda: len(relay.to("gina@example.com")) == 3, what="three in a month")
    assert len(relay.to(BELA)) == 1


@pytest.mark.usefixtures("working", "an_hour_later")
async def test_an_invitation_opens_a_program_that_is_by_invitation_only_and_notes_who_invited(
    links: Replica, shop: Shop, relay: MailServer, console: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(domain, "LEAST", -domain.LIFE)
    program = await shop.program()
    assert "Nobody can join here" in (await links.http.get(f"/join/{program}?lang=en")).text
    made = await console.post(
        "/console/links/invites", data={"program_id": program, "label": "Olha at the counter", "do": "address"}
    )
    assert made.status_code == 303, made.text
    listed = (await console.get("/console/links/invites?lang=en")).text
    personal = re.search(rf"http://kith\.test(/join/{program}\?invitation=[^<\"\s&]+)", listed)
    assert personal and "Olha at the counter" in listed
    given = {"program_id": program, "emails": CARL, "language": "en", "consent": "1", "do": "write"}
    assert (await console.post("/console/links/invites", data=given)).headers["location"].endswith("?given=1")
    await write(links)
    await until(lambda: relay.to(CARL), what="the invitation")
    assert relay.to(CARL)[0]["Subject"] == "Zerno invites you"
    invited = (await links.http.get(address_in(relay.to(CARL)[0]))).headers["location"].removeprefix("http://kith.test")

    for address, path in ((CARL, invited), (DORA, personal[1])):
        async with browser(links) as person:
            form = (await person.get(path)).text
            fields = dict(re.findall(r'name="(opened|invitation)" value="([^"]+)"', form))
            fields |= {"email": address, "opened": fields["opened"]}
            stranger = {**fields, "invitation": fields["invitation"][:-4] + "AAAA"}
            assert (await person.post(f"/join/{program}", data=stranger)).status_code == 409
            answer = await person.post(f"/join/{program}", data=fields)
            assert answer.status_code == 303, answer.text
            n = 2 if address == CARL else 1
            await until(lambda a=address, n=n: len(relay.to(a)) == n, what="the proof of the address")  # type: ignore[misc]
            digits = digits_in(text_part(relay.to(address)[-1]))
            opened = await person.post("/p/sign-in/code", data={"code": digits, "program": program, "joining": "1"})
            assert opened.status_code == 303, opened.text
    async with links.ctx.db.transaction([shop.id]) as tx:
        rows = await tx.all("select by_id, inviter_id from invited order by by_id")
    assert [row.by_id[:4] for row in rows] == ["ivn_", "ivt_"]
    # It was written to one person: whoever is shown it opens nothing by it, and that person signs in.
    assert "Nobody can join here" in (await links.http.get(f"{invited}&lang=en")).text
    again = (await links.http.get(address_in(relay.to(CARL)[0]))).headers["location"]
    assert again == f"http://kith.test/p/sign-in?program={program}&lang=en"
    ended = re.search(r'value="(ivn_[^"]+)"', listed)
    assert ended
    await console.post("/console/links/invites", data={"do": "end", "invitation_id": ended[1]})
    assert "Nobody can join here" in (await links.http.get(f"{personal[1]}&lang=en")).text


@pytest.mark.usefixtures("working", "an_hour_later")
@pytest.mark.parametrize("way", ["turned off", "paused", "blocked"])
async def test_what_ends_before_it_is_sent_or_reminded_of_is_sent_to_nobody_and_forgotten(
    links: Replica, shop: Shop, relay: MailServer, way: str
) -> None:
    program = await shop.program()
    anna = await shop.ambassador(program, email="anna@example.com", name="Anna", locale="en")
    page = await portal_of(links, shop, anna["id"])
    form = {"emails": BELA, "language": "en", "consent": "1"}
    await page.post("/p/invites", data=form)
    await write(links)
    await until(lambda: relay.to(BELA), what="the first mail")
    await until(lambda: ended(links, shop, 1), what="its end")
    await page.post("/p/invites", data=form | {"emails": CARL})
    if way == "turned off":
        answer = await shop.http.put("/v1/message-occasions/invite_friend", json={"told": False})
    elif way == "paused":
        answer = await shop.http.patch(f"/v1/programs/{program}", json={"status": "paused"})
    else:
        answer = await shop.http.patch(f"/v1/ambassadors/{anna['id']}", json={"status": "blocked"})
    assert answer.status_code == 200, answer.text
    await write(links)
    assert await kept(links, shop) == {"?": "ended"}, "both addresses are forgotten at once"
    await write(links, after=timedelta(days=5, minutes=1))
    assert (len(relay.to(BELA)), relay.to(CARL)) == (1, [])
    await page.aclose()


async def test_an_invitation_that_waits_for_the_relay_is_not_sent_when_it_was_turned_off_meanwhile(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    body = {"program_id": await shop.program(), "emails": [BELA], "consent": "1"}
    await invite(shop, body)
    await write(links)
    async with links.ctx.db.transaction([shop.id]) as tx:
        await notices.set_enabled(tx, shop.id, "invite_join", enabled=False)
        (row,) = await tx.all("select mail_id from mails where store_id = :s", s=shop.id)
        mail = await mails.get(tx, shop.id, row.mail_id)
        assert mail is not None
        assert await compose(links.ctx, tx, mail) is None


async def test_a_mail_that_did_not_leave_in_five_days_is_no_reason_to_remind(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    await invite(shop, {"program_id": await shop.program(), "emails": [BELA, CARL], "consent": "1"})
    await write(links)
    async with links.ctx.db.transaction([shop.id]) as tx:  # one left, one waits for a relay that is away
        await tx.execute(
            "update mails m set state = 'sent' from invites i where m.store_id = :s and i.invite_id = m.about"
            " and i.email = :email",
            s=shop.id,
            email=CARL,
        )
    await write(links, after=timedelta(days=5, minutes=1))
    assert await kept(links, shop) == {"?": "ended", CARL: "reminded"}
    async with links.ctx.db.transaction([shop.id]) as tx:
        assert await tx.scalar("select count(*) from mails where store_id = :s", s=shop.id) == 3


async def test_without_a_relay_no_address_is_taken(links: Replica, shop: Shop, database: str, tmp_path: Path) -> None:
    program = await shop.program()
    key = {"authorization": f"Bearer {shop.secret_key}"}
    async with replica(database, tmp_path / "no-demo", demo=False) as bare:
        body = {"program_id": program, "emails": [BELA], "consent": "1"}
        answer = await bare.http.post("/v1/invites", json=body, headers=key)
        assert (answer.status_code, answer.json()["code"]) == (409, "no_relay")
        form = {"program_id": program, "emails": BELA, "consent": "1", "do": "write"}
        assert (await bare.http.post("/console/links/invites", data=form, headers=key)).status_code == 409
    assert await kept(links, shop) == {}


async def test_a_sheet_is_read_whole_whatever_it_begins_with_and_a_longer_one_is_refused(
    links: Replica, shop: Shop, relay: MailServer, console: httpx.AsyncClient
) -> None:
    program = await shop.program()
    form = {"program_id": program, "language": "en", "consent": "1", "do": "write"}
    long = "\n".join([BELA, *("somebody without an address," * 4,) * 1_500, CARL])
    for text, given in ((f"\ufeff{BELA}\n{DORA}", 2), (long, 2)):
        file = {"file": ("people.csv", text.encode(), "text/csv")}
        answer = await console.post("/console/links/invites", data=form, files=file)
        assert answer.headers.get("location", answer.text).endswith(f"?given={given}")
    assert set(await kept(links, shop)) == {BELA, CARL, DORA}
    shown = await console.get("/console/links/invites?lang=en")
    assert "At most 255 kB." in shown.text
    huge = {"file": ("people.csv", b"x" * 300_000, "text/csv")}
    refused = await console.post("/console/links/invites?lang=en", data=form, files=huge)
    assert refused.status_code == 413 and "over 256 kB" in refused.text

    anna = await shop.ambassador(program, email="anna@example.com")
    page = await portal_of(links, shop, anna["id"])
    assert "At most 15 kB." in (await page.get("/p/invites?lang=en")).text
    file = {"file": ("people.csv", b"x" * 20_000, "text/csv")}
    refused = await page.post("/p/invites?lang=en", data=form, files=file, headers={"accept": "text/html"})
    assert refused.status_code == 413 and "Send it in several parts" in refused.text
    await page.aclose()


@pytest.mark.usefixtures("working")
async def test_who_is_to_be_invited_never_again_still_gets_their_own_news(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    program, other = await shop.program(), await shop.program(name="other")
    anna = (await shop.ambassador(program, email="anna@example.com", locale="en"))["id"]
    assert (await shop.post("/v1/invites/forget", {"email": "anna@example.com"})).status_code == 204
    assert (await shop.got(f"/v1/ambassadors/{anna}/preferences"))["mail"] == "ok"
    await receive(links, order(ConversionAttributed, shop, "o-1", who=anna))
    await notify(links, after=timedelta(minutes=3))
    await until(lambda: relay.to("anna@example.com"), what="her own news")
    await invite(shop, {"program_id": other, "emails": ["anna@example.com"], "consent": "1"})
    await write(links)
    assert await kept(links, shop) == {"?": "ended"}


async def test_two_invitations_to_one_address_count_as_two_and_go_one_after_the_other(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    for number in range(5):
        program = await shop.program(name=f"p{number}")
        await invite(shop, {"program_id": program, "emails": ["hugo@example.com"], "consent": "1"})
    await write(links)
    async with links.ctx.db.transaction([shop.id]) as tx:
        rows = await tx.all("select state from invites where store_id = :s order by state", s=shop.id)
    assert [row.state for row in rows] == ["ended"] * 2 + ["written"] * 3


async def test_what_the_job_asks_uses_an_index(links: Replica, shop: Shop) -> None:
    now = links.ctx.live.now()
    asked: dict[str, dict[str, Any]] = {
        "_END_UNWANTED": {},
        "_DUE": {"now": now},
        "_NEXT": {},
        "_GIVEN": {"inviter": "amb_1", "since": now},
    }
    async with links.ctx.db.transaction([shop.id]) as tx:
        await tx.execute("set local enable_seqscan = off")
        for name, values in asked.items():
            rows = await tx.all(f"explain {getattr(invites, name)}", store_id=shop.id, **values)
            plan = "\n".join(row[0] for row in rows)
            index = "inviter_id_created_at_idx" if name == "_GIVEN" else "invites_due_idx"
            assert index in plan and "Seq Scan on invites" not in plan, plan


async def test_a_name_that_leads_elsewhere_stands_in_no_mail_to_strangers(links: Replica, shop: Shop) -> None:
    program = await shop.program()
    anna = await shop.ambassador(program, name="Anna", public_name="Your prize: win.example/x")
    page = await portal_of(links, shop, anna["id"])
    shown = (await page.get("/p/invites?lang=en")).text
    assert "A friend of yours recommends Zerno" in shown and "win.example" not in shown
    await page.aclose()
