"""Names that were found to stand for nobody, as facts, and who was told apart by that."""

from collections.abc import AsyncIterator, Iterable, Sequence

from services.attribution.tracking.sql import StoredTrack
from services.kernel.db import Tx

_KNOWN = """
select store_id, key from nobody_names where store_id = any(cast(:stores as text[])) and seq <= :as_of
"""
_NOTE = """
insert into nobody_names (store_id, key, seq) select :store, k, :seq from unnest(cast(:keys as text[])) k order by k
on conflict do nothing
"""
_PAGE = """
select key from person_keys where store_id = :store and key > :after order by key limit :count
"""
_DOMAINS = "select coalesce((select domains from stores where store_id = :store), cast('{}' as text[]))"
_KEYS_OF = """
select key from person_keys where store_id = :store and person_id = any(array(
    select cast(:person as text) union all
    select person_id from person_merges where store_id = :store and into_id = :person))
"""
_DROP_KEYS = "delete from person_keys where store_id = :store and key = any(cast(:keys as text[]))"
_MOVE_KEYS = """
update person_keys p set person_id = w.person from unnest(cast(:keys as text[]), cast(:people as text[])) w (k, person)
where p.store_id = :store and p.key = w.k and p.person_id <> w.person
"""
_MOVE_ORDERS = """
update orders o set person_id = w.person from unnest(cast(:orders as text[]), cast(:people as text[])) w (id, person)
where o.store_id = :store and o.order_id = w.id and o.person_id <> w.person
"""
_DROP_MARKS = """
delete from settled_marks where store_id = :store and person_id = any(array(
    select cast(:person as text) union all
    select person_id from person_merges where store_id = :store and into_id = :person))
"""
_UNMERGE = "delete from person_merges where store_id = :store and into_id = :person"
_NAMING = """
select store_id, track_id, type, seq, at, visitor_id, click_id, names, person_id, body from tracks
where store_id = :store and person_id = :person
"""
_MOVE_TRACKS = """
update tracks t set person_id = w.person, names = w.names
from unnest(cast(:tracks as text[]), cast(:people as text[]), cast(:names as boolean[])) w (id, person, names)
where t.store_id = :store and t.track_id = w.id
"""
_SPLIT = """
insert into person_splits (store_id, person_id, from_id, seq)
select :store, p, :person, :seq from unnest(cast(:people as text[])) p order by p
"""
_ONCE = """
with recursive once (id) as (
    select cast(:person as text)
    union
    select found.id from once o cross join lateral (
        select from_id as id from person_splits where store_id = :store and person_id = o.id and seq > :as_of
        union all
        select person_id from person_splits where store_id = :store and from_id = o.id and seq > :as_of
        union all
        select into_id from person_merges where store_id = :store and person_id = o.id
        union all
        select person_id from person_merges where store_id = :store and into_id = o.id
    ) found
)
select distinct coalesce(m.into_id, o.id) as id from once o
left join person_merges m on m.store_id = :store and m.person_id = o.id
"""
_ANY_SPLIT = "select exists (select from person_splits where store_id = :store and seq > :as_of)"

_AT_ONCE = 5000
"""Names that one statement reads."""


async def known(tx: Tx, stores: Iterable[str], *, as_of: int) -> dict[str, frozenset[str]]:
    """The names that stand for nobody in these stores, of facts up to a number; stores without any are left out."""
    found: dict[str, set[str]] = {}
    wanted = sorted(set(stores))
    for row in await tx.all(_KNOWN, stores=wanted, as_of=as_of) if wanted else ():
        found.setdefault(row.store_id, set()).add(row.key)
    return {store_id: frozenset(keys) for store_id, keys in found.items()}


async def note(tx: Tx, store_id: str, keys: Sequence[str], seq: int) -> None:
    """Keeps names as nobody's, from this number on, and takes them out of the index."""
    await tx.execute(_NOTE, store=store_id, keys=list(keys), seq=seq)
    await tx.execute(_DROP_KEYS, store=store_id, keys=list(keys))


async def pages_of_names(tx: Tx, store_id: str) -> AsyncIterator[list[str]]:
    """Every name by which a store knows people, some thousands at a time."""
    after = ""
    while rows := await tx.all(_PAGE, store=store_id, after=after, count=_AT_ONCE):
        yield [row.key for row in rows]
        after = rows[-1].key


async def domains(tx: Tx, store_id: str) -> list[str]:
    """The store's own domains."""
    return list(await tx.scalar(_DOMAINS, store=store_id))


async def names_of(tx: Tx, store_id: str, person_id: str) -> list[str]:
    """Every name of one person."""
    return [row.key for row in await tx.all(_KEYS_OF, store=store_id, person=person_id)]


async def namings_of(tx: Tx, store_id: str, person_id: str) -> list[StoredTrack]:
    """Every fact that names one person, however many."""
    return [StoredTrack(*tuple(row)) for row in await tx.all(_NAMING, store=store_id, person=person_id)]


async def split(
    tx: Tx,
    store_id: str,
    person_id: str,
    seq: int,
    *,
    keys: dict[str, str],
    orders: dict[str, str],
    tracks: dict[str, tuple[str, bool]],
) -> None:
    """Makes several people of one: says, from this fact number on, whose each name, order and naming is (and of a
    naming, whether it still names somebody).
    """
    made = {*keys.values(), *orders.values(), *(person for person, _ in tracks.values())} - {person_id}
    await tx.execute(_SPLIT, store=store_id, person=person_id, seq=seq, people=sorted(made))
    await tx.execute(_MOVE_KEYS, store=store_id, keys=list(keys), people=list(keys.values()))
    await tx.execute(_MOVE_ORDERS, store=store_id, orders=list(orders), people=list(orders.values()))
    await tx.execute(
        _MOVE_TRACKS,
        store=store_id,
        tracks=list(tracks),
        people=[person for person, _ in tracks.values()],
        names=[names for _, names in tracks.values()],
    )
    # Marks among the settled orders of each are made when somebody asks for them.
    await tx.execute(_DROP_MARKS, store=store_id, person=person_id)
    # Whoever was merged into this person now has a person of their own behind each name and order.
    await tx.execute(_UNMERGE, store=store_id, person=person_id)


async def once_one(tx: Tx, store_id: str, person_id: str, *, as_of: int) -> set[str]:
    """The person, and whoever may have been the same one when facts up to this number were all."""
    if not await tx.scalar(_ANY_SPLIT, store=store_id, as_of=as_of):
        return {person_id}
    return {row.id for row in await tx.all(_ONCE, store=store_id, person=person_id, as_of=as_of)}
