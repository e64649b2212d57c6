"""A store's server and its friends, seen from outside: what was asked, what was acknowledged, and what must follow.

The oracle is this history and a model of a few lines, never the product's own counters.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"}
FRIEND_MINOR = 500
AMBASSADOR_BASIS_POINTS = 1000
PROGRAM: dict[str, Any] = {
    "name": "Faults",
    "currency": "EUR",
    "landing_url": "https://shop.example/",
    "rewards": [
        {"name": "friend", "to": "friend", "give": {"kind": "fixed", "amount_minor": FRIEND_MINOR}},
        {
            "name": "ambassador",
            "to": "ambassador",
            "which": "every",
            "give": {"kind": "percent", "basis_points": AMBASSADOR_BASIS_POINTS, "of": "subtotal"},
            "pay_as": "cash",
        },
    ],
}


LOOKED_AT = ("/v1/rewards", "/v1/ledger/trial-balance", "/v1/metrics/summary", "/v1/programs", "/console/session")


@dataclass
class History:
    """One store's life as its own server remembers it."""

    http: httpx.AsyncClient
    store_id: str
    secret_key: str
    publishable_key: str
    slugs: list[str]
    codes: list[str]
    acked: dict[str, int] = field(default_factory=dict)
    """Order → subtotal, of every order that was answered with a 2xx."""
    refunded: dict[str, int] = field(default_factory=dict)
    clicks: int = 0
    clicks_unknown: int = 0
    refused: dict[int, int] = field(default_factory=dict)
    """Answers of 4xx and 5xx, by status; 0 for a connection that broke."""
    refusals: list[str] = field(default_factory=list)
    """The first of them in full: what was asked, and what was said."""
    without_retry_after: int = 0

    @property
    def headers(self) -> dict[str, str]:
        """The store's credential."""
        return {"authorization": f"Bearer {self.secret_key}"}

    @classmethod
    async def begin(cls, http: httpx.AsyncClient, operator_key: str) -> "History":
        """Sets a store up."""

        async def post(path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
            answer = await http.post(path, json=body, headers={"authorization": f"Bearer {key}"})
            assert answer.is_success, answer.text
            return dict(answer.json())

        store = {"name": "F", "currency": "EUR", "timezone": "UTC", "domains": ["shop.example"], "locale": "en"}
        made = await post("/v1/stores", store, operator_key)
        key, public = made["secret_key"], made["publishable_key"]
        program = (await post("/v1/programs", PROGRAM, key))["id"]
        joined = [await post("/v1/ambassadors", {"program_id": program, "external_id": f"a{n}"}, key) for n in range(5)]
        slugs, codes = [a["link"]["slug"] for a in joined], [a["code"]["code"] for a in joined]
        return cls(http, made["id"], key, public, slugs, codes)

    async def order(self, name: str, number: int, *, customer: str | None = None, tries: int = 1) -> bool:
        """Tells one order, again after a failure if `tries` allows; whether it was acknowledged.

        Each is of a customer of its own, unless one is named, whose orders after the first `expected` knows nothing of.
        """
        subtotal = 1000 + number % 977
        body = {
            "order_id": name,
            "placed_at": datetime.now(UTC).isoformat(),
            "status": "paid",
            "currency": "EUR",
            "total_minor": subtotal + 490,
            "subtotal_minor": subtotal,
            "customer": {"id": customer or f"c-{name}"},
            "codes": [self.codes[number % len(self.codes)]],
        }
        if await self._reported(lambda: self.http.post("/v1/orders", json=body, headers=self.headers), tries):
            self.acked[name] = subtotal
            return True
        return False

    async def refund_all(self, name: str) -> None:
        """Gives the whole order back."""
        total = self.acked[name] + 490
        body = {"refund_id": f"r-{name}", "amount_minor": total}
        path = f"/v1/orders/{name}/refunds"
        assert await self._reported(lambda: self.http.post(path, json=body, headers=self.headers), 200)
        self.refunded[name] = total

    async def click(self, number: int, *, at: str = "") -> bool:
        """Opens a share link, at one replica's address if one is given; whether it led to the store."""
        try:
            answer = await self.http.get(f"{at}/r/{self.slugs[number % len(self.slugs)]}", headers=BROWSER)
        except httpx.TransportError:
            self._note(0)
            self.clicks_unknown += 1
            return False
        if answer.status_code == 302:
            self.clicks += 1
            return True
        self._note(answer.status_code, answer)
        self.clicks_unknown += 1
        return False

    async def known_everywhere(self) -> bool:
        """Whether every service has heard of the store: in its first second, some say that they do not know it yet."""
        answers = [await self.http.get(path, headers=self.headers) for path in LOOKED_AT]
        return all(answer.is_success for answer in answers)

    async def look(self, number: int) -> None:
        """Reads something of a service that neither takes orders nor clicks; any answer but a good one is noted."""
        path = LOOKED_AT[number % len(LOOKED_AT)]
        try:
            answer = await self.http.get(path, headers=self.headers)
        except httpx.TransportError:
            self._note(0)
            return
        if not answer.is_success:
            self._note(answer.status_code, answer)

    async def _reported(self, call: Callable[[], Awaitable[httpx.Response]], tries: int) -> bool:
        for _ in range(tries):
            try:
                answer = await call()
            except httpx.TransportError:
                self._note(0)
            else:
                if answer.is_success:
                    return True
                self._note(answer.status_code, answer)
                self.without_retry_after += answer.status_code == 503 and "retry-after" not in answer.headers
            await asyncio.sleep(0.1)
        return False

    def _note(self, status: int, answer: httpx.Response | None = None) -> None:
        self.refused[status] = self.refused.get(status, 0) + 1
        if answer is not None and len(self.refusals) < 20:
            self.refusals.append(f"{answer.request.method} {answer.request.url.path}: {status} {answer.text[:300]}")

    def expected(self) -> dict[str, list[int]]:
        """The model: what each acknowledged order must have earned, lowest first."""
        return {
            name: [0, 0]
            if name in self.refunded
            else sorted((FRIEND_MINOR, (2 * subtotal * AMBASSADOR_BASIS_POINTS + 10_000) // 20_000))
            for name, subtotal in self.acked.items()
        }

    async def rewards(self) -> dict[str, list[int]]:
        """What the product says each order has earned, lowest first."""
        found: dict[str, list[int]] = {}
        for reward in await self._list("/v1/rewards"):
            found.setdefault(reward["order_id"], []).append(reward["amount_minor"])
        # A refund that overtook its order's decision: nothing was ever granted, and there is no row that says so.
        return {name: [0, 0] for name in self.refunded} | {name: sorted(amounts) for name, amounts in found.items()}

    async def rewarded(self, name: str) -> bool:
        """Whether both sides of an order have their reward."""
        return len((await self._get(f"/v1/rewards?order_id={name}"))["data"]) == 2

    async def decided(self) -> int:
        """How many orders have an outcome."""
        return sum(order["status"] != "pending" for order in await self._list("/v1/orders"))

    async def out_of_balance(self) -> int:
        """How many units of the trial balance do not add up."""
        rows = (await self._get("/v1/ledger/trial-balance"))["data"]
        return sum(row["difference"] != 0 for row in rows)

    async def counted_clicks(self) -> int:
        """Clicks of people that the roll-ups hold."""
        summary = (await self._get("/v1/metrics/summary"))["data"]
        return int(next(row["value"] for row in summary if row["metric"] == "clicks"))

    async def _list(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = await self._get(f"{path}?limit=200{cursor}")
            found += page["data"]
            if not page.get("next_cursor"):
                return found
            cursor = f"&cursor={page['next_cursor']}"

    async def _get(self, path: str) -> dict[str, Any]:
        answer = await self.http.get(path, headers=self.headers)
        assert answer.is_success, answer.text
        return dict(answer.json())


async def side_by_side(calls: Iterable[Awaitable[Any]], *, at_once: int = 8) -> list[Any]:
    """Runs the calls, so many at a time, in their order of starting."""
    gate = asyncio.Semaphore(at_once)

    async def one(call: Awaitable[Any]) -> Any:
        async with gate:
            return await call

    return await asyncio.gather(*(one(call) for call in calls))
