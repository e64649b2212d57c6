"""Sweeps: what the catalog brings may concern more open orders than one transaction should decide.

A program's new version, or the end of an ambassador or of a code, is in force from its own transaction on. Where few
open orders are concerned they are decided in it. Where many are, a sweep begins there: it goes through the store's
people, some in each transaction, and decides their open orders. Whoever is touched before the sweep has come to them
(by an order, a visit, a settling) is decided as a whole then and there: nobody's orders are decided by two versions.
"""

from collections.abc import Sequence
from datetime import datetime

from services.attribution.decisions.actions.again import decide_open
from services.attribution.decisions.actions.friends import Friends
from services.attribution.decisions.actions.numbers import Numbers
from services.attribution.decisions.sql import sweeps
from services.attribution.decisions.sql.sweeps import Sweep
from services.kernel import due, failpoints
from services.kernel.db import Tx

SWEEP = "attribution.sweep"
"""The due job."""
AT_ONCE = 200
"""Open orders that one transaction looks at, of all its stores together: these are locked that long. So many are also
decided at once where a sweep could begin.
"""


async def begin(tx: Tx, causes: Sequence[Sweep]) -> None:
    """Begins sweeps for what came. The stores must be locked."""
    await sweeps.begin(tx, causes)
    await due.schedule(tx, SWEEP, {cause.store_id: tx.now for cause in causes})


async def sweep(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Goes on with a sweep of each store; returns those stores that have more to do, at once."""
    numbers = await Numbers.lock(tx, stores)
    under_way: dict[str, list[Sweep]] = {}
    for one in await sweeps.under_way(tx, stores):
        under_way.setdefault(one.store_id, []).append(one)
    count = max(1, AT_ONCE // max(1, len(under_way)))
    people = {
        (store_id, person_id)
        for store_id, some in under_way.items()
        for person_id in await sweeps.advance(tx, some[0], count=count)
    }
    friends = await Friends.read(tx, people)
    await decide_open(tx, people, friends, numbers)
    await friends.keep(tx)
    await numbers.keep(tx)
    failpoints.hit("sweep.before_commit")
    return {one.store_id: tx.now for one in await sweeps.under_way(tx, stores)}
