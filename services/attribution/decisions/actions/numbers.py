"""Fact numbers: each store counts its facts, one by one, under its lock."""

from collections.abc import Iterable

from services.attribution.decisions.sql import orders as order_rows
from services.kernel.db import Tx


class Numbers:
    """The fact numbers of some locked stores."""

    def __init__(self, before: dict[str, int]) -> None:
        self.before = before
        """The last number of each store when it was locked."""
        self.last = dict(before)

    @classmethod
    async def lock(cls, tx: Tx, stores: Iterable[str]) -> "Numbers":
        """Locks the stores, in sorted order, until the transaction ends."""
        return cls(await tx.lock_stores(stores))

    def next(self, store_id: str) -> int:
        """Takes the store's next number. A number that is then not needed stays unused."""
        self.last[store_id] += 1
        return self.last[store_id]

    async def keep(self, tx: Tx) -> None:
        """Writes how far each store has counted."""
        await order_rows.advance(tx, {s: n for s, n in self.last.items() if n > self.before[s]})
