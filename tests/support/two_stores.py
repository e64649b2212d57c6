"""The whole product in this process, with two stores: A has something of everything, B has nothing but its keys.

For tests that go through every route: the ids of what A has, and a body for every operation that takes one.
"""

import io
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx
import pytest
from PIL import Image

from services.cli import manifests
from services.common import scopes
from services.kernel.auth.ring import KeyRing
from services.kernel.auth.sealing import Sealing
from services.kernel.db import Database, Tx
from services.kernel.ids import new_id
from services.kernel.runner import running
from services.kernel.settings import Settings
from services.rewards.destinations.actions import set_destination
from services.rewards.destinations.domain import checked
from services.rewards.grants.actions.regrant import take_states
from services.rewards.grants.actions.release import release_due
from services.rewards.ledger.domain import change
from services.rewards.lots.actions import Move, Written, post
from services.rewards.lots.domain import Holder
from services.rewards.spending.actions import reserve
from services.rewards.spending.domain import Purpose
from tests.support import deliveries
from tests.support.postgres import FreshDatabase
from tests.support.wait import until
from tests.unit.rewards.build import make_state

SECRET_KEYS = "k1:a-secret-of-the-tests-0123456789"
SEALING_KEYS = "c1:the-keys-of-one-service-in-the-tests"
"""What each service that keeps credentials is given."""
OPERATOR = "the-operator-of-the-tests-0123456789"


_numbers = count()


def now() -> str:
    """This moment. Not a constant: an order must not be older than the code that it names."""
    return datetime.now(UTC).isoformat()


PROGRAM: dict[str, Any] = {
    "name": "Give 10, get 10",
    "status": "active",
    "currency": "EUR",
    "landing_url": "https://shop.example/",
    "rewards": [
        {
            "name": "ambassador",
            "to": "ambassador",
            "on": "order",
            "which": "every",
            "give": {"kind": "fixed", "amount_minor": 1000},
            "pay_as": "cash",
            "hold_days": 14,
        }
    ],
    "plan_rewards": [{"name": "bonus", "give": {"kind": "percent", "basis_points": 600}, "pay_as": "cash"}],
}


def _picture() -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (1200, 630), "#7A3B1E").save(target, "PNG")
    return target.getvalue()


PICTURE = _picture()
TEMPLATE = {"subject": "News of {store}", "body": "{reward}", "label": "My page"}


@dataclass
class Store:
    """One store with something of everything."""

    id: str
    secret: dict[str, str]
    publishable: dict[str, str]
    ids: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TwoStores:
    """The running product and its stores."""

    client: httpx.AsyncClient
    a: Store
    b: Store
    database_url: str
    """The owner's address of the database that all services share."""


@pytest.fixture(scope="module")
async def two_stores(module_database: FreshDatabase) -> AsyncIterator[TwoStores]:
    """Starts the product and sets the stores up, once for a module."""
    url = await module_database()
    settings = Settings(
        database_url=url,
        secret_keys=SECRET_KEYS,  # type: ignore[arg-type]  # parsed
        contact_key="a-contact-key-of-the-tests-0123456789",  # type: ignore[arg-type]  # parsed
        operator_key=OPERATOR,  # type: ignore[arg-type]  # parsed
        sealing_keys=dict.fromkeys(("connectors", "links", "rewards"), SEALING_KEYS),  # type: ignore[arg-type]  # parsed
        demo=True,
        pool_size=3,
    )
    async with (
        running(manifests.load_all(manifests.NAMES), settings, port=0) as process,
        httpx.AsyncClient(base_url=process.url, timeout=30) as client,
    ):
        a, b = await make_store(client, "A"), await make_store(client, "B")
        await fill(client, a, url)
        yield TwoStores(client, a, b, url)


async def make_store(client: httpx.AsyncClient, name: str) -> Store:
    """A store with its first keys."""
    answer = await client.post(
        "/v1/stores",
        json={
            "name": name,
            "currency": "EUR",
            "timezone": "Europe/Berlin",
            "domains": ["shop.example", "second.example" if name == "A" else "other.example"],
            "locale": "en",
        },
        headers={"authorization": f"Bearer {OPERATOR}"},
    )
    assert answer.status_code == 201, answer.text
    made = answer.json()
    granted = await client.post(
        f"/v1/stores/{made['id']}/keys",
        json={"scopes": sorted(scopes.SECRET)},
        headers={"authorization": f"Bearer {OPERATOR}"},
    )
    assert granted.status_code == 201, granted.text
    keys = ({"authorization": f"Bearer {key}"} for key in (granted.json()["key"], made["publishable_key"]))
    return Store(made["id"], *keys)


async def fill(client: httpx.AsyncClient, store: Store, database_url: str) -> None:
    """One of everything, and the ids in `store.ids`."""

    async def post(path: str, body: Mapping[str, Any], status: int = 201) -> Any:
        answer = await client.post(path, json=body, headers=store.secret)
        assert answer.status_code == status, answer.text
        return answer.json()

    program = (await post("/v1/programs", PROGRAM))["id"]
    ambassador = await post(
        "/v1/ambassadors", {"program_id": program, "email": "anna@example.com", "name": "Anna Markova"}
    )
    link = await post("/v1/links", {"program_id": program, "ambassador_id": ambassador["id"]})
    code = await post("/v1/codes", {"program_id": program, "code": "SPRING"})
    material = await post("/v1/materials", BODIES["POST /v1/materials"]({"program_id": program}))
    key = await post("/v1/keys", {"kind": "secret", "label": "second"})
    hook = await post("/v1/hooks", BODIES["POST /v1/hooks"]({}))
    connection = await post("/v1/connections", BODIES["POST /v1/connections"]({}))
    sent = deliveries.generic(b'{"type": "shop.opened", "data": {}}', connection["secret"])
    answer = await client.post(f"/in/generic/{connection['id']}", content=sent.body, headers=sent.headers)
    assert answer.status_code == 200, answer.text
    inbound = (await client.get(f"/v1/connections/{connection['id']}", headers=store.secret)).json()["last_delivery"]
    endpoint = await post("/v1/webhook-endpoints", BODIES["POST /v1/webhook-endpoints"]({}))
    sample = await post(f"/v1/webhook-endpoints/{endpoint['id']}/test", {}, 202)
    check = await post("/v1/install-checks", {})
    announced = await post("/v1/announcements", BODIES["POST /v1/announcements"]({}))
    order = BODIES["POST /v1/orders"]({"order_id": "order-of-a"}) | {"codes": [ambassador["code"]["code"]]}
    await post("/v1/orders", order, 202)
    await post("/v1/events", BODIES["POST /v1/events"]({"event_id": "event-of-a"}), 202)

    form = {"program": program, "email": "anna@example.com"}
    asked = await client.post("/p/sign-in", data=form, headers={"sec-fetch-site": "same-origin"})
    assert asked.status_code == 303, asked.text
    client.cookies.clear()

    async def mail() -> str | None:
        answer = await client.get("/v1/mails", params={"state": "kept"}, headers=store.secret)
        return answer.json()["data"][0]["id"] if answer.json()["data"] else None

    async def reward() -> str | None:
        answer = await client.get("/v1/rewards", headers=store.secret)
        return answer.json()["data"][0]["id"] if answer.json()["data"] else None

    earned = str(await until(reward, what="a reward"))
    await client.put("/v1/payout-providers/http", json={"url": "https://pay.invalid/kith"}, headers=store.secret)
    redeemer = (await post("/v1/ambassadors", {"program_id": program, "external_id": "c-9"}))["id"]
    reservation = await pay_out(database_url, store, ambassador["id"], program, redeemer)
    batch = await post("/v1/payout-batches", {"currency": "EUR", "provider": "manual"})
    payout = (await client.get("/v1/payouts", headers=store.secret)).json()["data"][0]
    for step in ("approve", "send"):  # files are made of what was sent
        await post(f"/v1/payout-batches/{batch['id']}/{step}", {}, 200)

    goodwill, other_goodwill = await ask_for_goodwill(client, store, ambassador["id"])

    pool = await post("/v1/pools", {"name": "Codes"})
    await post(f"/v1/pools/{pool['id']}/codes", {"csv": "OWN-1\nOWN-2"}, 200)

    item = await post("/v1/catalogue-items", BODIES["POST /v1/catalogue-items"]({"program_id": program}))
    redemption = await redeem_one(client, store, {"redeemer_id": redeemer, "item_id": item["id"]})

    period = BODIES["POST /v1/simulations"]({"program_id": program})
    simulation = (await post("/v1/simulations", period, 202))["id"]

    async def simulated() -> bool:
        answer = await client.get(f"/v1/simulations/{simulation}", headers=store.secret)
        return bool(answer.json()["state"] == "done")

    await until(simulated, what="a simulation")
    portal = await client.post("/v1/portal-sessions", json={"ambassador_id": ambassador["id"]}, headers=store.secret)
    token = portal.json()["url"].rpartition("/")[2]
    own_page = {"sec-fetch-site": "same-origin"}
    opened = await client.post("/p/open", data={"token": token}, headers=own_page)
    cookie = {"cookie": opened.headers["set-cookie"].partition(";")[0], **own_page}
    client.cookies.clear()
    missing = await client.post("/p/appeals", data={"words": "A friend is missing."}, headers=cookie)
    assert missing.status_code == 303, missing.text
    appeal = (await client.get("/v1/appeals", headers=store.secret)).json()["data"][0]

    store.ids = {
        "store_id": store.id,
        "appeal_id": appeal["id"],
        "month": "2020-01",
        "program_id": program,
        "ambassador_id": ambassador["id"],
        "link_id": link["id"],
        "code_id": code["id"],
        "code": "SPRING",
        "key_id": key["id"],
        "hook_id": hook["id"],
        "connection_id": connection["id"],
        "inbound_id": inbound["id"],
        "install_check_id": check["id"],
        "platform": "generic",
        "key": "nobodys-secret",
        "endpoint_id": endpoint["id"],
        "delivery_id": sample["id"],
        "material_id": material["id"],
        "order_id": "order-of-a",
        "event_id": "event-of-a",
        "reward_id": earned,
        "batch_id": batch["id"],
        "payout_id": payout["id"],
        "reservation_id": reservation,
        "goodwill_id": goodwill,
        "other_goodwill": other_goodwill,
        "unit": "EUR",
        "simulation_id": simulation,
        "pool_id": pool["id"],
        "item_id": item["id"],
        "redemption_id": redemption,
        "redeemer_id": redeemer,
        "currency": "EUR",
        "mail_id": str(await until(mail, what="a mail to sign in by")),
        "kind": "svg",
        "provider": "http",
        "domain": "second.example",
        "announcement_id": announced["id"],
        "occasion": "attributed",
        "language": "en",
    }


async def pay_out(database_url: str, store: Store, ambassador_id: str, program_id: str, redeemer_id: str) -> str:
    """Something available, of an order of long ago, and a destination whose cool-off is over; a customer's credit, of
    which something is reserved, and the reservation's id.
    """
    db = Database(database_url, schema="rewards", pool_size=1)
    ring = KeyRing(secret_keys=SECRET_KEYS, contact_key="c" * 20, operator_key=OPERATOR, scopes=scopes.SCOPES)
    long_ago = datetime.now(UTC) - timedelta(days=60)
    state = make_state(
        "order-of-long-ago",
        store_id=store.id,
        program_id=program_id,
        ambassador_id=ambassador_id,
        placed_at=long_ago,
        settled_at=long_ago,
    )
    try:
        async with db.transaction([store.id]) as tx:
            await take_states(tx, [state])
            await release_due(tx, [store.id])
            sealing = Sealing(SEALING_KEYS, before=ring)
            where = checked("iban", holder="Anna Markova", value="DE89370400440532013000")
            await set_destination(tx, sealing, store.id, ambassador_id, where)
            await tx.execute("update destinations set usable_at = :now", now=tx.now)
            await granted(tx, Holder(store.id, "ambassador", redeemer_id, "points", "points"), program_id)
            return await reserved_credit(tx, store.id, program_id)
    finally:
        await db.close()


async def reserved_credit(tx: Tx, store_id: str, program_id: str) -> str:
    """Credit that a customer was granted, of which some is reserved."""
    holder = Holder(store_id, "friend", "c-2", "EUR", "store_credit")
    await granted(tx, holder, program_id)
    return (await reserve(tx, holder, 100, purpose=Purpose("order", "order-of-a"))).spend_id


async def granted(tx: Tx, holder: Holder, program_id: str) -> None:
    """Points or credit that somebody has."""
    posting = change(
        store_id=holder.store_id,
        program_id=program_id,
        reward_id="rwd_of_long_ago",
        side=holder.side,
        beneficiary_id=holder.owner,
        unit=holder.unit,
        difference=500,
        available=True,
        corrects=None,
        basis={},
    )
    move = Move(holder=holder, program_id=program_id, program_version=1, rule="", lot_id=None, amount=500)
    await post(tx, [Written(posting, move)])


async def redeem_one(client: httpx.AsyncClient, store: Store, ids: Mapping[str, str]) -> str:
    """Something that was redeemed, and waits for the store."""

    async def redeemed() -> str | None:
        answer = await client.post("/v1/redemptions", json=BODIES["POST /v1/redemptions"](ids), headers=store.secret)
        assert answer.status_code in (201, 404), answer.text  # who joined just now is on the way
        return str(answer.json()["id"]) if answer.status_code == 201 else None

    return str(await until(redeemed, what="a redemption"))


async def ask_for_goodwill(client: httpx.AsyncClient, store: Store, ambassador_id: str) -> list[str]:
    """Two that wait for a second principal: somebody else than the store's own key asked for them."""
    made = await client.post("/v1/keys", json={"scopes": ["goodwill:write"]}, headers=store.secret)
    helper = {"authorization": f"Bearer {made.json()['key']}"}
    body = BODIES["POST /v1/goodwill"]({"ambassador_id": ambassador_id})

    async def asked() -> str | None:
        answer = await client.post("/v1/goodwill", json=body, headers=helper)
        assert answer.status_code in (201, 404), answer.text  # who joined just now is on the way
        return str(answer.json()["id"]) if answer.status_code == 201 else None

    return [str(await until(asked, what="an ambassador whom rewards knows")) for _ in range(2)]


PREFIXES = {"key_id": "key", "link_id": "lnk", "code_id": "cod", "program_id": "prg", "ambassador_id": "amb"}
PREFIXES |= {
    "store_id": "str",
    "reward_id": "rwd",
    "hook_id": "hok",
    "connection_id": "con",
    "mail_id": "mai",
    "material_id": "mat",
}
PREFIXES |= {"appeal_id": "apl", "endpoint_id": "whe", "delivery_id": "whd", "inbound_id": "dlv"}
PREFIXES |= {"install_check_id": "chk"}
PREFIXES |= {"announcement_id": "ann", "batch_id": "pbt", "payout_id": "pay"}
PREFIXES |= {"goodwill_id": "gwl", "other_goodwill": "gwl"}
PREFIXES |= {"simulation_id": "sim", "reservation_id": "spd", "pool_id": "pol"}
PREFIXES |= {"item_id": "itm", "redemption_id": "rdm", "redeemer_id": "amb"}


def unknown_like(known: Mapping[str, str]) -> dict[str, str]:
    """Ids of the same form that nobody has; what every store has alike stays."""
    strange = {name: new_id(PREFIXES.get(name, "xxx")) for name in known}
    strange |= {
        "code": new_id("c").upper(),
        "order_id": new_id("order"),
        "event_id": new_id("event"),
        "domain": "no.example",
    }
    kept = ("kind", "provider", "occasion", "language", "currency", "month", "unit", "platform")
    return strange | {name: known[name] for name in kept if name in known}


BODIES: dict[str, Any] = {
    "POST /v1/appeals/{appeal_id}/answer": lambda ids: {
        "verdict": "accept",
        "words": "We looked at it again.",
        "order_id": ids["order_id"],
    },
    "POST /v1/ambassadors/sheets": lambda ids: {"program_id": ids["program_id"], "csv": "name\nBob", "dry_run": True},
    "POST /v1/simulations": lambda ids: {
        "program_id": ids["program_id"],
        "period": {"from": "2026-01-01T00:00:00Z", "to": "2036-01-01T00:00:00Z"},
    },
    "POST /v1/pools": lambda _: {"name": "Codes", "count": 2},
    "PUT /v1/plan-targets": lambda ids: {
        "targets": [
            {"ambassador_id": ids["ambassador_id"], "plan": "bonus", "period": "2999-01", "target_minor": 100000}
        ]
    },
    "PATCH /v1/pools/{pool_id}": lambda _: {"low_below": 1},
    "POST /v1/pools/{pool_id}/make": lambda _: {"count": 2},
    "POST /v1/pools/{pool_id}/codes": lambda _: {"csv": "OWN-1\nOWN-3"},
    "POST /v1/pools/{pool_id}/handouts": lambda _: {"reference": "order-1042"},
    "POST /v1/catalogue-items": lambda ids: {
        "program_id": ids["program_id"],
        "kind": "goods",
        "name": "Coffee",
        "price": 10,
        "stock": 100,
    },
    "PATCH /v1/catalogue-items/{item_id}": lambda _: {"description": "Roasted by us."},
    "POST /v1/redemptions": lambda ids: {"ambassador_id": ids["redeemer_id"], "item_id": ids["item_id"]},
    "POST /v1/redemptions/{redemption_id}/cancel": lambda _: {"reason": "Broken."},
    "POST /v1/redemptions/{redemption_id}/return": lambda _: {"restock": False},
    "POST /v1/reward-calculations": lambda _: {
        "currency": "EUR",
        "average_order_minor": 5000,
        "margin_basis_points": 4000,
        "conversion_basis_points": 800,
    },
    "POST /v1/month-closes": lambda _: {"month": "2020-01"},
    "POST /v1/ambassadors": lambda ids: {"program_id": ids["program_id"], "external_id": "c-1"},
    "POST /v1/ambassadors/batches": lambda ids: {
        "ambassadors": [{"program_id": ids["program_id"], "external_id": "c-3"}]
    },
    "PATCH /v1/ambassadors/{ambassador_id}": lambda _: {"group": "vip"},
    "PUT /v1/ambassadors/{ambassador_id}/preferences": lambda _: {"channel": "email", "digest": "daily"},
    "POST /v1/portal-sessions": lambda ids: {"ambassador_id": ids["ambassador_id"]},
    "POST /v1/announcements": lambda _: {
        "texts": {"en": TEMPLATE | {"body": "Two weeks of double rewards: {link}"}},
        "segment": {"clicked": True},
        "every_weeks": 2,
    },
    "POST /v1/clicks": lambda _: {"slug": "nowhere"},
    "POST /v1/clock": lambda _: {"advance_seconds": 0},
    "POST /v1/codes": lambda ids: {
        "program_id": ids["program_id"],
        "ambassador_id": ids["ambassador_id"],
        "code": "NEW",
    },
    "PATCH /v1/codes/{code_id}": lambda _: {"max_uses": 3},
    "POST /v1/codes/{code}/redeem": lambda _: {"order_id": "o-1"},
    "POST /v1/hooks": lambda _: {"platform": "shopify", "secret": "hush-hush-hush-hush"},
    "POST /v1/connections": lambda _: {"platform": "generic", "order_prefix": f"{next(_numbers)}-"},
    "POST /v1/install-checks": lambda _: {},
    "PATCH /v1/connections/{connection_id}": lambda _: {"options": {}},
    "POST /v1/connections/{connection_id}/secret": lambda _: {"overlap_hours": 1},
    "POST /v1/connections/{connection_id}/poll": lambda _: {},
    "POST /v1/connections/{connection_id}/history": lambda _: {},
    "POST /v1/webhook-endpoints": lambda _: {"url": "https://hooks.invalid/kith", "events": ["order.attributed"]},
    "PATCH /v1/webhook-endpoints/{endpoint_id}": lambda _: {"events": ["order.attributed", "reward.granted"]},
    "POST /v1/webhook-endpoints/{endpoint_id}/secret": lambda _: {"overlap_hours": 1},
    "POST /v1/webhook-endpoints/{endpoint_id}/test": lambda _: {},
    "POST /v1/webhook-endpoints/{endpoint_id}/replay": lambda _: {"since": "2026-01-01T00:00:00Z"},
    "POST /v1/identify": lambda _: {"visitor_id": "v_" + "1" * 32, "customer": {"id": "c-2"}},
    "POST /v1/invites": lambda ids: {
        "program_id": ids["program_id"],
        "emails": ["friend@example.com"],
        "language": "en",
        "consent": "1",
    },
    "POST /v1/ambassadors/groups": lambda ids: {"ambassador_ids": [ids["ambassador_id"]], "group": "VIP"},
    "POST /v1/invites/forget": lambda _: {"email": "friend@example.com"},
    "POST /v1/keys": lambda _: {"kind": "secret", "label": "x"},
    "POST /v1/links": lambda ids: {"program_id": ids["program_id"], "ambassador_id": ids["ambassador_id"]},
    "PATCH /v1/links/{link_id}": lambda _: {"channel": "mail"},
    "PUT /v1/message-occasions/{occasion}": lambda _: {"told": True},
    "PUT /v1/message-templates/{occasion}/{language}": lambda _: TEMPLATE,
    "POST /v1/message-templates/{occasion}/{language}/preview": lambda _: TEMPLATE,
    "POST /v1/message-templates/{occasion}/{language}/test": lambda ids: {"ambassador_id": ids["ambassador_id"]},
    "POST /v1/offers": lambda _: {"tokens": []},
    "POST /v1/orders": lambda ids: {
        "order_id": ids["order_id"],
        "placed_at": now(),
        "status": "paid",
        "currency": "EUR",
        "total_minor": 12_000,
        "subtotal_minor": 10_000,
        "customer": {"id": "c-2"},
    },
    "POST /v1/orders/{order_id}/cancel": lambda _: {},
    "POST /v1/events": lambda ids: {
        "event_id": ids["event_id"],
        "name": "signup",
        "happened_at": now(),
        "customer": {"id": "c-2"},
    },
    "POST /v1/events/{event_id}/cancel": lambda _: {"reason": "mistake"},
    "POST /v1/orders/{order_id}/refunds": lambda _: {"refund_id": "r1", "amount_minor": 100},
    "POST /v1/credit-reservations": lambda _: {"customer_id": "c-2", "unit": "EUR", "amount": 50, "order_id": "cart"},
    "POST /v1/credit-reservations/{reservation_id}/capture": lambda _: {"amount": 40},
    "POST /v1/goodwill": lambda ids: {
        "ambassador_id": ids["ambassador_id"],
        "amount_minor": 100,
        "currency": "EUR",
        "reason": "Helped others.",
    },
    "POST /v1/goodwill/{goodwill_id}/take-back": lambda _: {"amount": 50, "reason": "Too much."},
    "POST /v1/goodwill/{goodwill_id}/refuse": lambda _: {"reason": "Not now."},
    "PUT /v1/goodwill-terms/{unit}": lambda _: {"limit": 5000},
    "POST /v1/payout-batches": lambda _: {"currency": "EUR", "provider": "manual"},
    "POST /v1/payout-batches/{batch_id}/results": lambda ids: {
        "results": [{"payout_id": ids["payout_id"], "outcome": "paid"}]
    },
    "POST /v1/payouts/{payout_id}/mark-paid": lambda _: {"reference": "B-1"},
    "POST /v1/payouts/{payout_id}/mark-failed": lambda _: {"reason": "account_closed"},
    "POST /v1/payouts/{payout_id}/mark-returned": lambda _: {"reason": "account_closed"},
    "PUT /v1/payout-providers/http": lambda _: {"url": "https://pay.invalid/kith"},
    "PUT /v1/payout-providers/paypal": lambda _: {
        "client_id": "A-client-id-of-the-tests",
        "client_secret": "E-secret-of-the-tests",
        "mode": "sandbox",
    },
    "PUT /v1/payout-terms/{currency}": lambda _: {"minimum_minor": 500},
    "POST /v1/programs": lambda _: PROGRAM,
    "PUT /v1/programs/{program_id}/preview-pictures/{language}": lambda _: {"picture": b64encode(PICTURE).decode()},
    "PATCH /v1/programs/{program_id}": lambda _: {"name": "Another name"},
    "POST /v1/rewards/approve": lambda ids: {"ids": [ids["reward_id"]]},
    "POST /v1/rewards/reject": lambda ids: {"ids": [ids["reward_id"]], "reason": "because"},
    "POST /v1/rewards/{reward_id}/flag": lambda _: {"reason": "because"},
    "PUT /v1/reward-release": lambda _: {"way": "by_hand"},
    "POST /v1/reward-release/secret": lambda _: {"overlap_hours": 1},
    "POST /v1/rewards/{reward_id}/approve": lambda _: {},
    "POST /v1/rewards/{reward_id}/reject": lambda _: {"reason": "because"},
    "POST /v1/share": lambda _: {"language": "en"},
    "POST /v1/stores": lambda _: {
        "name": "C",
        "currency": "EUR",
        "timezone": "Europe/Berlin",
        "domains": ["c.example"],
        "locale": "en",
    },
    "POST /v1/stores/domains": lambda _: {"domain": "third.example"},
    "POST /v1/stores/domains/{domain}/verify": lambda _: {},
    "POST /v1/materials": lambda ids: {
        "program_id": ids["program_id"],
        "kind": "post",
        "title": "T",
        "text": "Try {link}",
    },
    "PATCH /v1/materials/{material_id}": lambda _: {"title": "Another"},
    "PUT /v1/programs/{program_id}/places": lambda _: {"rules": [{"placement": "ribbon"}]},
    "PUT /v1/stores/link-domain": lambda _: {"domain": "go.second.example"},
    "PATCH /v1/stores/look": lambda _: {"color": "#123456"},
    "POST /v1/stores/{store_id}/keys": lambda _: {"kind": "secret", "label": "x"},
    "PATCH /v1/stores/{store_id}": lambda _: {"name": "Another name"},
    "PUT /v1/telegram-bot": lambda _: {"token": "123456789:AAtoken-of-the-tests-0123456789012345"},
    "PUT /v1/sms-gateway": lambda _: {
        "url": "https://sms.invalid/kith",
        "secret": "whsec_" + b64encode(b"a secret of the tests, 32 bytes!").decode(),
        "sender": "ZERNO",
        "prefixes": ["+1"],
    },
    "POST /v1/sms-gateway/tests": lambda _: {"to": "+1 555 0199777"},
    "POST /v1/track": lambda _: {"type": "visit", "visitor_id": "v1"},
}
"""A body that is right, given ids, for every operation that takes one."""
