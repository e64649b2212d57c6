"""All stores of an installation, found as jobs find them: in the services' directories, slice by slice."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.common.store_slice import listed_stores
from services.kernel.db import Database
from services.kernel.settings import Settings

_SLICE = 500


@asynccontextmanager
async def opened(settings: Settings, service: str) -> AsyncIterator[Database]:
    """A service's database as the service itself sees it: one store at a time."""
    db = Database(settings.database_url_of(service), schema=service, pool_size=1)
    try:
        yield db
    finally:
        await db.close()


async def listed(db: Database, only: str = "") -> list[str]:
    """The ids of all stores that a service knows, or the one that is asked for."""
    if only:
        return [only]
    stores: list[str] = []
    while True:
        async with db.transaction() as tx:
            found = await listed_stores(tx, after=stores[-1] if stores else "", count=_SLICE)
        if not found:
            return stores
        stores += found
