"""Mails of links in tests: a real relay, a worker that does the tasks, and what can be read in a mail."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from services.kernel.work.worker import Worker
from services.links.main import SERVICE
from services.links.settings import smtp_settings
from tests.integration.links.world import BASE, OWN_PAGE, Replica, Shop
from tests.support.mail import MailServer, mail_server


@pytest.fixture
async def relay(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[MailServer]:
    """An SMTP server that the product is told to send through."""
    async with mail_server() as server:
        send_through(server, monkeypatch)
        yield server


def send_through(server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tells the product of this relay."""
    where = {"HOST": server.hostname, "PORT": str(server.port), "TLS": "none", "SENDER": "pages@kith.example"}
    for name, value in where.items():
        set_relay(monkeypatch, name, value)


def set_relay(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """Sets one thing of the relay, also where a worker has read all of it a moment ago."""
    monkeypatch.setenv(f"KITH_SMTP_{name}", value)
    smtp_settings.cache_clear()


@pytest.fixture
async def an_hour_later(links: Replica) -> None:
    """What earlier tests had written to an address does not count any more."""
    async with links.ctx.db.transaction() as tx:
        await tx.execute("update asked_mails set at = at - interval '1 hour'")


@pytest.fixture
async def working(links: Replica) -> AsyncIterator[None]:
    """A worker that does the tasks."""
    quick = [replace(kind, retries=(timedelta(),) * 20) for kind in SERVICE.work]
    worker = Worker(links.ctx, quick)
    worker.start()
    yield
    await worker.stop(within_s=1)


def browser(links: Replica, **headers: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=links.http._transport, base_url=BASE, headers={**OWN_PAGE, **headers})


async def states(links: Replica, shop: Shop) -> list[str]:
    return sorted(mail["state"] for mail in (await shop.got("/v1/mails"))["data"])


async def ended(links: Replica, shop: Shop, count: int) -> bool:
    found = await states(links, shop)
    return len(found) == count and "waiting" not in found


def address_in(text: str) -> str:
    found = re.search(rf"{BASE}(/p/sign-in/mail/\S+)", text)
    assert found, text
    return found[1]


def digits_in(text: str) -> str:
    found = re.search(r"^\s*(\d{6})\s*$", text, re.MULTILINE)
    assert found, text
    return found[1]
