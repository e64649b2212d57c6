"""The process that sends mails is killed in its worst moments: none is lost, and one sent twice is the same message."""

import asyncio
import os
from pathlib import Path

import asyncpg
import pytest

from services.cli.local.postgres import OWNER
from services.cli.local.process import free_port
from services.kernel.ids import new_id
from services.links.mail import actions as mails
from services.links.mail.actions import Message
from tests.integration.links.mailing import relay
from tests.integration.links.notifying import ConversionAttributed, order, receive
from tests.integration.links.world import Replica, Shop
from tests.support.command_line import fork
from tests.support.mail import MailServer
from tests.support.wait import until

__all__ = ["relay"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

FAILPOINTS = ("work.before_run=kill@5", "work.before_note=kill@12", "work.after_note=kill@20")
COUNT = 80


async def waiting_mails(links: Replica, shop: Shop) -> None:
    """A piece of news for each of many people, as mails that wait."""
    program = await shop.program()
    people = [{"program_id": program, "email": f"p{n}@example.com"} for n in range(COUNT)]
    made = (await shop.post("/v1/ambassadors/batches", {"ambassadors": people})).json()["data"]
    who = [one["ambassador"]["id"] for one in made]
    await receive(links, *(order(ConversionAttributed, shop, f"o-{ident}", who=ident) for ident in who))
    async with links.ctx.db.transaction([shop.id]) as tx:
        names = [(new_id("mai"), ident) for ident in who]
        messages = [Message(mail_id=name, kind="notice", about=name, ambassador_id=ident) for name, ident in names]
        for one in messages:
            await tx.execute(
                "update notices set state = 'told', message_id = :m where store_id = :s and ambassador_id = :a",
                m=one.mail_id, s=shop.id, a=one.ambassador_id,
            )  # fmt: skip
        await mails.send_all(tx, shop.id, messages)


@pytest.mark.usefixtures("relay")
async def test_killed_at_every_step_no_mail_is_lost_and_a_second_one_is_the_same(
    links: Replica, shop: Shop, relay: MailServer, tmp_path: Path
) -> None:
    await waiting_mails(links, shop)
    settings, marks = links.ctx.settings, tmp_path / "fired"
    secrets = ("secret_keys", "contact_key", "operator_key")
    environment = {
        **os.environ,
        **{f"KITH_{name.upper()}": getattr(settings, name).get_secret_value() for name in secrets},
        "KITH_DATABASE_URL": settings.database_url,
        "KITH_DATA_DIR": str(tmp_path),
        "KITH_LINKS_SEALING_KEYS": "l1:the-keys-of-links-in-the-tests",
        "KITH_FAILPOINTS": ",".join(FAILPOINTS),
        "KITH_FAILPOINTS_ONCE": str(marks),
    }
    owner = await asyncpg.connect(str(settings.database_url).replace(f"{OWNER}@", "postgres@"))

    async def supervise() -> None:
        while True:
            argv = ("serve", "links", "--role", "work", "--port", str(free_port()))
            process = await fork(*argv, env=environment)
            try:
                await process.wait()
                # Nobody waits for the leases of the dead: a test has no minute for each.
                await owner.execute("update links.work_tasks set leased_until = now() where leased_until > now()")
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()

    async def sent() -> bool:
        query = "select not exists (select from links.mails where store_id = $1 and state <> 'sent')"
        return bool(await owner.fetchval(query, shop.id))

    supervising = asyncio.create_task(supervise())
    try:
        await until(sent, within=200, every=0.3, what="every mail is sent")
    finally:
        supervising.cancel()
        await asyncio.gather(supervising, return_exceptions=True)
        await owner.close()
    assert {mark.name for mark in marks.glob("*")} == {point.partition("=")[0] for point in FAILPOINTS}
    assert {address for address, _ in relay.came} == {f"p{n}@example.com" for n in range(COUNT)}
    by_address: dict[str, set[str]] = {}
    for address, message in relay.came:
        by_address.setdefault(address, set()).add(message["Message-ID"])
    assert all(len(ids) == 1 for ids in by_address.values()), "what came twice is seen to be the same"
    assert len(relay.came) > COUNT, "a mail whose note was lost is sent again"
