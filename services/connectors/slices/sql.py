"""Reads of what is kept of stores."""

from dataclasses import dataclass

from services.kernel.db import Tx

_SHOP = "select name, timezone, locale from stores where store_id = :store"


@dataclass(frozen=True, slots=True)
class Shop:
    """A store as its pages need it."""

    name: str
    timezone: str
    locale: str


async def shop(tx: Tx, store_id: str) -> Shop:
    """A store's name, zone and language; placeholders while its set-up is on its way."""
    row = await tx.one_or_none(_SHOP, store=store_id)
    return Shop("", "UTC", "en") if row is None else Shop(row.name, row.timezone, row.locale)
