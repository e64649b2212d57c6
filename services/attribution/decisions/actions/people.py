"""Keeps the index of who is one person, as orders and namings by the store's server join them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from services.attribution.decisions.sql import backlogs
from services.attribution.decisions.sql import nobody as nobody_sql
from services.attribution.decisions.sql import people as people_sql
from services.attribution.slices.sql import NEVER_ENDING
from services.attribution.tracking import sql as tracking_sql
from services.kernel.db import Tx
from services.kernel.ids import new_id
from services.kernel.revisions import Ref


@dataclass(slots=True)
class Naming:
    """A fact that names somebody: an order (`order`) or an identify (`track`), by (store, id)."""

    store_id: str
    keys: Sequence[str]
    order: str | None = None
    track: str | None = None
    known_person: str | None = None
    """The person that an order belonged to before."""


@dataclass(slots=True)
class _Group:
    """Namings and people that have turned out to be one."""

    people: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    namings: list[Naming] = field(default_factory=list)


@dataclass(slots=True)
class Joined:
    """Who is behind some namings, each as (store, person)."""

    orders: dict[Ref, str] = field(default_factory=dict)
    """The person of each order, by (store, order)."""
    people: set[Ref] = field(default_factory=set)
    made: set[Ref] = field(default_factory=set)
    """Those of whom nothing was known before."""
    keys: dict[Ref, set[str]] = field(default_factory=dict)
    """Names that somebody has now, and had not before."""
    merged: dict[Ref, list[Ref]] = field(default_factory=dict)
    """Who were somebody else before."""


async def join(tx: Tx, namings: Iterable[Naming]) -> Joined:
    """Finds or makes the person behind each naming, and merges people that a naming shows to be one."""
    reported = await _somebodys(tx, namings)
    known = await people_sql.of_keys(tx, {(n.store_id, key) for n in reported for key in n.keys})
    joined = Joined()
    names: list[tuple[Ref, str]] = []
    merges: list[tuple[str, str, str]] = []
    tracks: list[tuple[Ref, str]] = []
    for (store_id, _), group in _grouped(reported, known).items():
        person = min(group.people) if group.people else new_id("prs", at=tx.now)
        pair = (store_id, person)
        joined.people.add(pair)
        if not group.people:
            joined.made.add(pair)
        if new := {key for key in group.keys if (store_id, key) not in known}:
            joined.keys[pair] = new
        if gone := sorted(group.people - {person}):
            joined.merged[pair] = [(store_id, other) for other in gone]
        names += [((store_id, key), person) for key in new]
        merges += [(store_id, other, person) for other in gone]
        for naming in group.namings:
            if naming.order is not None:
                joined.orders[store_id, naming.order] = person
            if naming.track is not None:
                tracks.append(((store_id, naming.track), person))
    await people_sql.merge(tx, merges)
    await backlogs.merge(tx, merges)
    await tracking_sql.move(tx, merges)
    await people_sql.name(tx, names)
    await tracking_sql.assign(tx, tracks)
    return joined


async def _somebodys(tx: Tx, namings: Iterable[Naming]) -> list[Naming]:
    """The namings without names that were found to stand for nobody; one that says nothing else joins nothing."""
    reported = list(namings)
    nobody = await nobody_sql.known(tx, {naming.store_id for naming in reported}, as_of=NEVER_ENDING)
    if not nobody:
        return reported
    for naming in reported:
        naming.keys = [key for key in naming.keys if key not in nobody.get(naming.store_id, ())]
    return [naming for naming in reported if naming.keys or naming.order is not None]


def _grouped(namings: Sequence[Naming], known: dict[Ref, str]) -> dict[tuple[str, int], _Group]:
    """Joins namings that share a key, an order or a person. Keyed by store and a number that means nothing."""
    groups: dict[tuple[str, int], _Group] = {}
    at: dict[Ref, int] = {}
    for number, naming in enumerate(namings):
        store_id = naming.store_id
        people = {known[store_id, key] for key in naming.keys if (store_id, key) in known}
        if naming.known_person is not None:
            people.add(naming.known_person)
        marks = [f"k{key}" for key in naming.keys] + [f"p{person}" for person in people]
        if naming.order is not None:
            marks.append(f"o{naming.order}")
        group = _Group(people, set(naming.keys), [naming])
        for other in {at[store_id, mark] for mark in marks if (store_id, mark) in at}:
            found = groups.pop((store_id, other))
            group.people |= found.people
            group.keys |= found.keys
            group.namings += found.namings
        groups[store_id, number] = group
        for mark in _marks(group):
            at[store_id, mark] = number
    return groups


def _marks(group: _Group) -> Iterable[str]:
    yield from (f"k{key}" for key in group.keys)
    yield from (f"p{person}" for person in group.people)
    yield from (f"o{naming.order}" for naming in group.namings if naming.order is not None)
