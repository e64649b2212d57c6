"""Makes a data folder with an earlier version of Kith, for `test_upgrade`: see README.md here.

Runs with that version's own code, in a checkout of it. Everything goes through the public API and the demo clock,
by the client that its demo brings.
"""

import asyncio
import base64
import gzip
import hmac
import json
import os
import random
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

sys.path.insert(0, os.getcwd())

from demo.story.client import Client, StoryError
from services.cli import starting
from services.cli.local.postgres import programs
from tests.support.product import running

DAY_S = 86_400
HISTORY_DAYS = 40
STEPS = 10
PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
SCHEMAS = ("links", "attribution", "rewards", "analytics", "bus")
SHOPIFY_SECRET = "shpss_of_an_old_mill"
DELIVERED = 4
"""Orders that come through the platform."""
PROGRAM: dict[str, Any] = {
    "name": "Bring a friend",
    "currency": "EUR",
    "landing_url": "https://shop.example/",
    "attribution": {"click_window_days": 30, "new_customers_only": True, "min_subtotal_minor": 600},
    "budget": {"amount_minor": 19_000},
    "rewards": [
        {
            "name": "friend",
            "to": "friend",
            "which": "first",
            "give": {"kind": "fixed", "amount_minor": 500},
            "hold_days": 14,
        },
        {
            "name": "ambassador",
            "to": "ambassador",
            "which": "every",
            "give": {"kind": "percent", "basis_points": 1000, "of": "subtotal"},
            "pay_as": "cash",
            "hold_days": 14,
            "limits": {"per_order_minor": 900, "per_ambassador": {"count": 4, "period": "month"}},
        },
    ],
}


class Life:
    """Some weeks of a small store: orders by clicks and codes, limits, refunds, cancellations, reviews."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.rng = random.Random(7)  # a story, not a secret
        self.program = ""
        self.ambassadors: list[dict[str, Any]] = []
        self.orders: list[dict[str, Any]] = []
        self.hook: dict[str, Any] = {}
        self.delivered: list[dict[str, Any]] = []

    async def live(self) -> str:
        store = await self.client.operate(
            "/v1/stores",
            {"name": "Old Mill", "currency": "EUR", "timezone": "Europe/Chisinau", "domains": ["shop.example"]},
        )
        self.client.secret_key, self.client.publishable_key = store["secret_key"], store["publishable_key"]
        self.program = (await self.client.post("/v1/programs", PROGRAM))["id"]
        for number in range(4):
            joined = {"program_id": self.program, "external_id": f"a{number}", "name": f"Ambassador {number}"}
            self.ambassadors.append(
                await self.client.post("/v1/ambassadors", {**joined, "email": f"a{number}@example.com"})
            )
        code = {"program_id": self.program, "ambassador_id": self.ambassadors[1]["id"], "code": "TWICE", "max_uses": 2}
        await self.client.post("/v1/codes", code)
        for step in range(STEPS):
            await self.step(step)
            if self.orders:
                await self.client.decided(self.orders[-1]["order_id"])
            await self.client.advance(HISTORY_DAYS * DAY_S // STEPS)
        await self.review()
        await self.shopify()
        return str(store["id"])

    async def shopify(self) -> None:
        """A platform delivers orders, a test and something that cannot be read."""
        self.hook = await self.client.post("/v1/hooks", {"platform": "shopify", "secret": SHOPIFY_SECRET})
        for number in range(DELIVERED):
            await self.deliver(platform_order(number))
        await self.deliver(platform_order(DELIVERED, test=True))
        await self.deliver(platform_order(DELIVERED + 1, total_price="50,90"))

    async def deliver(self, order: dict[str, Any]) -> None:
        body = json.dumps(order).encode()
        signature = base64.b64encode(hmac.digest(SHOPIFY_SECRET.encode(), body, "sha256")).decode()
        headers = {"X-Shopify-Topic": "orders/paid", "X-Shopify-Hmac-Sha256": signature}
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.post(self.hook["url"], content=body, headers=headers)
        self.delivered.append({"body": body.decode(), "headers": headers, "outcome": answer.json()["outcome"]})

    async def step(self, step: int) -> None:
        if step == STEPS // 2:
            rewards = [
                {**rule, "give": {"kind": "fixed", "amount_minor": 400}} if rule["to"] == "friend" else rule
                for rule in PROGRAM["rewards"]
            ]
            await self.client.patch(f"/v1/programs/{self.program}", {"rewards": rewards})
        for number in range(4):
            ambassador = self.ambassadors[(step + number * number) % 4]
            friend = f"c{step * 10 + number}" if number or step < 3 else f"c{(step - 3) * 10}"
            customer = {"id": friend, "email": f"{friend}@example.com"}
            if (step, number) == (4, 3):
                customer = {"id": "a2", "email": "a2@example.com"}  # an ambassador who buys by the own link
                ambassador = self.ambassadors[2]
            order: dict[str, Any] = {"customer": customer, "visitor_id": f"v-{friend}"}
            if number != 3:
                token = await self.client.click(ambassador["link"]["slug"], PERSON)
                await self.client.track(
                    {"type": "visit", "token": token, "visitor_id": f"v-{friend}", "url": "https://shop.example/"}
                )
                if number == 1:
                    await self.client.track({"type": "signup", "visitor_id": f"v-{friend}", "customer": customer})
                order["token"] = token
            if number == 2:
                order["codes"] = ["TWICE"]
            await self.buy(f"{1000 + step * 10 + number}", order)
        await self.after(step)

    async def buy(self, order_id: str, order: dict[str, Any]) -> None:
        goods = self.rng.randrange(500, 12_000, 50)
        body = {
            "order_id": order_id,
            # The demo's API moves what a store's clock says along with its own.
            "placed_at": (datetime.now(UTC) + timedelta(minutes=self.rng.randrange(5, 600))).isoformat(),
            "status": "pending" if order_id.endswith("71") else "paid",
            "currency": "EUR",
            "subtotal_minor": goods,
            "shipping_minor": 490,
            "total_minor": goods + 490,
            "items": [
                {"sku": "mill", "line_id": "1", "quantity": 1, "amount_minor": goods // 2},
                {"sku": "beans", "line_id": "2", "quantity": 2, "amount_minor": goods - goods // 2},
            ],
            **order,
        }
        self.orders.append(body)
        await self.client.post("/v1/orders", body)

    async def after(self, step: int) -> None:
        """What becomes of some of the orders: of the last step's, and of settled ones."""
        if step in {2, 5}:
            last = self.orders[-4]
            await self.client.post(
                f"/v1/orders/{last['order_id']}/refunds", {"refund_id": "r1", "amount_minor": last["total_minor"]}
            )
        if step in {3, 7}:
            last = self.orders[-3]
            half = {"line_id": "1", "quantity": 1, "amount_minor": last["items"][0]["amount_minor"]}
            refund = {"refund_id": "r2", "amount_minor": half["amount_minor"], "lines": [half]}
            await self.client.post(f"/v1/orders/{last['order_id']}/refunds", refund)
        if step in {4, 8}:
            await self.client.post(f"/v1/orders/{self.orders[-2]['order_id']}/cancel", {})
        if step in {6, 9}:  # of an order that has settled meanwhile
            await self.client.post(
                f"/v1/orders/{self.orders[step - 6]['order_id']}/refunds", {"refund_id": "late", "amount_minor": 300}
            )
        if step == 7:
            await self.client.post(
                "/v1/orders", {**self.orders[-1], "total_minor": self.orders[-1]["total_minor"] + 100}
            )

    async def review(self) -> None:
        """A person approves one reward and rejects another."""
        await asyncio.sleep(5)  # what became due by the last move of the clock
        pending = [r for r in (await self.client.get("/v1/rewards?limit=200"))["data"] if r["status"] == "pending"]
        await self.client.post(f"/v1/rewards/{pending[0]['id']}/reject", {"reason": "not a friend"})
        await self.client.post(f"/v1/rewards/{pending[-1]['id']}/approve", {})


def platform_order(number: int, **fields: Any) -> dict[str, Any]:
    """An order as Shopify has it, with the code of an ambassador."""
    now = datetime.now(UTC).isoformat()
    order = {
        "id": 5_000_000 + number,
        "created_at": now,
        "updated_at": now,
        "currency": "EUR",
        "financial_status": "paid",
        "subtotal_price": "46.00",
        "total_price": "50.90",
        "email": f"p{number}@example.com",
        "customer": {"id": 7_000_000 + number},
        "discount_codes": [{"code": "TWICE"}],
    }
    return order | fields


async def answers(client: Client, life: Life, store_id: str) -> dict[str, Any]:
    """What the version that made the data says of it; asked until two rounds are equal and every order is decided."""
    today = datetime.now(UTC).date()
    period = f"from={today - timedelta(days=HISTORY_DAYS + 1)}&to={today}"
    paths = [
        *(f"/v1/balances?ambassador_id={quote(ambassador['id'])}" for ambassador in life.ambassadors),
        "/v1/ledger/trial-balance",
        f"/v1/metrics/timeseries?metric=revenue&{period}",
        *(f"/v1/metrics/{part}?{period}" for part in ("summary", "virality", "funnel", "channels", "ambassadors")),
    ]
    before: dict[str, Any] = {}
    while True:
        found = {path: {**await client.get(path), "freshness": None} for path in paths}
        orders = await client.get("/v1/orders?limit=200")
        if found == before and len(orders["data"]) == STEPS * 4 + DELIVERED:
            found["/v1/orders?limit=200"] = orders
            return {
                "store_id": store_id,
                "secret_key": client.secret_key,
                "at": datetime.now(UTC).isoformat(),
                "hook": life.hook,
                "delivered": life.delivered,
                "answers": found,
            }
        before = found
        await asyncio.sleep(3)


def dump(folder: Path) -> bytes:
    """The services' schemas and the bus as plain SQL."""
    server = starting.embedded_postgres(folder)
    argv = [str(programs() / "pg_dump"), "--no-owner", "--no-privileges", *(f"--schema={name}" for name in SCHEMAS)]
    return subprocess.run(  # the wheel's own program
        [*argv, server.url(starting.EMBEDDED_DATABASE, user="postgres")], check=True, capture_output=True
    ).stdout


async def main(out: Path) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "data"
        async with running("run", folder) as product:
            client = Client(product.url, operator_key=product.operator_key)
            life = Life(client)
            try:
                await client.advance(-HISTORY_DAYS * DAY_S)
                store_id = await life.live()
                given = await answers(client, life, store_id)
            except StoryError as error:
                sys.exit(f"{error}")
            finally:
                await client.close()
            out.mkdir(parents=True, exist_ok=True)
            (out / "data.sql.gz").write_bytes(gzip.compress(dump(folder), 9, mtime=0))
        for name in ("secrets.env", "demo.json"):
            (out / name).write_text((folder / name).read_text())
    (out / "answers.json").write_text(json.dumps(given, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]).absolute()))
