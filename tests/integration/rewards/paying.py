"""Payouts by call in tests: rewards with a worker that calls the stand-ins for providers, which report back to it."""

import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import httpx
from standardwebhooks import Webhook

from services.kernel.ids import new_id
from services.kernel.outbound import Outbound
from services.kernel.work.worker import Worker
from services.rewards.destinations.actions import set_destination
from services.rewards.destinations.domain import checked
from services.rewards.main import SERVICE
from services.rewards.payouts.sql import payouts as rows
from tests.integration.rewards.money import earned
from tests.integration.rewards.world import World
from tests.support.chance import chance
from tests.support.payout_providers import CLIENT, CLIENT_SECRET, SECRET, Provider, Simulator, simulator
from tests.unit.rewards.build import STORE

PAY = ("payouts:read", "payouts:write", "rewards:read")
HERE = ip_network("127.0.0.0/8")


@dataclass
class Paying:
    """The service, who works for it, and the providers."""

    world: World
    http: httpx.AsyncClient
    providers: Simulator
    worker: Worker

    async def work(self) -> None:
        """Lets the worker begin."""
        self.worker.start()

    @property
    def books(self) -> dict[str, Provider]:
        """The providers by their kinds."""
        return {"http": self.providers.endpoint, "paypal": self.providers.paypal}

    async def set_up(self, kind: str) -> dict[str, Any]:
        """Sets a provider of the store up, which reports where it is told to."""
        body: dict[str, Any] = {"url": self.providers.pay_url, "secret": SECRET}
        if kind == "paypal":
            body = {"client_id": CLIENT, "client_secret": CLIENT_SECRET, "mode": "sandbox"}
        answer = await self.http.put(f"/v1/payout-providers/{kind}", json=body)
        assert answer.status_code == 200, answer.text
        made: dict[str, Any] = answer.json()
        path = httpx.URL(made["event_url"]).path

        async def report(event: dict[str, Any]) -> None:
            content, headers = signed(event) if kind == "http" else (json.dumps(event).encode(), {})
            answer = await self.http.post(path, content=content, headers=headers)
            assert answer.status_code == 204, answer.text

        self.books[kind].listener = report
        return made

    async def sent(self, kind: str, *, currency: str = "EUR") -> str:
        """A batch of everybody, let go; its id."""
        batch = await self.http.post("/v1/payout-batches", json={"currency": currency, "provider": kind})
        assert batch.status_code == 201, batch.text
        batch_id = str(batch.json()["id"])
        for step in ("approve", "send"):
            answer = await self.http.post(f"/v1/payout-batches/{batch_id}/{step}")
            assert answer.status_code == 200, answer.text
        return batch_id

    async def standing(self) -> dict[str, str]:
        """Of each payout how it stands."""
        async with self.world.db.transaction([STORE]) as tx:
            found = await rows.listed(tx, STORE, before=None, count=10_000, filters={})
        return {one.payout_id: one.status for one in found}

    async def make_due(self) -> None:
        """Nobody in a test waits for when something is asked again."""
        async with self.world.owner.transaction([STORE]) as tx:
            await tx.execute("delete from work_lanes")
            await tx.execute("update work_tasks set due = :now where state = 'waiting' and key not like '%later%'",
                             now=tx.now)  # fmt: skip

    async def all_are(self, *statuses: str) -> bool:
        """Whether each payout has come to one of these, now that everybody is in a hurry."""
        await self.make_due()
        return set((await self.standing()).values()) <= set(statuses)

    async def is_paid(self) -> bool:
        """Whether everybody is paid, with nobody hurried: what waited was let go."""
        return set((await self.standing()).values()) == {"paid"}

    async def payout(self, payout_id: str) -> dict[str, Any]:
        """One payout as the API shows it."""
        found: dict[str, Any] = (await self.http.get(f"/v1/payouts/{payout_id}")).json()
        return found


def signed(event: dict[str, Any], *, secret: str = SECRET, at: int | None = None) -> tuple[bytes, dict[str, str]]:
    """A report's body and headers, as a library of Standard Webhooks signs them."""
    body, name = json.dumps(event), new_id("rep")
    moment = int(time.time()) if at is None else at
    signature = Webhook(secret).sign(name, datetime.fromtimestamp(moment, UTC), body)
    headers = {"webhook-id": name, "webhook-timestamp": str(moment), "webhook-signature": signature}
    return body.encode(), {**headers, "content-type": "application/json"}


@asynccontextmanager
async def paying(world: World, *, works: bool = True) -> AsyncIterator[Paying]:
    """Rewards that may call this machine."""
    world.ctx.outbound = Outbound(allow=[HERE])
    world.ctx.settings = world.ctx.settings.model_copy(update={"outbound_allow": (HERE,)})
    worker = Worker(world.ctx, SERVICE.work)
    async with simulator(chance("providers")) as providers, world.caller(STORE, *PAY) as http:
        made = Paying(world, http, providers, worker)
        if works:
            await made.work()
        try:
            yield made
        finally:
            await worker.stop(within_s=2)


async def people(world: World, names: Sequence[str], *, wallets: Sequence[str] = ()) -> None:
    """So many ambassadors, each with something available and a PayPal address, or for some a wallet."""
    await earned(world, orders={one: [1000 + 10 * place] for place, one in enumerate(names)})
    async with world.db.transaction([STORE]) as tx:
        for one in names:
            place = ("wallet", f"wallet-of-{one}") if one in wallets else ("paypal", f"{one}@example.com")
            details = checked(place[0], holder="Anna Beispiel", value=place[1])  # type: ignore[arg-type]  # those words
            await set_destination(tx, world.ctx.require_sealing(), STORE, one, details)
        await tx.execute("update destinations set usable_at = :now", now=tx.now)
