"""One store at attribution's API: its keys, a token of its ambassador's link, and what became of an order."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from contracts.events.tracking import TokenClaims
from services.common import click_token, identify
from services.kernel.db import Database
from tests.support.attribution import browser, pump
from tests.support.edge import RING, key

SHOP = "str_shop"
SECRET_KEY = key(store=SHOP)
PUBLISHABLE = key(store=SHOP, kind="pk")
NOW = datetime.now(UTC)
VISITOR = browser("v1")
"""A visitor as kith.js names one."""


def proof(customer_id: str, *, generation: int = 0, store: str = SHOP) -> str:
    """What the store's server puts into its page for the customer who is signed in."""
    secret = identify.secret(RING, store, generation)
    return hmac.new(secret.encode(), customer_id.encode(), hashlib.sha256).hexdigest()


def token(store: str = SHOP, click_id: str = "clk_1", channel: str | None = None) -> str:
    claims = TokenClaims(
        click_id=click_id,
        link_id="lnk_anna",
        program_id="prg_1",
        ambassador_id="amb_anna",
        at=NOW - timedelta(days=2, minutes=5),
        channel=channel,
    )
    return click_token.issue(RING, store, claims)


async def decision(http: httpx.AsyncClient, db: Database, order_id: str = "1001", **params: str) -> dict[str, Any]:
    await pump(db, [SHOP])
    answer = await http.get(f"/v1/orders/{order_id}", headers=SECRET_KEY, params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["decision"]
    return found
