"""What is known of who did an event beside what is at hand: of their settled events and orders, and their names. Each
statement reads what it gives, however much somebody has, but for a count that an index alone answers.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from contracts.events.tracking import TokenClaims
from services.attribution.decisions.domain.history import Place
from services.attribution.decisions.domain.lent import MOST_TOKENS, newest_tokens
from services.kernel.db import Tx
from services.kernel.revisions import Ref

MOST_NAMES = 40
"""Contacts of a person that are read, the first by alphabet: a decision shows twenty, the event's own before them."""

_PEOPLE = """
people (s, p, was) as (
  select s, p, p from unnest(cast(:stores as text[]), cast(:people as text[])) w (s, p)
  union all
  select w.s, w.p, m.person_id from unnest(cast(:stores as text[]), cast(:people as text[])) w (s, p)
  join person_merges m on m.store_id = w.s and m.into_id = w.p
)
"""
_NAMES = f"""
with {_PEOPLE}
select people.s as store_id, people.p as person_id, k.key from people cross join lateral (
  (select key from person_keys where store_id = people.s and person_id = people.was and key ~>=~ 'c:' and key ~<~ 'c;'
   order by key using ~<~ limit 1)
  union all
  (select key from person_keys where store_id = people.s and person_id = people.was and key ~>=~ 'h:' and key ~<~ 'h;'
   order by key using ~<~ limit :most)
) k
"""  # noqa: S608  # our own words
_TOKENS = f"""
with {_PEOPLE}
select people.s as store_id, people.p as person_id, c.body from people cross join lateral (
  select body from custom_event_clicks where store_id = people.s and person_id = people.was
  order by at desc, click_id using ~>~ limit :most
) c
"""  # noqa: S608
_STANDING = "o.settled_at is not null and o.cancelled_at is null and not o.stale"
_COUNTED = f"""
with wanted as (
  select * from unnest(cast(:stores as text[]), cast(:events as text[]), cast(:people as text[])) w (s, event, p)
), people as (
  select wanted.*, p as was from wanted
  union all
  select wanted.*, m.person_id from wanted join person_merges m on m.store_id = wanted.s and m.into_id = wanted.p
)
select e.store_id, e.event_id, (
  select count(*)::int from custom_events o
  where o.store_id = w.s and o.person_id = w.was and o.name = e.name and o.joined is not distinct from e.joined
    and (o.happened_at < e.happened_at
      or o.happened_at = e.happened_at and o.event_id collate "C" < e.event_id collate "C") and {_STANDING}
) as before, exists (
  select from custom_events o
  where o.store_id = w.s and o.person_id = w.was and o.name = e.name and o.number = 1
    and o.joined is not distinct from e.joined and {_STANDING}
) as led
from people w join custom_events e on e.store_id = w.s and e.event_id = w.event
"""  # noqa: S608
_WON = """
with wanted as (
  select * from unnest(cast(:stores as text[]), cast(:people as text[]), cast(:programs as text[]),
                       cast(:ats as timestamptz[]), cast(:ids as text[])) w (s, p, program, at, id)
), people as (
  select wanted.*, p as was from wanted
  union all
  select wanted.*, m.person_id from wanted join person_merges m on m.store_id = wanted.s and m.into_id = wanted.p
)
select o.store_id, w.p as person_id, w.program as program_id, o.order_id, o.placed_at from people w
cross join lateral (
  select * from orders
  where store_id = w.s and person_id = w.was and (placed_at, order_id) > (w.at, w.id) and settled_at is not null
    and not cancelled and program_id = w.program and status = 'attributed' and ambassador_id is not null
  order by placed_at, order_id limit :count
) o
order by o.placed_at, o.order_id
"""


class Counted(Struct, frozen=True):
    """Of the settled events of an event's name that stand: how many come before it, and whether one that does not has
    settled as the first.
    """

    before: int
    led: bool


Won = tuple[str, str, str]
"""A store, a person, and a program by which somebody won them."""


async def names(tx: Tx, people: Iterable[Ref]) -> dict[Ref, list[str]]:
    """The first names of these people, by alphabet: a customer id, and contacts."""
    found: dict[Ref, list[str]] = {}
    for row in await tx.all(_NAMES, **_of(people), most=MOST_NAMES):
        found.setdefault((row.store_id, row.person_id), []).append(row.key)
    return found


async def tokens(tx: Tx, people: Iterable[Ref]) -> dict[Ref, list[TokenClaims]]:
    """The newest clicks that came with events of these people."""
    found: dict[Ref, list[TokenClaims]] = {}
    for row in await tx.all(_TOKENS, **_of(people), most=MOST_TOKENS):
        token = TokenClaims.model_validate_json(row.body, extra="ignore")
        found.setdefault((row.store_id, row.person_id), []).append(token)
    return {pair: newest_tokens(some) for pair, some in found.items()}


async def counted(tx: Tx, events: Mapping[Ref, str]) -> dict[Ref, Counted]:
    """What comes before these events, each with its person, of those that have settled."""
    refs = sorted(events)
    rows = await tx.all(
        _COUNTED, stores=[r[0] for r in refs], events=[r[1] for r in refs], people=[events[r] for r in refs]
    )
    found = dict.fromkeys(refs, Counted(0, led=False))
    for row in rows:
        one = found[row.store_id, row.event_id]
        found[row.store_id, row.event_id] = Counted(one.before + row.before, one.led or row.led)
    return found


async def won(tx: Tx, behind: Mapping[Won, Place], *, count: int) -> dict[Won, list[tuple[Place, Ref]]]:
    """The first `count` settled orders, or some more, that stand and by which these programs won somebody, each behind
    a place, in turn.
    """
    wanted: Sequence[Won] = sorted(behind)
    rows = await tx.all(
        _WON,
        stores=[w[0] for w in wanted],
        people=[w[1] for w in wanted],
        programs=[w[2] for w in wanted],
        ats=[behind[w][0] for w in wanted],
        ids=[behind[w][1] for w in wanted],
        count=count,
    )
    found: dict[Won, list[tuple[Place, Ref]]] = {}
    for row in rows:
        place = (row.placed_at, row.order_id)
        found.setdefault((row.store_id, row.person_id, row.program_id), []).append(
            (place, (row.store_id, row.order_id))
        )
    return found


def _of(people: Iterable[Ref]) -> dict[str, list[str]]:
    pairs = sorted(set(people))
    return {"stores": [s for s, _ in pairs], "people": [p for _, p in pairs]}
