"""Links over a real PostgreSQL, spoken to as its callers do: by HTTP, in this process."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import orjson
from pydantic import SecretStr

from services.common.scopes import SCOPES
from services.kernel.auth.ring import KeyRing
from services.kernel.auth.sealing import Sealing
from services.kernel.context import Context
from services.kernel.db import Database
from services.kernel.http.app import Edge
from services.kernel.live import LiveState
from services.kernel.outbound import Outbound
from services.kernel.settings import Settings
from services.links.main import SERVICE
from services.links.redirect.hot.handler import Redirect

OPERATOR = "operator-key-of-the-tests-0123456789"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0"
BASE = "http://kith.test"
OWN_PAGE = {"Origin": BASE, "Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
"""What a browser says of a form on one of our pages."""

PROGRAM: dict[str, Any] = {
    "name": "Give 10, get 10",
    "currency": "EUR",
    "landing_url": "https://shop.example/welcome",
    "rewards": [
        {"name": "friend", "to": "friend", "give": {"kind": "fixed", "amount_minor": 1000}},
        {
            "name": "ambassador",
            "to": "ambassador",
            "which": "every",
            "give": {"kind": "percent", "basis_points": 1000},
            "pay_as": "cash",
        },
    ],
}


@dataclass(frozen=True)
class Replica:
    """One process's links."""

    ctx: Context
    http: httpx.AsyncClient


@dataclass(frozen=True)
class Shop:
    """A store, and its server as a caller."""

    id: str
    secret_key: str
    publishable_key: str
    http: httpx.AsyncClient

    async def post(self, path: str, body: object, **headers: str) -> httpx.Response:
        return await self.http.post(path, json=body, headers=headers)

    async def made(self, path: str, body: object) -> dict[str, Any]:
        """A POST that must succeed."""
        answer = await self.http.post(path, json=body)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def got(self, path: str, **query: str) -> dict[str, Any]:
        """A GET that must succeed."""
        answer = await self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def program(self, **changes: Any) -> str:
        return str((await self.made("/v1/programs", {**PROGRAM, **changes}))["id"])

    async def ambassador(self, program_id: str, **person: Any) -> dict[str, Any]:
        return await self.made("/v1/ambassadors", {"program_id": program_id, **person})


@asynccontextmanager
async def replica(url: str, folder: Path, *, demo: bool = True) -> AsyncIterator[Replica]:
    """Opens links as a process would, without relay, consumers and jobs."""
    settings = Settings(
        database_url=url,
        data_dir=folder,
        public_url=BASE,
        demo=demo,
        secret_keys=SecretStr("k1:" + "s" * 40),
        contact_key=SecretStr("c" * 40),
        operator_key=SecretStr(OPERATOR),
    )
    ring = KeyRing(
        secret_keys=settings.secret_keys,
        contact_key=settings.contact_key,
        operator_key=settings.operator_key,
        scopes=SCOPES,
    )
    db = Database(url, schema="links", pool_size=8)
    live = LiveState(db)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(db.close)
        await live.refresh()
        outbound = Outbound(allow=settings.outbound_allow)
        sealing = Sealing("l1:the-keys-of-links-in-the-tests", before=ring)
        ctx = Context(
            service="links", settings=settings, db=db, ring=ring, live=live, sealing=sealing, outbound=outbound
        )
        assert SERVICE.resources is not None
        ctx = replace(ctx, resources=await stack.enter_async_context(SERVICE.resources(ctx)))
        transport = httpx.ASGITransport(app=Edge(SERVICE, ctx), raise_app_exceptions=True)
        http = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url=BASE))
        yield Replica(ctx, http)


async def open_shop(links: Replica, *, domain: str = "shop.example", name: str = "Zerno") -> Shop:
    """Sets up a store by the operator's key."""
    answer = await links.http.post(
        "/v1/stores",
        json={"name": name, "currency": "EUR", "timezone": "Europe/Chisinau", "domains": [domain, "localhost:8090"]},
        headers={"Authorization": f"Bearer {OPERATOR}"},
    )
    assert answer.status_code == 201, answer.text
    made = answer.json()
    http = httpx.AsyncClient(
        transport=links.http._transport,
        base_url=BASE,
        headers={"Authorization": f"Bearer {made['secret_key']}"},
    )
    return Shop(made["id"], made["secret_key"], made["publishable_key"], http)


async def portal_of(links: Replica, shop: Shop, ambassador_id: str) -> httpx.AsyncClient:
    """A browser that an ambassador is signed in with, by an address of the store's server."""
    made = await shop.made("/v1/portal-sessions", {"ambassador_id": ambassador_id})
    browser = httpx.AsyncClient(transport=links.http._transport, base_url=BASE, headers=OWN_PAGE)
    answer = await browser.post("/p/open", data={"token": made["url"].rpartition("/")[2]})
    assert (answer.status_code, answer.headers["location"]) == (303, "/p"), answer.text
    return browser


async def events(links: Replica, kind: str = "") -> list[dict[str, Any]]:
    """What waits in the outbox, oldest first; `kind` is a part of the type."""
    async with links.ctx.db.transaction() as tx:
        rows = await tx.all("select type, key, data from outbox where type like :kind order by id", kind=f"%{kind}%")
    return [{"type": row.type, "key": row.key, **orjson.loads(row.data)} for row in rows]


def redirect_of(links: Replica) -> Redirect:
    """What answers `/r/`, with its memory of links: it looks for changes when told to, since no job runs here."""
    found = links.ctx.resources
    assert isinstance(found, Redirect)
    return found


async def click(links: Replica, slug: str, **headers: str) -> httpx.Response:
    """Opens a share link as a browser does."""
    sent = {"User-Agent": BROWSER, "Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate", **headers}
    return await links.http.get(f"/r/{slug}", headers=sent)
