"""No store leads Kith inside: each address of the list, as an endpoint's and as a shop's host, and behind a name."""

import json
import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import pytest

from services.connectors.endpoints.actions.notify import take
from services.connectors.endpoints.work import run as send_webhook
from services.connectors.inbox.domain.questions import READ_BACK
from services.connectors.inbox.work import run as ask_shop
from services.kernel.bus.port import Event
from services.kernel.outbound import Outbound, OutboundError
from services.kernel.outbound.addresses import canonical
from services.kernel.work import Retry, Task
from tests.integration.attribution.world import SHOP
from tests.support.connectors import Pair
from tests.support.edge import key
from tests.support.inside import PRIVATE, SPELLINGS, host_of
from tests.support.webhooks import order

OWNER = key("orders:read", "orders:write", "webhooks:read", "webhooks:write", store=SHOP)


@dataclass
class Canary:
    """Listens on all addresses of this machine, IPv4 and IPv6, and counts who comes."""

    port: int
    listener: socket.socket
    answers: list[list[str]] = field(default_factory=list)
    """What names lead to; the last goes on."""
    asked: int = 0

    def hits(self) -> int:
        """How many connections came. The system completes them without anybody's help."""
        found = 0
        while True:
            try:
                self.listener.accept()[0].close()
            except BlockingIOError:
                return found
            found += 1

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def door(self) -> Outbound:
        return Outbound(resolve=self.resolve)


@pytest.fixture
async def canary() -> AsyncIterator[Canary]:
    dual = socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if dual else socket.AF_INET
    with socket.create_server(("", 0), family=family, dualstack_ipv6=dual, backlog=128) as listener:
        listener.setblocking(False)
        yield Canary(listener.getsockname()[1], listener)


def test_the_list_has_sixty_addresses() -> None:
    assert len({*PRIVATE, *SPELLINGS}) >= 60
    assert len({canonical(text) for text in PRIVATE}) >= 60, "each is one of its own"


async def test_the_door_reaches_none_of_them_however_they_are_written_or_named(canary: Canary) -> None:
    for text in (*PRIVATE, *SPELLINGS):
        with pytest.raises(OutboundError) as refused:
            await Outbound().send("POST", f"http://{host_of(text)}:{canary.port}/", purpose="test", deadline_s=5)
        assert refused.value.reason in {"address_refused", "unreachable", "bad_url"}, text
    for text in PRIVATE:
        canary.answers = [[text]]
        with pytest.raises(OutboundError, match="address_refused"):
            await canary.door().send("POST", f"http://inside.example:{canary.port}/", purpose="test")
    assert (canary.asked, canary.hits()) == (len(PRIVATE), 0)
    with socket.create_connection(("127.0.0.1", canary.port)):
        assert canary.hits() == 1, "it would have shown"


async def test_no_endpoint_and_no_shop_is_written_at_such_an_address(http: httpx.AsyncClient) -> None:
    for text in PRIVATE:
        url = f"https://{host_of(text)}/hook"
        answer = await http.post("/v1/webhook-endpoints", headers=OWNER, json={"url": url, "events": ["link.created"]})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "url"), text
        body = {"platform": "insales", "host": host_of(text), "access": {"user": "app", "password": "of the shop"}}
        answer = await http.post("/v1/connections", headers=OWNER, json=body)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "host"), text


async def test_an_endpoint_and_a_shop_whose_names_lead_inside_are_not_called(both: Pair, canary: Canary) -> None:
    http, context = both.http, both.contexts[0]
    context.outbound = canary.door()
    canary.answers = [["8.8.8.8"]]
    events = {"url": f"https://inside.example:{canary.port}/hook", "events": ["order.attributed"]}
    assert (await http.post("/v1/webhook-endpoints", headers=OWNER, json=events)).status_code == 201
    body = {"platform": "insales", "host": "inside.example", "access": {"user": "app", "password": "of the shop"}}
    made = await http.post("/v1/connections", headers=OWNER, json=body)
    assert made.status_code == 201, made.text
    async with both.db.transaction([SHOP]) as tx:
        decision = order("1001", store=SHOP)
        await take(tx, [Event(decision.id, decision.type, tx.now, SHOP, decision.payload(tx.now))])
    async with both.db.transaction([SHOP]) as tx:
        [written] = await tx.all("select * from work_tasks where kind = 'webhook'")
        now = tx.now
    calls = (
        (send_webhook, a_task("webhook", json.loads(written.payload), now)),
        (ask_shop, a_task(READ_BACK, {"connection": made.json()["id"], "order": "1", "delivery": None}, now)),
    )
    for run, task in calls:
        # Public when somebody looks, inside the next time; and good ones do not make a bad one good.
        canary.answers = [answer for text in PRIVATE for answer in ([text], ["8.8.8.8", text])] + [["0.0.0.0"]]
        canary.asked = 0
        for text in (one for one in PRIVATE for _ in range(2)):
            outcome = await run(context, task)
            assert isinstance(outcome, Retry), text
            assert outcome.reason == "address_refused", text
        assert (canary.asked, canary.hits()) == (2 * len(PRIVATE), 0), "looked up once for each call, and not called"


def a_task(kind: str, payload: Any, now: datetime) -> Task:
    return Task(
        id=1, kind=kind, store_id=SHOP, lane="l", key="k", payload=payload, attempt=1, failures=0, created_at=now
    )
