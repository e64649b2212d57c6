"""Gathers what decides the open events of some people: of their orders and events those that are open, of all others
what is remembered. So it costs what is open, whatever has settled.
"""

from collections.abc import Sequence
from typing import Final

from services.attribution.custom_events.domain import Doer, key_of, went_back
from services.attribution.custom_events.sql import beside
from services.attribution.custom_events.sql.events import EventRow
from services.attribution.decisions.actions.friends import Friends
from services.attribution.decisions.actions.gather import Gathered, gather_beside, gather_settled
from services.attribution.decisions.domain import decide
from services.attribution.decisions.domain.history import BEGINNING, Place
from services.attribution.decisions.sql import backlogs
from services.attribution.decisions.sql import orders as order_rows
from services.kernel.db import Tx
from services.kernel.revisions import Ref
from services.kernel.threads import in_thread

_ALL: Final = 1_000_000
"""Of what is open nothing is left out."""
_AT_ONCE: Final = 5
"""Orders that are looked at together for one of which something is left."""

Doers = dict[str, dict[str, Doer]]
"""By store and event, what is known of who did it."""


async def gather(tx: Tx, people: Sequence[Ref], rows: Sequence[EventRow]) -> tuple[Gathered, Doers]:
    """All that decides these events, which are all of these people's that are at hand. Their stores must be locked."""
    friends = await Friends.read(tx, people)
    await friends.keep(tx)
    open_rows = await order_rows.open_since(tx, dict.fromkeys(people, BEGINNING), most=_ALL)
    orders = await backlogs.by_person(tx, people)
    orders |= {ref: row.person_id for ref, row in open_rows.items()}
    orders |= await _brought(tx, rows, friends)
    places: dict[Ref, dict[str, Place | None]] = {}
    for row in rows:
        at = (row.happened_at, "") if row.settled_at is None else None
        places.setdefault(_person(row), {})[key_of(row.event_id)] = at
    reports = [row.report() for row in rows]
    doers = await _doers(tx, [row for row in rows if row.settled_at is None])
    lent = [(store_id, token) for store_id, some in doers.items() for doer in some.values() for token in doer.tokens]
    return await gather_beside(tx, orders, open_rows, friends.now, places, reports, lent), doers


async def named(tx: Tx, rows: Sequence[EventRow]) -> Doers:
    """What is known of who did events of which all else is at hand: their names."""
    names = await beside.names(tx, {_person(row) for row in rows})
    found: Doers = {}
    for row in rows:
        found.setdefault(row.store_id, {})[row.event_id] = Doer(names.get(_person(row), ()))
    return found


async def _doers(tx: Tx, rows: Sequence[EventRow]) -> Doers:
    people = {row.ref: _person(row) for row in rows}
    names, tokens = await beside.names(tx, people.values()), await beside.tokens(tx, people.values())
    counted = await beside.counted(tx, {ref: person_id for ref, (_, person_id) in people.items()})
    found: Doers = {}
    for ref, person in people.items():
        one = Doer(names.get(person, ()), tokens.get(person, ()), counted[ref].before, counted[ref].led)
        found.setdefault(ref[0], {})[ref[1]] = one
    return found


async def _brought(tx: Tx, rows: Sequence[EventRow], friends: Friends) -> dict[Ref, str]:
    """Of those who became ambassadors the first settled order by which the program had won them and of which something
    is left, with its person. Those before it are read too: few send back all of an order that settled.
    """
    behind: dict[beside.Won, Place] = {}
    for row in rows:
        won = friends.now[_person(row)].settled.history.won
        if row.joined is not None and row.settled_at is None and row.joined in won:
            behind[*_person(row), row.joined] = (won[row.joined].first.placed_at, "")
    found: dict[Ref, str] = {}
    while behind:
        some = await beside.won(tx, behind, count=_AT_ONCE)
        people = {ref: person for (_, person, _), orders in some.items() for _, ref in orders}
        left = await _of_which_something_is_left(tx, people)
        behind = {}
        for key, orders in some.items():
            standing = next((ref for _, ref in orders if ref in left), None)
            if standing is not None:
                found[standing] = people[standing]
            elif len(orders) >= _AT_ONCE:
                behind[key] = orders[_AT_ONCE - 1][0]
    return found


async def _of_which_something_is_left(tx: Tx, orders: dict[Ref, str]) -> set[Ref]:
    gathered = await gather_settled(tx, orders, {})
    found: set[Ref] = set()
    for store_id, facts in gathered.facts.items():
        decided = await in_thread(len(facts.reports), decide, facts)
        found |= {(store_id, order_id) for order_id, one in decided.items() if not went_back(one)}
    return found


def _person(row: EventRow) -> Ref:
    assert row.person_id is not None  # rows are read by their people
    return row.store_id, row.person_id
