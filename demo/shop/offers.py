"""What a buyer is promised as somebody's friend: by the code that was typed, else by the tokens that kith.js keeps."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx

from demo.paths import segment
from demo.shop.goods import Offer

Call = Callable[[str, dict[str, object]], Awaitable[httpx.Response]]
TOKENS = "kith_t"
"""The first-party cookie in which kith.js keeps the friend's tokens, oldest first."""


async def offered(call: Call, code: str | None, cookies: Mapping[str, str], *, first: bool) -> Offer | None:
    """The offer by a code, else by the visitor's tokens; None for a code that does not count, or for nobody's friend.

    `first`: whether this would be the buyer's first order here, as far as the shop knows.
    """
    if code:
        # A visitor's words become one segment of the path: unquoted, they could call any route with the shop's key.
        found = await _asked(call, f"/v1/codes/{segment(code)}/check", {})
    elif tokens := [token for token in cookies.get(TOKENS, "").split("~") if token]:
        found = await _asked(call, "/v1/offers", {"tokens": tokens[-20:]})
    else:
        return None
    if not found.get("valid") or not found.get("code"):
        return None
    gift = next((one for one in found.get("friend", []) if one["pay_as"] == "discount"), None)
    if gift is None or (gift["which"] == "first" and not first):
        return Offer(found["code"])
    give = gift["give"]
    return Offer(
        found["code"],
        amount_minor=give.get("amount_minor", 0),
        basis_points=give.get("basis_points", 0),
        from_minor=found.get("min_subtotal_minor", 0),
    )


async def _asked(call: Call, path: str, body: dict[str, object]) -> dict[str, Any]:
    answer = await call(path, body)
    found: dict[str, Any] = answer.json() if answer.is_success else {}
    return found
