"""Placeholders among the names that were kept before they were known as such: taken out, and strangers told apart.

Names that stand for nobody are facts with a number of their own. What was decided before is replayed with them as the
names they were; what is decided after, without. Orders that have settled stay as they are.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime

from services.attribution.decisions.actions.again import decide_open
from services.attribution.decisions.actions.backlog import work_off_whole
from services.attribution.decisions.actions.friends import Friends
from services.attribution.decisions.actions.gather import gather_whole
from services.attribution.decisions.actions.numbers import Numbers
from services.attribution.decisions.domain.history import Place
from services.attribution.decisions.domain.people import keys_of_customer, keys_of_track, together
from services.attribution.decisions.sql import friends as friend_rows
from services.attribution.decisions.sql import nobody as nobody_sql
from services.attribution.decisions.sql import people as people_sql
from services.attribution.slices.sql import NEVER_ENDING
from services.attribution.tracking import sql as tracking_sql
from services.attribution.tracking.domain import lends
from services.attribution.tracking.sql import StoredTrack
from services.common.contacts import names_nobody, nobodys_hashes
from services.kernel.auth.ring import KeyRing
from services.kernel.db import Tx
from services.kernel.ids import new_id
from services.kernel.revisions import Ref
from services.kernel.threads import in_thread

TAKE_OUT = "attribution.nobody"
"""The due job that looks through a store's names once. Migrations ask for it: a longer list brings another one."""

_AT_ONCE = 500
"""People whose open orders are decided together."""


def taking_out(ring: KeyRing) -> Callable[[Tx, Sequence[str]], Awaitable[dict[str, datetime]]]:
    """The job's run, with the key that contacts are hashed under."""

    async def run(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
        for store_id in stores:
            await take_out(tx, ring, store_id)
        return {}

    return run


async def take_out(tx: Tx, ring: KeyRing, store_id: str) -> int:
    """Finds the placeholders among a store's names and tells apart whom they had joined; returns how many there were.

    Costs as much as these people have orders, once.
    """
    numbers = await Numbers.lock(tx, [store_id])
    found = await _placeholders(tx, ring, store_id)
    if not found:
        return 0
    joined = await people_sql.of_keys(tx, {(store_id, key) for key in found})
    # Nobody is told apart whose orders are not all decided.
    await work_off_whole(tx, {(store_id, person_id) for person_id in joined.values()}, numbers)
    seq = numbers.next(store_id)
    await nobody_sql.note(tx, store_id, found, seq)
    concerned: set[Ref] = set()
    for person_id in sorted(set(joined.values())):
        concerned |= await _separate(tx, store_id, person_id, seq)
    await _decide_again(tx, sorted(concerned), numbers)
    await numbers.keep(tx)
    return len(found)


async def _placeholders(tx: Tx, ring: KeyRing, store_id: str) -> list[str]:
    hosts = [domain.partition(":")[0] for domain in await nobody_sql.domains(tx, store_id)]
    own = {".".join(labels[n:]) for host in hosts for labels in [host.split(".")] for n in range(len(labels) - 1)}
    hashes = await in_thread(1000, nobodys_hashes, ring, sorted({*hosts, *own}))
    found = []
    async for names in nobody_sql.pages_of_names(tx, store_id):
        found += [key for key in names if (key[2:] in hashes if key[0] == "h" else names_nobody(key[2:]))]
    return found


async def _separate(tx: Tx, store_id: str, person_id: str, seq: int) -> set[Ref]:
    """Makes of one person those who are left without nobody's names; whoever has the first order stays that person.

    Returns them, and whoever has the next claim to a click that was nobody's.
    """
    gathered = await gather_whole(tx, {(store_id, person_id)})
    nobody = gathered.of(store_id).nobody
    places = {f"o:{row.order_id}": (row.placed_at, row.order_id) for row in gathered.rows.values()}
    names: dict[str, list[str]] = {mark: [] for mark in places}
    for report in gathered.of(store_id).reports:
        names[f"o:{report.order_id}"] += [key for key in keys_of_customer(report.customer) if key not in nobody]
    unnamed: list[StoredTrack] = []
    for track in await nobody_sql.namings_of(tx, store_id, person_id):
        if keys := [key for key in keys_of_track(track.read()) if key not in nobody]:
            names[f"t:{track.track_id}"] = keys
        else:
            unnamed.append(track)
    groups = await in_thread(len(names), together, [[mark, *keys] for mark, keys in names.items()])
    people = _people(groups, places, person_id)
    nobodys = new_id("prs")
    await nobody_sql.split(
        tx,
        store_id,
        person_id,
        seq,
        keys={key: people.get(key, person_id) for key in await nobody_sql.names_of(tx, store_id, person_id)},
        orders={mark[2:]: people[mark] for mark in places},
        tracks={mark[2:]: (person, True) for mark, person in people.items() if mark[:2] == "t:"}
        | {track.track_id: (nobodys, False) for track in unnamed},
    )
    # A browser is tied to one order of a person, who may be another one's now.
    reports = gathered.of(store_id).reports
    await people_sql.tie(
        tx, sorted({(store_id, f"v:{r.visitor_id}", r.order_id) for r in reports if lends(r.visitor_id)})
    )
    await friend_rows.drop(tx, [(store_id, person_id)])
    return {(store_id, people[mark]) for mark in places} | await _next_claims(tx, unnamed)


def _people(groups: list[set[str]], places: Mapping[str, Place], person_id: str) -> dict[str, str]:
    """The person behind each name and mark."""
    last = max(places.values(), default=None)
    beyond = (1, last)

    def place(group: set[str]) -> tuple[object, ...]:
        return min(((0, places[mark]) for mark in group if mark in places), default=beyond)

    people: dict[str, str] = {}
    for number, group in enumerate(sorted(groups, key=place)):
        people |= dict.fromkeys(group, new_id("prs") if number else person_id)
    return people


async def _next_claims(tx: Tx, unnamed: Iterable[StoredTrack]) -> set[Ref]:
    """Whoever was named next with a click that a placeholder had been named with."""
    reported = list(unnamed)
    visitors = {(track.store_id, track.visitor_id) for track in reported if track.visitor_id is not None}
    reported += await tracking_sql.by_visitor(tx, visitors, as_of=NEVER_ENDING)
    clicks = {(track.store_id, track.click_id, NEVER_ENDING) for track in reported if track.click_id is not None}
    owners = await tracking_sql.owners(tx, clicks)
    return {(o.track.store_id, o.track.person_id) for o in owners if o.track.person_id is not None}


async def _decide_again(tx: Tx, people: Sequence[Ref], numbers: Numbers) -> None:
    for start in range(0, len(people), _AT_ONCE):
        some = people[start : start + _AT_ONCE]
        friends = await Friends.read(tx, some)
        await decide_open(tx, some, friends, numbers)
        await friends.keep(tx)
