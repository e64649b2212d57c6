"""Link domains in memory: asked for by every link that is shown, and by every redirect."""

import asyncio
from time import monotonic
from typing import Final

from starlette.types import Scope

from services.kernel.context import Context
from services.kernel.db import Database, is_transient
from services.kernel.errors import NotFound
from services.links.host_names import sql
from services.links.hosts.domain import base_of, plain
from services.links.stores import actions as stores
from services.links.stores.domain import front_page

FRESH_S: Final = 10.0
"""How long a store's front page is taken from memory, in seconds."""


class _Front:
    """A store's front page as it was read last."""

    def __init__(self) -> None:
        self.page: str | None = None
        self.until = 0.0
        self.reading = asyncio.Lock()


class Hosts:
    """All stores' link domains, as fresh as a second. While the database is away they stay as they were."""

    def __init__(self) -> None:
        self._stores: dict[bytes, str] = {}
        self._domains: dict[str, str] = {}
        self._fronts: dict[str, _Front] = {}
        self.any = False
        """Whether some store has one: most installations have none, and the redirect need not look."""

    async def catch_up(self, db: Database) -> None:
        """Reads them anew."""
        async with db.transaction() as tx:
            found = await sql.everybodys(tx)
        self._stores = {plain(domain.encode()): store_id for domain, store_id in found.items()}
        self._domains = {store_id: domain for domain, store_id in found.items()}
        self._fronts = {store_id: front for store_id, front in self._fronts.items() if store_id in self._domains}
        self.any = bool(found)

    def foreign(self, host: bytes | None, store_id: str) -> bool:
        """Whether a request came by the link domain of another store: a link shows under its own store's name only."""
        return host is not None and self._stores.get(plain(host), store_id) != store_id

    def owner(self, host: bytes | None) -> str | None:
        """The store whose link domain a request came by."""
        return None if host is None or not self.any else self._stores.get(plain(host))

    def of(self, store_id: str) -> str | None:
        """The store's link domain."""
        return self._domains.get(store_id)

    async def front(self, db: Database, store_id: str) -> str | None:
        """The store's front page, as fresh as `FRESH_S`; who asks while it is read waits for the same reading."""
        kept = self._fronts.setdefault(store_id, _Front())
        async with kept.reading:
            if monotonic() >= kept.until:
                kept.until = monotonic() + FRESH_S
                kept.page = await _front_of(db, store_id, kept.page)
        return kept.page

    def has(self, domain: str) -> bool:
        """Whether it is some store's."""
        return plain(domain.encode()) in self._stores


async def _front_of(db: Database, store_id: str, before: str | None) -> str | None:
    """It stays as it was while the database is away."""
    try:
        async with db.transaction([store_id]) as tx:
            domains = (await stores.get(tx, store_id)).domains
    except NotFound:
        return None
    except Exception as error:
        if is_transient(error):
            return before
        raise
    return front_page(domains[0]) if domains else None


async def store_page(db: Database, hosts: Hosts, scope: Scope) -> str | None:
    """The front page of the store whose link domain a request came by; None under any other name, and while nobody can
    say. Strangers ask for it as often as they like: the database is asked once in `FRESH_S`.
    """
    store_id = hosts.owner(dict(scope["headers"]).get(b"host"))
    return None if store_id is None else await hosts.front(db, store_id)


def share_base(ctx: Context, store_id: str) -> str:
    """How a store's share links begin: with its own link domain, else with our address."""
    hosts: Hosts | None = getattr(ctx.resources, "hosts", None)
    domain = hosts.of(store_id) if hosts is not None else None
    return base_of(domain) if domain else ctx.settings.base_url
