"""Analytics over HTTP for tests: its real application on a real database, a clock that is set, a signed-in client."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import httpx

from services.analytics.main import SERVICE
from services.common.scopes import SCOPES
from services.kernel.auth import api_keys
from services.kernel.auth.ring import KeyRing
from services.kernel.context import Context
from services.kernel.db import Database
from services.kernel.http.app import Edge
from services.kernel.live import LiveState
from services.kernel.settings import Settings
from tests.integration.analytics.history import STORE

RING = KeyRing(
    secret_keys="k1:a-secret-of-the-tests-0123456789",
    contact_key="contacts",
    operator_key="operator-key-0123456789-0123456789",
    scopes=SCOPES,
)


@asynccontextmanager
async def client(
    db: Database, *, store_id: str = STORE, scopes: tuple[str, ...] = ("metrics:read",)
) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a secret key of the store."""
    live = LiveState(db)
    await live.refresh()
    context = Context(service="analytics", settings=Settings(), db=db, ring=RING, live=live)
    key = api_keys.issue(RING, kind="sk", store_id=store_id, key_id="key_1", scopes=scopes)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=Edge(SERVICE, context), raise_app_exceptions=False),
        base_url="http://kith.test",
        headers={"Authorization": f"Bearer {key}"},
    ) as http:
        yield http


async def stand_at(db: Database, moment: datetime) -> None:
    """Moves the service's clock so that it is about `moment` now."""
    async with db.transaction() as tx:
        await tx.execute(
            "insert into clock (one, offset_seconds, revision)"
            " values (true, extract(epoch from cast(:at as timestamptz) - now()), 1)"
            " on conflict (one) do update set offset_seconds = excluded.offset_seconds",
            at=moment,
        )
