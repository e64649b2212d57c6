"""Writing the books: number, chain, append, fold. The stores must be locked: the chain knows one writer."""

from collections import defaultdict
from collections.abc import Sequence

from services.kernel.db import Tx
from services.rewards.ledger import sql
from services.rewards.ledger.domain import Posted, Posting, chain, holdings, totals


async def post(tx: Tx, postings: Sequence[Posting]) -> list[int]:
    """Writes the sets, in this order within each store, and returns the number of each.

    Sets, entries, balances and totals take one statement each, however many sets there are. No set is posted before the
    one in front of it, or in a month that is closed: a transaction that began before another and was let in after it
    posts at the other's moment, and so does one on a clock that was set back. So the books at a past moment stand.
    """
    if not postings:
        return []
    by_store: dict[str, list[int]] = defaultdict(list)
    for place, posting in enumerate(postings):
        by_store[posting.store_id].append(place)
    last = await tx.advance_all({store_id: len(places) for store_id, places in sorted(by_store.items())})
    ends = await sql.ends(tx, by_store)
    posted: list[Posted] = []
    numbers = [0] * len(postings)
    for store_id, places in sorted(by_store.items()):
        chained = chain(
            [postings[place] for place in places],
            after=last[store_id] - len(places),
            previous=ends[store_id].hash,
            at=max(tx.now, ends[store_id].not_before or tx.now),
        )
        for place, one in zip(places, chained, strict=True):
            numbers[place] = one.number
        posted += chained
    sets = [(one.store_id, one.movement, one.entries) for one in posted]
    await sql.append(tx, posted)
    await sql.add_to_balances(tx, holdings(sets))
    await sql.add_to_totals(tx, totals(sets))
    return numbers
