"""The process that sends SMS is killed in its worst moments: none is lost, none comes twice, each is counted once."""

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
from services.links.phone_codes import sql as codes
from services.links.sms.actions.phones import hash_of
from services.links.sms_gateways.actions.setup import lane_of
from tests.integration.links.notifying import ConversionAttributed, order, receive
from tests.integration.links.texting import gateway, set_up
from tests.integration.links.world import Replica, Shop
from tests.support.command_line import fork
from tests.support.sms import SmsGateway
from tests.support.wait import until

__all__ = ["gateway"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

FAILPOINTS = ("work.before_run=kill@5", "work.before_note=kill@9", "work.after_note=kill@14")
COUNT = 40


async def waiting(links: Replica, shop: Shop) -> None:
    """A piece of news for each of many people who confirmed a phone, as SMS that wait."""
    program = await shop.program()
    people = [{"program_id": program, "external_id": f"c{n}"} for n in range(COUNT)]
    made = (await shop.post("/v1/ambassadors/batches", {"ambassadors": people})).json()["data"]
    who = [one["ambassador"]["id"] for one in made]
    await receive(links, *(order(ConversionAttributed, shop, f"o-{ident}", who=ident) for ident in who))
    async with links.ctx.db.transaction([shop.id]) as tx:
        messages = []
        for n, ident in enumerate(who):
            number = f"+373690000{n:02d}"
            await codes.prove_phone(tx, shop.id, ident, number, hash_of(links.ctx.ring, number))
            name = new_id("mai")
            await tx.execute(
                "update notices set state = 'told', message_id = :m where store_id = :s and ambassador_id = :a",
                m=name, s=shop.id, a=ident,
            )  # fmt: skip
            messages.append(
                Message(
                    mail_id=name, kind="notice", about=name, channel="sms", lane=lane_of(shop.id), ambassador_id=ident
                )
            )
        await mails.send_all(tx, shop.id, messages)


async def test_killed_at_every_step_no_sms_is_lost_and_none_comes_twice(
    links: Replica, shop: Shop, gateway: SmsGateway, tmp_path: Path
) -> None:
    await set_up(shop, gateway)
    await waiting(links, shop)
    settings, marks = links.ctx.settings, tmp_path / "fired"
    secrets = ("secret_keys", "contact_key", "operator_key")
    environment = {
        **os.environ,
        **{f"KITH_{name.upper()}": getattr(settings, name).get_secret_value() for name in secrets},
        "KITH_DATABASE_URL": settings.database_url,
        "KITH_DATA_DIR": str(tmp_path),
        "KITH_LINKS_SEALING_KEYS": "l1:the-keys-of-links-in-the-tests",
        "KITH_OUTBOUND_ALLOW": "127.0.0.0/8",
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
        await until(sent, within=200, every=0.3, what="every SMS is sent")
        spent = await owner.fetchval("select sum(segments) from links.sms_spent where store_id = $1", shop.id)
        counted = await owner.fetchval("select sum(segments) from links.mails where store_id = $1", shop.id)
    finally:
        supervising.cancel()
        await asyncio.gather(supervising, return_exceptions=True)
        await owner.close()
    assert {mark.name for mark in marks.glob("*")} == {point.partition("=")[0] for point in FAILPOINTS}
    assert sorted(one["to"] for one in gateway.sent) == [f"+373690000{n:02d}" for n in range(COUNT)]
    assert gateway.asked > COUNT, "what was not noted is given again, under its id"
    assert spent == counted >= COUNT
