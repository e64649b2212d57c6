"""What is remembered of materials: whose each is, its picture, and its views and clicks on their way into the table,
added up in memory and written every few seconds.

These are figures for whoever draws banners, and decide nothing: the click itself is kept by the redirect that follows.
So a process that is killed may lose those of its last seconds.
"""

import re
from datetime import date
from typing import Final, cast

from cachetools import TTLCache
from starlette.types import Scope

from services.kernel.context import Context
from services.kernel.http.address import client_address
from services.kernel.http.limits import Limiter
from services.links.materials import sql
from services.links.redirect.hot.handler import Redirect

UNKNOWN_A_MINUTE: Final = 120
"""Ids that nobody has, from one address."""
_MOST_WAITING: Final = 10_000
"""Materials and days; beyond it, while the database is away, what comes is not counted."""

_ID: Final = re.compile(r"mat_[0-9a-hjkmnp-tv-z]{26}")


class Materials:
    """What a process remembers of materials. Lives as long as it."""

    def __init__(self) -> None:
        self.pictures: TTLCache[str, bytes] = TTLCache(maxsize=16 * 1024 * 1024, ttl=60, getsizeof=len)
        self._stores: TTLCache[str, str] = TTLCache(maxsize=20_000, ttl=300)
        self._nobodys: TTLCache[str, bool] = TTLCache(maxsize=10_000, ttl=10)
        """Apart, so that somebody who makes many up drives out no material."""
        self._guesses = Limiter("unknown-materials", per_minute=UNKNOWN_A_MINUTE)
        self._waiting: dict[tuple[str, str, date], tuple[int, int]] = {}

    async def store_of(self, ctx: Context, scope: Scope, material_id: str) -> str:
        """Whose a material is; empty for what nobody has. Raises `TooMany` for who asks for many such, and what the
        database raises when it is away and nothing is remembered.
        """
        known = self._stores.get(material_id)
        if known is not None:
            return known
        if material_id in self._nobodys or _ID.fullmatch(material_id) is None:
            return ""
        address = client_address(scope, trusted=ctx.settings.trusted_proxies)
        self._guesses.enforce(scope, address, cost=0)
        async with ctx.db.transaction() as tx:
            found = await sql.store_of(tx, material_id)
        if found is None:
            self._guesses.take(address)
            self._nobodys[material_id] = True
            return ""
        self._stores[material_id] = found
        return found

    def count(self, store_id: str, material_id: str, day: date, *, views: int = 0, clicks: int = 0) -> None:
        """Counts it."""
        key = (store_id, material_id, day)
        if key in self._waiting or len(self._waiting) < _MOST_WAITING:
            before = self._waiting.get(key, (0, 0))
            self._waiting[key] = before[0] + views, before[1] + clicks

    async def write(self, ctx: Context) -> None:
        """Writes what was counted; what could not be written is kept."""
        counted, self._waiting = self._waiting, {}
        if not counted:
            return
        try:
            async with ctx.db.transaction({key[0] for key in counted}) as tx:
                await sql.add_counts(tx, counted)
        except BaseException:
            for (store_id, material_id, day), (views, clicks) in counted.items():
                self.count(store_id, material_id, day, views=views, clicks=clicks)
            raise


def materials_of(ctx: Context) -> Materials:
    """This process's."""
    return cast(Materials, cast(Redirect, ctx.resources).others[Materials])
