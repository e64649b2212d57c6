"""Tells the story: sets the store up some weeks ago, lives through the days, and arrives at the present."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from random import Random
from typing import TypeVar

from demo.details import Details
from demo.story.cast import AMBASSADORS, BROWSERS, ROBOTS, Ambassador, Friend, channel, figures
from demo.story.client import Client

Progress = Callable[[int, int], None]
"""Called with steps done and steps in all."""

T = TypeVar("T")

DAY_S = 86_400
STEPS = (11, 19)
"""Hours of a day at which the story stops to let things happen."""

_WEEKDAY = (1.0, 0.94, 0.98, 1.02, 1.12, 0.82, 0.66)

REWARDS: tuple[dict[str, object], dict[str, object]] = (
    {
        "name": "friend",
        "to": "friend",
        "which": "first",
        "give": {"kind": "fixed", "amount_minor": 500},
        "pay_as": "store_credit",
        "hold_days": 14,
    },
    {
        "name": "ambassador",
        "to": "ambassador",
        "which": "every",
        "give": {"kind": "percent", "basis_points": 800, "of": "subtotal"},
        "pay_as": "cash",
        "hold_days": 14,
        "limits": {"per_order_minor": 5000, "per_ambassador": {"count": 200, "period": "month"}},
    },
)

PROGRAM: dict[str, object] = {
    "name": "Give 10, get 10",
    "currency": "EUR",
    "attribution": {"click_window_days": 30, "new_customers_only": True, "min_subtotal_minor": 1000},
    "budget": {"amount_minor": 1_000_000},
    "rewards": REWARDS,
}


class Story:
    """The store's life. `days` of history; 0 sets the store up and stops there."""

    def __init__(self, client: Client, *, shop_url: str, days: int, seed: int = 7) -> None:
        self._client = client
        self._shop_url = shop_url.rstrip("/")
        self._days = days
        self._rng = Random(seed)  # a story, not a secret
        self._ambassadors: list[Ambassador] = []
        self._friends: list[Friend] = []
        self._next_order = 10_001
        self._next_customer = 501
        self._last_order: str | None = None
        self._program_id = ""

    async def tell(self, progress: Progress) -> Details:
        """Runs the whole story and returns what the demo is made of."""
        total = max(1, self._days * len(STEPS))
        if self._days:
            await self._client.advance(-(self._days * DAY_S))
        details = await self._set_up()
        for step in range(self._days * len(STEPS)):
            await self._live(day=step // len(STEPS), part=step % len(STEPS))
            if self._last_order:
                await self._client.decided(self._last_order)
            await self._client.advance(DAY_S // len(STEPS))
            progress(step + 1, total)
        if self._days:
            await self._live(day=self._days, part=0)
        return details

    async def _set_up(self) -> Details:
        shop = self._shop_url
        host = shop.split("://", 1)[1]
        store = await self._client.operate(
            "/v1/stores",
            {
                "name": "Zerno Coffee",
                "currency": "EUR",
                "timezone": "Europe/Chisinau",
                "domains": [host],
                "locale": "en",
            },
        )
        self._client.secret_key, self._client.publishable_key = store["secret_key"], store["publishable_key"]
        program = await self._client.post("/v1/programs", {**PROGRAM, "landing_url": f"{shop}/"})
        self._program_id = program["id"]
        for rank, name in enumerate(AMBASSADORS[:12] if self._days else AMBASSADORS[:3]):
            await self._join(name, pull=1 / (rank + 1.3))
        first = self._ambassadors[0]
        link = await self._client.get(f"/v1/links?ambassador_id={first.id}")
        return Details(
            store_id=store["id"],
            secret_key=store["secret_key"],
            publishable_key=store["publishable_key"],
            program_id=self._program_id,
            ambassador_id=first.id,
            code=first.code,
            link_url=link["data"][-1]["url"],
            portal_url=first.portal_url,
        )

    async def _join(self, name: str, *, pull: float, customer_id: str | None = None) -> None:
        number = len(self._ambassadors) + 1
        customer_id = customer_id or f"a{number}"
        email = f"ambassador{number}@example.com"
        joined = await self._client.post(
            "/v1/ambassadors",
            {"program_id": self._program_id, "external_id": customer_id, "email": email, "name": name},
        )
        ambassador = Ambassador(
            joined["id"], customer_id, email, joined["code"]["code"], joined["portal_url"], pull,
            {"copy": joined["link"]["slug"]},
        )  # fmt: skip
        self._ambassadors.append(ambassador)

    async def _live(self, *, day: int, part: int) -> None:
        rng = self._rng
        if part == 0:
            await self._news(day)
        pull = (
            _WEEKDAY[day % 7]
            * (0.6 + 0.6 * day / max(1, self._days))
            * (1.7 if self._days - 12 <= day < self._days - 8 else 1)
        )
        clicks = round(rng.gauss(34, 5) * pull)
        visitors = await _together(self._arrive() for _ in range(max(3, clicks)))
        self._friends.extend(visitors)
        recent = self._friends[-600:]
        buyers = [friend for friend in recent if friend.orders == 0 and rng.random() < 0.0045]
        again = [friend for friend in self._friends if friend.orders and rng.random() < 0.008]
        strangers = [self._friend() for _ in range(round(rng.gauss(9, 2) * pull))]
        told = [self._friend(code=self._somebody().code) for _ in range(round(rng.gauss(2.2, 0.8) * pull))]
        await _together(self._buy(friend) for friend in (*buyers, *again, *strangers, *told))
        if part == 1 and rng.random() < 0.35:
            own = self._somebody()
            await self._buy(Friend(own.customer_id, "", own.email, codes=[own.code]))

    async def _news(self, day: int) -> None:
        """What changes once a day: people join, share, and on two days the program."""
        rng = self._rng
        joined = len(self._ambassadors)
        if joined < len(AMBASSADORS) and day % 3 == 1:
            bought = [friend for friend in self._friends if friend.orders]
            known = rng.choice(bought).customer_id if bought and rng.random() < 0.7 else None
            await self._join(AMBASSADORS[joined], pull=1 / (joined + 1.3), customer_id=known)
        for ambassador in rng.sample(self._ambassadors, k=min(5, joined)):
            where = channel(rng)
            if where not in ambassador.slugs:
                link = await self._client.post(
                    "/v1/links",
                    {"program_id": self._program_id, "ambassador_id": ambassador.id, "channel": where},
                )
                ambassador.slugs[where] = link["slug"]
            customer = {"id": ambassador.customer_id}
            await self._client.track(
                {"type": "widget_view", "customer": customer, "visitor_id": f"v-{ambassador.id[-9:]}"}
            )
            await self._client.track(
                {"type": "share", "customer": customer, "channel": where, "visitor_id": f"v-{ambassador.id[-9:]}"}
            )
        if day == self._days // 2:
            friend, ambassador_rule = REWARDS
            rewards = [friend, {**ambassador_rule, "give": {"kind": "percent", "basis_points": 1000, "of": "subtotal"}}]
            await self._client.patch(f"/v1/programs/{self._program_id}", {"rewards": rewards})

    def _somebody(self) -> Ambassador:
        return self._rng.choices(self._ambassadors, [ambassador.pull for ambassador in self._ambassadors])[0]

    def _friend(self, *, code: str | None = None) -> Friend:
        number = self._next_customer
        self._next_customer += 1
        return Friend(f"c{number}", f"v{number}", f"friend{number}@example.com", codes=[code] if code else [])

    async def _arrive(self) -> Friend:
        rng = self._rng
        ambassador = self._somebody()
        slug = rng.choice(list(ambassador.slugs.values()))
        friend = self._friend()
        if rng.random() < 0.06:
            await self._client.click(slug, rng.choice(ROBOTS))
            return friend
        friend.tokens.append(await self._client.click(slug, rng.choice(BROWSERS)))
        await self._client.track(
            {"type": "visit", "token": friend.tokens[-1], "visitor_id": friend.visitor_id, "url": f"{self._shop_url}/"}
        )
        if rng.random() < 0.14:
            customer = {"id": friend.customer_id, "email": friend.email}
            await self._client.track({"type": "signup", "visitor_id": friend.visitor_id, "customer": customer})
        if rng.random() < 0.2:
            friend.codes.append(ambassador.code)
        return friend

    async def _buy(self, friend: Friend) -> None:
        rng = self._rng
        order_id = str(self._next_order)
        self._next_order += 1
        friend.orders += 1
        sums = figures(rng, with_code=bool(friend.codes) and friend.orders == 1)
        order: dict[str, object] = {
            "order_id": order_id,
            **sums,
            "placed_at": datetime.now(UTC).isoformat(),
            "customer": {"id": friend.customer_id, "email": friend.email},
            "codes": friend.codes if friend.orders == 1 else [],
        }
        if friend.visitor_id:
            order["visitor_id"] = friend.visitor_id
        if friend.tokens and friend.orders == 1:
            order["token"] = friend.tokens[-1]
        refunded = rng.random() < 0.045
        total = int(str(sums["total_minor"]))
        part = total if rng.random() < 0.6 else total // 2
        cancelled = rng.random() < 0.012
        await self._client.post("/v1/orders", order)
        self._last_order = order_id
        if refunded:
            await self._client.post(
                f"/v1/orders/{order_id}/refunds", {"refund_id": f"r{order_id}", "amount_minor": part}
            )
        elif cancelled:
            await self._client.post(f"/v1/orders/{order_id}/cancel", {})


async def _together(calls: Iterable[Awaitable[T]]) -> list[T]:
    return list(await asyncio.gather(*calls))


async def tell(
    base_url: str, *, operator_key: str, shop_url: str, days: int, progress: Progress = lambda done, total: None
) -> Details:
    """Fills a fresh store and returns its details. Needs the demo clock (`KITH_DEMO=1`) unless `days` is 0."""
    client = Client(base_url, operator_key=operator_key)
    try:
        return await Story(client, shop_url=shop_url, days=days).tell(progress)
    finally:
        await client.close()
