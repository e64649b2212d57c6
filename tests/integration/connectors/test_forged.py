"""What is forged is refused, at every platform: each try begins with a right delivery and spoils its proof.

The usual dose is some hundred tries of each platform, and ten thousand in `make prove`.
"""

import json
import random
import re
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
import pytest

from services.connectors.platforms.domain.registry import PLATFORMS
from tests.integration.attribution.world import NOW, SHOP
from tests.integration.connectors.test_connections import connect, saved
from tests.support import deliveries
from tests.support.chance import chance, examples, tally
from tests.support.connectors import Pair, paid_order, signed
from tests.support.deliveries import Sent

TRIES = examples(120, proof=10_000)
SECRET = "a-secret-of-the-platform"
STRIPE_SECRET = "whsec_0123456789abcdefghij"
KEY, ANOTHER = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
ACCESS = {"user": "app", "password": "of the shop"}
SET_UP: dict[str, dict[str, Any]] = {
    "shopify": {"secret": SECRET},
    "woocommerce": {"secret": SECRET},
    "stripe": {"secret": STRIPE_SECRET},
    "generic": {"secret": KEY},
    "bitrix": {"secret": KEY},
    "tilda": {"options": {"currency": "EUR"}},
    "insales": {"host": "a.example", "access": ACCESS},
}
EVENT = deliveries.stripe_event("checkout.session.completed", deliveries.stripe_session(NOW), NOW)
INSALES = Sent({"content-type": "application/json"}, b'{"id": 4432}')


def shopify(secret: str) -> Sent:
    return Sent(signed(body := paid_order(created_at=NOW.isoformat()), "orders/paid", secret=secret), body)


def woocommerce(secret: str) -> Sent:
    return deliveries.woocommerce(deliveries.woo_order(NOW), secret)


def stripe(secret: str, at: int | None = None) -> Sent:
    return deliveries.stripe(EVENT, secret, at=at)


def generic(secret: str, at: int | None = None) -> Sent:
    return deliveries.generic(saved(), secret, at=at)


class Signing(NamedTuple):
    """How a platform signs: what makes a right delivery, and the header whose signature is the last match of this."""

    make: Callable[..., Sent]
    header: str
    signature: str
    another: str
    """A secret of the right form, and not the connection's."""
    dated: bool = False


SIGNED = {
    "shopify": Signing(shopify, "X-Shopify-Hmac-Sha256", r"(.+)", "another"),
    "woocommerce": Signing(woocommerce, "x-wc-webhook-signature", r"(.+)", "another"),
    "stripe": Signing(stripe, "stripe-signature", r"v1=(.+)", STRIPE_SECRET + "k", dated=True),
    "generic": Signing(generic, "webhook-signature", r"v1,(.+)", ANOTHER, dated=True),
    "bitrix": Signing(generic, "webhook-signature", r"v1,(.+)", ANOTHER, dated=True),
}
BY_ADDRESS = {"tilda": deliveries.tilda(deliveries.tilda_form()), "insales": INSALES}
NEVER_THERE = ("\r", "\n", "\0")
"""No server lets these through in a header."""


def spoiled(right: str, luck: random.Random) -> str:
    """A text that is nearly this one, or far from it: whoever finds the right one among its parts finds it not."""
    place = luck.randrange(len(right))
    odd = chr(luck.randrange(256))
    tries: tuple[Callable[[], str], ...] = (
        lambda: right[:place] + odd + right[place + 1 :],
        lambda: right[:place] + odd + right[place:],
        lambda: right[:place],
        lambda: right[place + 1 :],
        lambda: right + right,
        lambda: right.swapcase(),
        lambda: right[::-1],
        lambda: right + odd * luck.randrange(1, 3_000),
        lambda: "".join(chr(luck.randrange(128, 256)) for _ in right),
        lambda: "".join(luck.sample(right, len(right))),
        lambda: "",
    )
    while True:
        found = luck.choice(tries)()
        if right not in re.split(r"[\s,;]", found) and not any(one in found for one in NEVER_THERE):
            return found
        odd = chr(luck.randrange(33, 127))


def spoiled_body(body: bytes, luck: random.Random) -> bytes:
    place = luck.randrange(len(body))
    changed = bytes([body[place] ^ luck.randrange(1, 256)])
    return luck.choice(
        [body[:place], body + body, body[:place] + changed + body[place + 1 :], body + b" ", b"", b"\xff\x00", b"{}"]
    )


def forged(how: Signing, secret: str, luck: random.Random) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """A right delivery, signed now, with one thing about its proof that is not right."""
    headers, body = how.make(secret)
    header = headers[how.header]
    found = re.search(how.signature, header)
    assert found is not None
    before, right = header[: found.start(1)], found[1]
    several = (" " if how.make is generic else ",").join(
        found[0].replace(right, spoiled(right, luck)) for _ in range(luck.randrange(2, 40))
    )
    kinds = ["signature", "signature", "signature", "body", "absent", "several", "another", "twice"]
    kind = luck.choice(kinds + ["stale", "ahead", "date"] * how.dated)
    given = {**headers, how.header: header}
    twice: list[tuple[bytes, bytes]] = []
    if kind == "signature":
        given[how.header] = before + spoiled(right, luck)
    elif kind == "body":
        body = spoiled_body(body, luck)
    elif kind == "absent":
        given.pop(luck.choice([how.header, *(name for name in given if how.make is generic and "webhook-" in name)]))
    elif kind == "several":
        given[how.header] = header[: found.start()] + several
    elif kind == "another":
        given = how.make(how.another).headers
    elif kind == "twice":
        given[how.header] = before + spoiled(right, luck)
        twice = [(how.header.lower().encode(), (before + spoiled(right, luck)).encode("latin-1"))]
    else:
        now = int(re.sub(r"\D", "", (headers.get("webhook-timestamp") or header.partition(",")[0])))
        moment = {"stale": now - luck.randrange(310, 10**6), "ahead": now + luck.randrange(310, 10**6)}
        if kind in moment:
            given, body = how.make(secret, moment[kind])
        elif how.make is generic:
            given["webhook-timestamp"] = spoiled(str(now), luck)
        else:
            given[how.header] = f"t={spoiled(str(now), luck)},{found[0]}"
    return [*((n.lower().encode(), v.encode("latin-1")) for n, v in given.items()), *twice], body


@pytest.mark.parametrize("platform", list(PLATFORMS))
async def test_nothing_forged_is_believed_and_none_is_an_accident(both: Pair, platform: str) -> None:
    luck = chance(f"forged deliveries of {platform}")
    shop = await connect(both.http, platform, **SET_UP[platform])
    path, secret = httpx.URL(shop["url"]).path, SET_UP[platform].get("secret") or shop["secret"]
    right = SIGNED[platform].make(secret) if platform in SIGNED else BY_ADDRESS[platform]
    for _ in range(TRIES):
        if platform in SIGNED:
            headers, body = forged(SIGNED[platform], secret, luck)
            asked = path
        else:
            headers, body = [(name.encode(), value.encode()) for name, value in right.headers.items()], right.body
            address = path.removesuffix(secret)
            asked = address + quote(spoiled(secret, luck).encode(luck.choice(["latin-1", "utf-8"])), safe="")
        answer = await both.http.post(asked, content=body, headers=headers)
        assert answer.status_code in {401, 429}, (asked, headers, body, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
    tally(f"forged deliveries of {platform}", TRIES)
    async with both.db.transaction(stores=[SHOP]) as tx:
        assert await tx.scalar("select count(*) from deliveries") == 0
    if platform in SIGNED:
        right = SIGNED[platform].make(secret)
    answer = await both.http.post(path, content=right.body, headers=right.headers)
    assert (answer.status_code, json.loads(answer.text)) == (200, {"outcome": "taken"})
