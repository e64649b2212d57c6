"""Whom a sweep that is under way may still come to."""

from collections.abc import Iterable

from services.attribution.decisions.sql import sweeps
from services.kernel.db import Tx
from services.kernel.revisions import Ref


async def awaiting(tx: Tx, people: Iterable[Ref]) -> set[Ref]:
    """Those of these people whom a sweep may still come to."""
    some = set(people)
    if not some:
        return set()
    under_way = await sweeps.under_way(tx, {store_id for store_id, _ in some})
    return {pair for pair in some for one in under_way if one.store_id == pair[0] and one.after < pair[1]}
