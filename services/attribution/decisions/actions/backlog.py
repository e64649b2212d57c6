"""Backlogs: somebody with very many open orders is decided some orders at a time.

What is reported of one order may bear on all that its buyer placed later: on their number, on who won the friend, on
which clicks count. Of people that is a handful. Of a till's "walk-in", it may be ten thousand orders, and one
transaction for all of them would hold the store, and whoever waits behind it, for seconds. So their orders from a place
on are put off: a due job decides them in the order of their placing, some in each transaction.

Orders depend on earlier ones only. Therefore everything that stands before the place is decided by all facts that were
seen, and nothing behind it is looked at until its turn; what concerns an earlier order moves the place back. Who is
moved back again and again, faster than the steps go, would wait for ever: such a backlog is worked off whole.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from services.attribution.decisions.actions import later
from services.attribution.decisions.actions.again import decide_refused
from services.attribution.decisions.actions.ages import note_ages
from services.attribution.decisions.actions.ahead import ahead
from services.attribution.decisions.actions.claims import claim_codes
from services.attribution.decisions.actions.friends import Friends
from services.attribution.decisions.actions.gather import gather
from services.attribution.decisions.actions.numbers import Numbers
from services.attribution.decisions.actions.sweeping import awaiting
from services.attribution.decisions.actions.write import decide_and_write
from services.attribution.decisions.domain.history import BEGINNING, Place
from services.attribution.decisions.sql import backlogs
from services.kernel import failpoints
from services.kernel.db import Tx
from services.kernel.revisions import Ref

LOOK_AGAIN = timedelta(seconds=1)
"""When to come back to people to whom a sweep will come first."""
TIMES, PATIENCE = 20, timedelta(minutes=1)
"""How many times a backlog is moved back, and how old it is, before it is worked off in one transaction."""


async def work_off(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Decides the next orders of somebody with a backlog in each store; returns those stores that have more to do."""
    numbers = await Numbers.lock(tx, stores)
    places, overdue = await backlogs.turn(tx, stores, times=TIMES, patience=PATIENCE)
    swept = await awaiting(tx, places)
    await backlogs.move_on(tx, {person: places[person] for person in swept})
    await work_off_whole(tx, overdue - swept, numbers)
    places = {person: place for person, place in places.items() if person not in swept | overdue}
    if places:
        friends = await Friends.read(tx, places)
        _, freed = await step(tx, places, friends, numbers, count=max(1, later.MOST // len(places)))
        await friends.keep(tx)
        await decide_refused(tx, freed, numbers)
    await numbers.keep(tx)
    failpoints.hit("backlog.before_commit")
    left = await backlogs.stores_with(tx, stores)
    waiting = {store_id for store_id, _ in swept}
    return {store_id: tx.now + LOOK_AGAIN if store_id in waiting else tx.now for store_id in left}


async def work_off_whole(tx: Tx, people: Collection[Ref], numbers: Numbers) -> None:
    """Decides all that is in the backlogs of these people, however much it is."""
    if not people:
        return
    friends = await Friends.read(tx, people)
    swept = await awaiting(tx, people)
    places = {p: BEGINNING if p in swept else at for p, at in friends.backlogs.items() if p in people}
    freed: set[Ref] = set()
    while places:
        places, more = await step(tx, places, friends, numbers, count=max(1, later.MOST))
        freed |= more
    await friends.keep(tx)
    await decide_refused(tx, freed, numbers)


async def step(
    tx: Tx, places: Mapping[Ref, Place], friends: Friends, numbers: Numbers, *, count: int
) -> tuple[dict[Ref, Place], set[Ref]]:
    """Decides up to `count` orders of each backlog, the first by place. Returns where those go on who have more, and
    the codes of which a use was given back.
    """
    some = await backlogs.following(tx, places, count=count)
    before = await ahead(tx, places)
    gathered = await gather(tx, some.orders, some.rows, friends.now, ahead=before)
    freed = await claim_codes(tx, gathered, numbers)
    written = await decide_and_write(tx, gathered, numbers)
    friends.decided(gathered, written, untouched=friends.now.keys() - places.keys(), before=before)
    await backlogs.decided(tx, some.orders)
    await backlogs.move_on(tx, some.rest)
    await backlogs.end(tx, places.keys() - some.rest.keys())
    reports: dict[Ref, datetime] = {}
    for store_id, facts in gathered.facts.items():
        for report in facts.reports:
            ref = (store_id, report.order_id)
            reports[ref] = max(report.received_at, reports.get(ref, report.received_at))
    note_ages(tx, [reports[ref] for ref in some.reported])
    return some.rest, freed
