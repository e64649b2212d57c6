"""One store at attribution's API: its keys, a token of its ambassador's link, and what became of an order."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from contracts.events.tracking import TokenClaims
from services.kernel.auth import click_token
from services.kernel.db import Database
from tests.support.attribution import pump
from tests.support.edge import RING, key

SHOP = "str_shop"
SECRET_KEY = key(store=SHOP)
PUBLISHABLE = key(store=SHOP, kind="pk")
NOW = datetime.now(UTC)


def token(store: str = SHOP) -> str:
    claims = TokenClaims(
        click_id="clk_1",
        link_id="lnk_anna",
        program_id="prg_1",
        ambassador_id="amb_anna",
        at=NOW - timedelta(days=2, minutes=5),
    )
    return click_token.issue(RING, store, claims)


async def decision(http: httpx.AsyncClient, db: Database, order_id: str = "1001", **params: str) -> dict[str, Any]:
    await pump(db, [SHOP])
    answer = await http.get(f"/v1/orders/{order_id}", headers=SECRET_KEY, params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["decision"]
    return found
