"""Remembering used sign-in addresses for as long as they would otherwise be valid."""

from datetime import datetime

from services.kernel.db import Tx

_USE = """
insert into used_sign_ins (nonce, expires_at) values (:nonce, :expires_at) on conflict do nothing returning nonce
"""
_FORGET = "delete from used_sign_ins where expires_at < now() - interval '1 day'"


async def use(tx: Tx, nonce: str, *, expires_at: datetime) -> bool:
    """Marks an address as used; False when it was already."""
    await tx.execute(_FORGET)
    return (await tx.one_or_none(_USE, nonce=nonce, expires_at=expires_at)) is not None
