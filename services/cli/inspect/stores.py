"""All stores of an installation, found as jobs find them: in a service's directory, slice by slice."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.kernel.db import Database
from services.kernel.settings import Settings
from services.rewards.audit.actions import stores_after


@asynccontextmanager
async def opened(settings: Settings, service: str) -> AsyncIterator[Database]:
    """A service's database as the service itself sees it: one store at a time."""
    db = Database(settings.database_url_of(service), schema=service, pool_size=1)
    try:
        yield db
    finally:
        await db.close()


async def listed(settings: Settings, only: str = "") -> list[str]:
    """The ids of all stores, or the one that is asked for."""
    if only:
        return [only]
    stores: list[str] = []
    async with opened(settings, "rewards") as db:
        while True:
            async with db.transaction() as tx:
                found = await stores_after(tx, stores[-1] if stores else "")
            if not found:
                return stores
            stores += found
