"""Tells the story: sets the store up some weeks ago, lives through the days, and arrives at the present."""

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

from demo.details import Details
from demo.paths import segment
from demo.shop.goods import Offer
from demo.story.cast import AMBASSADORS, BROWSERS, ROBOTS, Ambassador, Friend, channel, figures
from demo.story.client import Client
from demo.story.materials import materials

Progress = Callable[[int, int], None]
"""Called with steps done and steps in all."""
Opened = Callable[[Details], None]
"""Called when the store stands and its history begins."""

T = TypeVar("T")

DAY_S = 86_400
STEPS = 4
"""How often a day the story stops to let things happen."""
STEP = timedelta(days=1) / STEPS
ZONE = "Europe/Chisinau"

_WEEKDAY = (1.0, 0.94, 0.98, 1.02, 1.12, 0.82, 0.66)
_QUARTER = (0.3, 1.1, 1.4, 1.2)
"""How busy the quarters of a day are, from midnight on."""

DISCOUNT_MINOR = 500
LEAST_MINOR = 600

AMBASSADOR: dict[str, object] = {
    "name": "ambassador",
    "to": "ambassador",
    "which": "every",
    "give": {"kind": "percent", "basis_points": 800, "of": "subtotal"},
    "pay_as": "cash",
    "hold_days": 14,
    "limits": {"per_order_minor": 5000, "per_ambassador": {"count": 200, "period": "month"}},
}

PROGRAM: dict[str, object] = {
    "name": "Give €5, get 10%",
    "currency": "EUR",
    "attribution": {"click_window_days": 30, "new_customers_only": True, "min_subtotal_minor": LEAST_MINOR},
    "budget": {"amount_minor": 1_000_000},
    "landing": "page",
    "friend_benefit": "discount",
    "discount": {"give": {"kind": "fixed", "amount_minor": DISCOUNT_MINOR}, "which": "first"},
    "rewards": [AMBASSADOR],
    "texts": {
        "en": {"share": "My coffee comes from {store}. {offer}!", "hashtags": ["ZernoCoffee", "coffee"]},
        "ru": {"share": "Мой кофе — из {store}. {offer}!", "hashtags": ["ZernoCoffee", "кофе"]},
        "uk": {"share": "Моя кава — із {store}. {offer}!", "hashtags": ["ZernoCoffee", "кава"]},
        "ro": {"share": "Cafeaua mea vine de la {store}. {offer}!", "hashtags": ["ZernoCoffee", "cafea"]},
    },
    "joining": {
        "roles": ["customer", "advocate", "influencer"],
        "terms": {
            "version": "2026-01",
            "text": "Recommend us to people you know, in your own words.\n\nDo not buy by your own link, and do not"
            " publish your code on coupon sites.\n\nWe may pause an account that breaks these rules, and say why.",
        },
    },
}
FAVOURITES = ("huila", "dripper", "mug")
"""What ambassadors make links to, the one or the other."""
COLOR = "#7A3B1E"
LOGO = b64encode((Path(__file__).parents[1] / "shop" / "assets" / "logo.png").read_bytes()).decode()
OFFER = Offer("", amount_minor=DISCOUNT_MINOR, from_minor=LEAST_MINOR)


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

    async def make(self, progress: Progress, opened: Opened) -> Details:
        """Runs the whole story and returns what the demo is made of, which `opened` gets at its beginning."""
        total = max(1, self._days * STEPS)
        if self._days:
            await self._client.advance(-(self._days * DAY_S))
        details = await self._set_up()
        opened(details)
        for step in range(self._days * STEPS):
            await self._live(day=step // STEPS, part=step % STEPS)
            if self._last_order:
                await self._client.decided(self._last_order)
            await self._client.advance(DAY_S // STEPS)
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
                "timezone": ZONE,
                "domains": [host],
                "locale": "en",
            },
        )
        self._client.secret_key, self._client.publishable_key = store["secret_key"], store["publishable_key"]
        await self._client.patch("/v1/stores/look", {"color": COLOR, "logo": LOGO})
        program = await self._client.post("/v1/programs", {**PROGRAM, "landing_url": f"{shop}/"})
        self._program_id = program["id"]
        for material in materials(self._program_id):
            await self._client.post("/v1/materials", material)
        for rank, name in enumerate(AMBASSADORS[:12] if self._days else AMBASSADORS[:3]):
            await self._join(name, pull=1 / (rank + 1.3))
        first = self._ambassadors[0]
        link = await self._client.get(f"/v1/links?ambassador_id={segment(first.id)}")
        return Details(
            store_id=store["id"],
            secret_key=store["secret_key"],
            publishable_key=store["publishable_key"],
            program_id=self._program_id,
            ambassador_id=first.id,
            code=first.code,
            link_url=link["data"][-1]["url"],
            portal_url=first.portal_url,
            email=first.email,
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
        if self._days:
            page = f"{self._shop_url}/#{FAVOURITES[number % len(FAVOURITES)]}"
            link = await self._client.post(
                "/v1/links", {"program_id": self._program_id, "ambassador_id": ambassador.id, "destination": page}
            )
            ambassador.slugs["page"] = link["slug"]

    async def _live(self, *, day: int, part: int) -> None:
        rng = self._rng
        if part == 0:
            await self._newcomers(day)
        pull = self._pull(day, part)
        # Who buys now came earlier: what is bought is dated back into the hours since the last stop.
        recent = self._friends[-600:]
        buyers = [friend for friend in recent if friend.orders == 0 and rng.random() < 0.0024 * pull]
        again = [friend for friend in self._friends if friend.orders and rng.random() < 0.003 * pull]
        strangers = [self._friend() for _ in range(round(rng.gauss(4, 1.2) * pull))]
        reported = [self._friend(code=self._somebody().code) for _ in range(round(rng.gauss(1.1, 0.6) * pull))]
        await _together(self._buy(friend) for friend in (*buyers, *again, *strangers, *reported))
        clicks = round(rng.gauss(12, 3) * pull)
        self._friends.extend(await _together(self._arrive() for _ in range(max(1, clicks))))
        if part == 1 and rng.random() < 0.35:
            own = self._somebody()
            await self._buy(Friend(own.customer_id, "", own.email, codes=[own.code]))

    def _pull(self, day: int, part: int) -> float:
        """How busy the hours before this stop were: hour and weekday, growth, and one campaign."""
        moment = datetime.now(ZoneInfo(ZONE)) - timedelta(days=self._days - day) + part * STEP - STEP / 2
        growth = 0.6 + 0.6 * day / max(1, self._days)
        campaign = 1.6 if self._days - 12 <= day < self._days - 8 else 1
        return _WEEKDAY[moment.weekday()] * _QUARTER[moment.hour // 6] * growth * campaign

    async def _newcomers(self, day: int) -> None:
        """What changes once a day: people join and share, and once the program changes."""
        rng = self._rng
        joined = len(self._ambassadors)
        if joined < len(AMBASSADORS) and day % 2 == 1:
            bought = [friend for friend in self._friends[-200:] if friend.orders and friend.brought_by]
            known = None
            if len(bought) >= 5 and rng.random() < 0.8:
                # Who is new tells other new ones: of a few buyers the one whose ambassador joined last.
                known = max(rng.sample(bought, 5), key=lambda friend: friend.brought_by)
                known.brought_by = 0  # joins once
            pull = max(0.1, 1 / (joined + 1.3))
            await self._join(AMBASSADORS[joined], pull=pull, customer_id=known.customer_id if known else None)
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
                {
                    "type": "widget_view",
                    "customer": customer,
                    "visitor_id": f"v-{ambassador.id[-9:]}",
                    "placement": "customer-account",
                }
            )
            await self._client.track(
                {"type": "share", "customer": customer, "channel": where, "visitor_id": f"v-{ambassador.id[-9:]}"}
            )
        if day == self._days * 5 // 8:
            rewards = [{**AMBASSADOR, "give": {"kind": "percent", "basis_points": 1000, "of": "subtotal"}}]
            await self._client.patch(f"/v1/programs/{segment(self._program_id)}", {"rewards": rewards})

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
        friend.brought_by = self._ambassadors.index(ambassador) + 1
        if rng.random() < 0.06:
            await self._client.look(slug, rng.choice(ROBOTS))
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
        # The shop takes the discount off for whoever came by a link, or by a code.
        sums = figures(rng, offer=OFFER if friend.orders == 1 and (friend.codes or friend.tokens) else None)
        order: dict[str, object] = {
            "order_id": order_id,
            **sums,
            "placed_at": (datetime.now(UTC) - rng.random() * STEP * 0.9).isoformat(),
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
                f"/v1/orders/{segment(order_id)}/refunds", {"refund_id": f"r{order_id}", "amount_minor": part}
            )
        elif cancelled:
            await self._client.post(f"/v1/orders/{segment(order_id)}/cancel", {})


async def _together(calls: Iterable[Awaitable[T]]) -> list[T]:
    return list(await asyncio.gather(*calls))


async def make_history(
    base_url: str,
    *,
    operator_key: str,
    shop_url: str,
    days: int,
    progress: Progress = lambda done, total: None,
    opened: Opened = lambda details: None,
) -> Details:
    """Fills a fresh store and returns its details. Needs the demo clock (`KITH_DEMO=1`) unless `days` is 0."""
    client = Client(base_url, operator_key=operator_key)
    try:
        return await Story(client, shop_url=shop_url, days=days).make(progress, opened)
    finally:
        await client.close()
