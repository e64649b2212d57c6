"""What comes back: an address that is nobody's gets no more news, one that is full is tried again."""

from datetime import timedelta
from pathlib import Path

import pytest

from services.cli.commands.mail import _bounces
from services.cli.ui import Ui
from tests.integration.links.mailing import ended, relay, set_relay, working
from tests.integration.links.notifying import ConversionAttributed, notify, order, receive
from tests.integration.links.test_invites import kept, write
from tests.integration.links.world import OPERATOR, Replica, Shop
from tests.support.mail import MailServer
from tests.support.wait import until

__all__ = ["relay", "working"]

ANNA = "anna@example.com"
pytestmark = pytest.mark.usefixtures("working")


async def order_counts(links: Replica, shop: Shop, who: str, number: int) -> None:
    await receive(links, order(ConversionAttributed, shop, f"o-{number}", who=who))
    await notify(links, after=timedelta(minutes=3))


def report(came_back_to: str, *, status: str) -> bytes:
    """Of a mail system that returns no part of the mail."""
    return f"""To: <{came_back_to}>
Content-Type: multipart/report; report-type=delivery-status; boundary="x"

--x
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; ANNA@example.com
Action: failed
Status: {status}
--x--
""".encode()


async def post(links: Replica, raw: bytes) -> list[str]:
    headers = {"Authorization": f"Bearer {OPERATOR}", "Content-Type": "message/rfc822"}
    answer = await links.http.post("/v1/mail/bounces", content=raw, headers=headers)
    assert answer.status_code == 200, answer.text
    return [one["done"] for one in answer.json()["data"]]


async def test_who_is_not_there_gets_no_more_and_who_is_busy_is_tried_once_more(
    links: Replica, shop: Shop, relay: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_relay(monkeypatch, "BOUNCES", "b@kith.example")
    anna = (await shop.ambassador(await shop.program(), email=ANNA))["id"]
    await order_counts(links, shop, anna, 1)
    await until(lambda: len(relay.to(ANNA)) == 1, what="the first mail")
    (back,) = relay.returns
    assert back.startswith("b+") and back.endswith("@kith.example")

    await until(lambda: ended(links, shop, 1), what="the note that it was sent")
    assert await post(links, report(back, status="4.2.2")) == ["retried"]
    await notify(links, after=timedelta(hours=2))
    await until(lambda: len(relay.to(ANNA)) == 2, what="the same mail again")
    first, again = relay.to(ANNA)
    assert first["Message-ID"] == again["Message-ID"]
    await until(lambda: ended(links, shop, 1), what="the note that it was sent again")
    assert await post(links, report(back, status="4.2.2")) == ["kept"], "not for ever"
    (log,) = (await shop.got("/v1/messages"))["data"]
    assert (log["state"], log["reason"]) == ("bounced", "dsn_4.2.2")

    await order_counts(links, shop, anna, 2)
    await until(lambda: len(relay.to(ANNA)) == 3, what="the next mail")
    for _ in range(2):
        assert await post(links, report(relay.returns[-1], status="5.1.1")) == ["suppressed"]
    await order_counts(links, shop, anna, 3)
    assert len((await shop.got("/v1/messages"))["data"]) == 2, "the third piece of news stands on her page only"


async def test_a_report_by_one_reader_silences_nobody_else(
    links: Replica, shop: Shop, relay: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_relay(monkeypatch, "BOUNCES", "b@kith.example")
    program = await shop.program()
    eve = (await shop.ambassador(program, email="eve@example.com"))["id"]
    anna = (await shop.ambassador(program, email=ANNA))["id"]
    await order_counts(links, shop, eve, 1)
    await until(lambda: len(relay.to("eve@example.com")) == 1, what="a mail whose id Eve knows")
    assert await post(links, report(relay.returns[-1], status="5.1.1")) == ["kept"], "it names Anna's address"
    await order_counts(links, shop, anna, 2)
    await until(lambda: len(relay.to(ANNA)) == 1, what="Anna is written to as before")


async def test_an_invited_address_that_is_nobody_s_is_forgotten_and_not_reminded(
    links: Replica, shop: Shop, relay: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_relay(monkeypatch, "BOUNCES", "b@kith.example")
    body = {"program_id": await shop.program(), "emails": [ANNA], "consent": "1"}
    assert (await shop.post("/v1/invites", body)).status_code == 202
    await write(links)
    await until(lambda: ended(links, shop, 1), what="the invitation")
    assert await post(links, report(relay.returns[0], status="5.1.1")) == ["suppressed"]
    await write(links)
    assert await kept(links, shop) == {"?": "ended"}


async def test_a_maildir_is_taken_once_and_what_is_no_report_is_left_aside(
    links: Replica, shop: Shop, relay: MailServer, tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_relay(monkeypatch, "BOUNCES", "b@kith.example")
    anna = (await shop.ambassador(await shop.program(), email=ANNA))["id"]
    await order_counts(links, shop, anna, 1)
    await until(lambda: len(relay.to(ANNA)) == 1, what="the mail")
    for folder in ("new", "cur", "tmp"):
        (tmp_path / "box" / folder).mkdir(parents=True)
    (tmp_path / "box" / "new" / "1").write_bytes(report(relay.returns[0], status="5.1.1"))
    (tmp_path / "box" / "new" / "2").write_bytes(b"Subject: Out of office\n\nBack on Monday.")
    settings = links.ctx.settings
    for name in ("database_url", "data_dir"):
        monkeypatch.setenv(f"KITH_{name.upper()}", str(getattr(settings, name)))
    for name in ("secret_keys", "contact_key", "operator_key"):
        monkeypatch.setenv(f"KITH_{name.upper()}", getattr(settings, name).get_secret_value())
    await _bounces(Ui(as_json=True), tmp_path / "box")
    assert sorted(path.name for path in (tmp_path / "box" / "cur").iterdir()) == ["1:2,S", "2:2,S"]
    await order_counts(links, shop, anna, 2)
    assert len((await shop.got("/v1/messages"))["data"]) == 1


async def test_a_report_is_the_operator_s_to_give_and_names_a_mail_of_ours(links: Replica, shop: Shop) -> None:
    refused = await shop.http.post("/v1/mail/bounces", content=b"x")
    assert refused.status_code == 403
    headers = {"Authorization": f"Bearer {OPERATOR}"}
    strange = await links.http.post("/v1/mail/bounces", content=b"Subject: hello", headers=headers)
    assert (strange.status_code, strange.json()["code"]) == (422, "unreadable_report")
    unknown = report(f"b+{'0' * 26}.{'0' * 26}@kith.example", status="5.1.1")
    assert await post(links, unknown) == ["ignored"]
