"""SMS of links in tests: a gateway that the store has, and phones that ambassadors proved."""

import re
from collections.abc import AsyncIterator
from ipaddress import ip_network
from typing import Any

import httpx
import pytest

from services.kernel.outbound import Outbound
from tests.integration.links.world import Replica, Shop, portal_of
from tests.support.sms import SECRET, SmsGateway, sms_gateway
from tests.support.wait import until

PHONE = "+37369123456"
SETTINGS: dict[str, Any] = {"secret": SECRET, "sender": "ZERNO", "prefixes": ["+373"]}


@pytest.fixture
async def gateway(links: Replica) -> AsyncIterator[SmsGateway]:
    """A gateway on this machine, which the product is let out to."""
    here = ip_network("127.0.0.0/8")
    outbound, settings = links.ctx.outbound, links.ctx.settings
    async with sms_gateway() as server:
        links.ctx.outbound = Outbound(allow=[here])
        links.ctx.settings = settings.model_copy(update={"outbound_allow": (here,)})
        yield server
    links.ctx.outbound, links.ctx.settings = outbound, settings


async def set_up(shop: Shop, gateway: SmsGateway, **changes: Any) -> dict[str, Any]:
    """The store's gateway, by API."""
    answer = await shop.http.put("/v1/sms-gateway", json={"url": gateway.url, **SETTINGS, **changes})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def code_in(text: str) -> str:
    """The six digits."""
    found = re.search(r"\b(\d{6})\b", text)
    assert found, text
    return found[1]


async def proved(
    links: Replica, shop: Shop, gateway: SmsGateway, who: str, *, number: str = PHONE
) -> httpx.AsyncClient:
    """An ambassador's browser, once they have proved a number."""
    browser = await portal_of(links, shop, who)
    before = len(gateway.to(number))
    answer = await browser.post("/p/phone", data={"number": number})
    assert (answer.status_code, answer.headers.get("location")) == (303, "/p/phone"), answer.text
    await until(lambda: len(gateway.to(number)) > before, what="the code")
    answer = await browser.post("/p/phone/code", data={"code": code_in(gateway.to(number)[-1])})
    assert answer.status_code == 303, answer.text
    return browser
