"""Rows of looks."""

from services.kernel.db import Tx

_GET = "select color, logo from store_looks where store_id = :store_id"
_PUT = """
insert into store_looks (store_id, color, logo) values (:store_id, :color, :logo)
on conflict (store_id) do update set color = excluded.color, logo = excluded.logo
"""


async def get(tx: Tx, store_id: str) -> tuple[str | None, bytes | None]:
    """Colour and logo, as far as the store chose them."""
    row = await tx.one_or_none(_GET, store_id=store_id)
    if row is None:
        return None, None
    return row.color, bytes(row.logo) if row.logo is not None else None


async def put(tx: Tx, store_id: str, color: str | None, logo: bytes | None) -> None:
    """Writes both."""
    await tx.execute(_PUT, store_id=store_id, color=color, logo=logo)
