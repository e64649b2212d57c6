"""What becomes of a mail: whose address a relay cannot take holds up nobody else's."""

from datetime import timedelta

import pytest

from services.kernel.work import Done, Retry, Task
from services.links.mail.actions import KEPT
from services.links.mail.jobs import forget as forget_mails
from services.links.mail.work import run, task_kinds
from services.links.main import COMPOSERS
from services.links.proofs.jobs import forget as forget_proofs
from tests.integration.links.mailing import an_hour_later, browser, ended, relay, send_through, set_relay, working
from tests.integration.links.world import Replica, Shop
from tests.support.mail import MailServer, mail_server
from tests.support.wait import until

__all__ = ["an_hour_later", "relay", "working"]

ANNA = "anna@example.com"
pytestmark = pytest.mark.usefixtures("an_hour_later")


async def ask(links: Replica, program: str, address: str) -> None:
    async with browser(links) as person:
        assert (await person.post("/p/sign-in", data={"program": program, "email": address})).status_code == 303


async def sending(links: Replica, shop: Shop) -> Task:
    """The task of the only mail."""
    (mail,) = (await shop.got("/v1/mails"))["data"]
    return Task(
        id=1, kind="links.mail", store_id=shop.id, lane="relay", key=mail["id"], payload={"mail_id": mail["id"]},
        attempt=1, failures=0, created_at=links.ctx.live.now(),
    )  # fmt: skip


@pytest.mark.usefixtures("working")
async def test_an_address_in_another_script_is_written_to_or_refused_and_holds_up_nobody(
    links: Replica, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = await shop.program()
    async with mail_server(smtputf8=False) as plain:
        send_through(plain, monkeypatch)
        for address in ("olha@пошта.укр", "ольга@example.com", ANNA):
            await shop.ambassador(program, email=address)
            await ask(links, program, address)
        await until(lambda: ended(links, shop, 3), what="an end of all mails")
    assert {address for address, _ in plain.came} == {"olha@xn--80a1acn3a.xn--j1amh", ANNA}
    (refused,) = (await shop.got("/v1/mails", state="refused"))["data"]
    assert refused["reason"] == "no_address"


async def test_a_relay_that_cannot_encrypt_though_it_should_holds_all_mails(
    links: Replica, shop: Shop, relay: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_relay(monkeypatch, "TLS", "starttls")
    program = await shop.program()
    await shop.ambassador(program, email=ANNA)
    await ask(links, program, ANNA)
    task = await sending(links, shop)
    assert await run(COMPOSERS, links.ctx, task) == Retry(reason="smtp_away", hold_lane=True)
    assert relay.came == []


async def test_a_mail_that_no_relay_took_is_called_given_up_and_leaves_when_it_is_tried_again(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    program = await shop.program()
    await shop.ambassador(program, email=ANNA)
    await ask(links, program, ANNA)
    task, (kind,) = await sending(links, shop), task_kinds(COMPOSERS)
    assert kind.given_up is not None
    async with links.ctx.db.transaction([shop.id]) as tx:
        await kind.given_up(tx, task, "smtp_away")
    (mail,) = (await shop.got("/v1/mails"))["data"]
    assert (mail["state"], mail["reason"]) == ("waiting", "given_up")
    outcome = await kind.run(links.ctx, task)
    assert isinstance(outcome, Done)
    assert outcome.note is not None
    async with links.ctx.db.transaction([shop.id]) as tx:
        await outcome.note(tx)
    (mail,) = (await shop.got("/v1/mails"))["data"]
    assert (mail["state"], mail["reason"]) == ("sent", None)
    assert [address for address, _ in relay.came] == [ANNA]


async def test_what_became_of_mails_and_who_was_asked_for_a_proof_is_forgotten_in_time(
    links: Replica, shop: Shop, relay: MailServer
) -> None:
    program = await shop.program()
    for address in (ANNA, "ben@example.com"):
        await ask(links, program, address)
    old = "= (select min(mail_id) from mails where store_id = :s)"
    async with links.ctx.db.transaction([shop.id]) as tx:
        due = await tx.all("select job, at from due where store_id = :s order by job", s=shop.id)
        assert [row.job for row in due if row.job in ("links.mails", "links.proofs")] == ["links.mails", "links.proofs"]
        assert timedelta(days=89) < {row.job: row.at for row in due}["links.mails"] - tx.now <= timedelta(days=90)
        assert list(await forget_mails(tx, [shop.id])) == [shop.id], "not yet"
        assert list(await forget_proofs(tx, [shop.id])) == [shop.id], "not yet"
        await tx.execute(f"update mails set created_at = :at where mail_id {old}", at=tx.now - KEPT, s=shop.id)
        await tx.execute("update proofs set expires_at = now() - interval '2 days' where store_id = :s", s=shop.id)
        await tx.execute("update asked_mails set at = at - interval '2 hours'")
        (at,) = (await forget_mails(tx, [shop.id])).values()
        assert timedelta(days=89) < at - tx.now <= timedelta(days=90), "when the other one is old"
        assert await forget_proofs(tx, [shop.id]) == {}
        assert await tx.scalar("select count(*) from asked_mails") == 0
    assert len((await shop.got("/v1/mails"))["data"]) == 1
