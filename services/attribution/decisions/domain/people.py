"""Who is one person, and which clicks speak for them.

A person is customer ids and hashes of contacts, joined by what the store's server says: its orders and its `identify`.
A page joins nobody. Visitors and tokens lend clicks: two people who share a browser stay two. What a page says of its
visitor's customer lends that visitor's clicks if the server's proof came along, and else is not even here.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from contracts.events.tracking import (
    Customer,
    CustomerIdentified,
    SignupRecorded,
    TokenClaims,
    TokenProblem,
    TrackingPayload,
)
from services.attribution.decisions.domain.clicks import Clicks, Problems
from services.attribution.decisions.domain.facts import Facts, Order
from services.attribution.decisions.domain.history import Known
from services.attribution.decisions.domain.lent import Touch, newest_tokens, newest_visitors, visitors_reported
from services.attribution.tracking.domain import identifies, lends


def keys_of(customer_ids: Iterable[str], contacts: Iterable[str]) -> list[str]:
    """The names under which a person is known: `c:` a customer id of the store, `h:` a hashed contact."""
    return [f"c:{customer_id}" for customer_id in customer_ids] + [f"h:{contact}" for contact in contacts]


def keys_of_customer(customer: Customer) -> list[str]:
    """The names that an order gives its buyer."""
    return keys_of((customer.id,) if customer.id is not None else (), customer.contact_hashes)


def keys_of_track(track: TrackingPayload) -> list[str]:
    """The names that a report gives somebody: of the server's own all, of a page's the one that was proven."""
    if not isinstance(track, CustomerIdentified | SignupRecorded):
        return []
    keys = keys_of_customer(track.customer)
    return keys if track.vouched == "server" else keys[:1]


def together(reported: Iterable[Sequence[str]]) -> list[set[str]]:
    """Names that are reported together, directly or by way of others."""
    union = _Union()
    names = [list(some) for some in reported]
    for some in names:
        union.join(some)
    found: dict[str, set[str]] = {}
    for name in dict.fromkeys(name for some in names for name in some):
        found.setdefault(union.root(name), set()).add(name)
    return list(found.values())


@dataclass(slots=True)
class Person:
    """One buyer with all their orders, and the clicks that may count for these."""

    customer_ids: set[str] = field(default_factory=set)
    contacts: set[str] = field(default_factory=set)
    orders: list[Order] = field(default_factory=list)
    identified: list[TrackingPayload] = field(default_factory=list)
    known: Known | None = None
    pool: Clicks = field(default_factory=lambda: Clicks((), ()))
    """Clicks that may count for any of the orders."""
    problems: Problems = field(default_factory=lambda: Problems(()))
    seen_by: dict[str, list[TrackingPayload]] = field(default_factory=dict)
    """What the browsers showed that are too many to lend to all of the orders, by visitor."""

    def clicks_of(self, order: Order) -> Iterator[tuple[TokenClaims, bool]]:
        """Each click that may count for this order, once, with whether it serves somebody else."""
        own = {click_id: token.lifted() for click_id, token in order.tokens.items()}
        for track in self._own(order):
            if track.token is not None and (track.touched or track.token.click_id not in own):
                own[track.token.click_id] = track.token.lifted() if track.seen else track.token
        for click, taken in self.pool.before(order.placed_at):
            if click.click_id not in own:
                yield click, taken
            elif not taken and click.mark == "person":
                own[click.click_id] = click
        for click in own.values():
            yield click, False

    def problems_of(self, order: Order) -> dict[TokenProblem, datetime]:
        """When the browsers last showed tokens that prove nothing, before this order."""
        found = self.problems.before(order.placed_at)
        own = Problems((track.token_problem, track.at) for track in self._own(order) if track.token_problem is not None)
        for problem, at in own.before(order.placed_at).items():
            found[problem] = max(at, found.get(problem, at))
        return found

    def _own(self, order: Order) -> Iterator[TrackingPayload]:
        for visitor in order.visitors:
            yield from self.seen_by.get(visitor, ())


def people_of(facts: Facts, orders: dict[str, Order]) -> list[Person]:
    """Everybody who ordered, with their clicks."""
    union = _Union()
    named = {track.track_id: track for track in facts.tracks if identifies(track)}
    keys_by = {track_id: [k for k in keys_of_track(t) if k not in facts.nobody] for track_id, t in named.items()}
    named = {track_id: track for track_id, track in named.items() if keys_by[track_id]}
    for known in facts.known:
        names = [key for track_id in known.namings for key in keys_by.get(track_id, ())]
        union.join([*(f"o:{order_id}" for order_id in known.orders), *names])
    for order in orders.values():
        union.join([f"o:{order.order_id}", *keys_of(order.customer_ids, order.contacts)])
    for keys in keys_by.values():
        union.join(keys)
    people: dict[str, Person] = {}
    for order in orders.values():
        person = people.setdefault(union.root(f"o:{order.order_id}"), Person())
        person.orders.append(order)
        person.customer_ids |= order.customer_ids
        person.contacts |= order.contacts
    for known in facts.known:
        # Of somebody whose custom events alone are at hand there is nobody here while their orders are decided.
        if (remembered := people.get(union.root(f"o:{next(iter(known.orders))}"))) is not None:
            _remember(remembered, known)
    for track_id, track in named.items():
        keys = keys_by[track_id]
        found = people.get(union.root(keys[0]))
        if found is not None:
            found.identified.append(track)
            for key in keys:
                (found.customer_ids if key[0] == "c" else found.contacts).add(key[2:])
    _lend_clicks(facts, list(people.values()), list(named.values()))
    return list(people.values())


def _remember(person: Person, known: Known) -> None:
    person.known = known
    names = [*known.names, *keys_of(filter(None, (known.customer_id,)), filter(None, (known.contact,)))]
    for key in names:
        (person.customer_ids if key[0] == "c" else person.contacts).add(key[2:])


def _lend_clicks(facts: Facts, people: list[Person], named: list[TrackingPayload]) -> None:
    seen_by: dict[str, list[TrackingPayload]] = {}
    for track in facts.tracks:
        if track.visitor_id is not None and lends(track.visitor_id):
            seen_by.setdefault(track.visitor_id, []).append(track)
    owners = _owners(seen_by, named)
    reported = visitors_reported(facts.reports)
    for person in people:
        carried = newest_tokens(
            (*(person.known.tokens if person.known else ()), *(t for o in person.orders for t in o.tokens.values()))
        )
        tokens = [token.lifted() for token in carried]
        taken: list[TokenClaims] = []
        problems: list[tuple[TokenProblem, datetime]] = []
        lending = _lending(person, reported)
        for visitor in lending:
            _lend(seen_by.get(visitor, ()), tokens, problems)
        person.seen_by = {
            visitor: seen_by[visitor]
            for order in person.orders
            for visitor in order.visitors
            if visitor in seen_by and visitor not in lending
        }
        mine = {track.track_id for track in person.identified}
        for identify in person.identified:
            own = seen_by.get(identify.visitor_id, []) if identify.visitor_id is not None else []
            for track in (identify, *own):
                served = track.token is not None and owners[track.token.click_id].track_id in mine
                _lend((track,), tokens if served else taken, problems)
        person.pool, person.problems = Clicks(tokens, taken), Problems(problems)


def _lending(person: Person, reported: dict[str, list[Touch]]) -> set[str]:
    known = person.known.visitors if person.known is not None else ()
    own = (touch for order in person.orders for touch in reported.get(order.order_id, ()))
    return {visitor for _, visitor in newest_visitors((*known, *own))}


def _lend(
    tracks: Iterable[TrackingPayload], tokens: list[TokenClaims], problems: list[tuple[TokenProblem, datetime]]
) -> None:
    for track in tracks:
        if track.token is not None:
            tokens.append(track.token.lifted() if track.seen else track.token)
        elif track.token_problem is not None:
            problems.append((track.token_problem, track.at))


def _owners(seen_by: dict[str, list[TrackingPayload]], named: list[TrackingPayload]) -> dict[str, TrackingPayload]:
    """For each click that an identify reaches, the first such identify: whom the click serves when nothing but a
    naming connects them. A shared computer must not make one click everybody's.
    """
    owners: dict[str, TrackingPayload] = {}
    for identify in named:
        own = seen_by.get(identify.visitor_id, []) if identify.visitor_id is not None else []
        for track in (identify, *own):
            if track.token is None:
                continue
            before = owners.get(track.token.click_id)
            if before is None or (identify.at, identify.track_id) < (before.at, before.track_id):
                owners[track.token.click_id] = identify
    return owners


class _Union:
    """Disjoint sets of names."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def root(self, name: str) -> str:
        parent = self._parent
        root = name
        while (above := parent.setdefault(root, root)) != root:
            root = above
        while (above := parent[name]) != root:
            parent[name] = root
            name = above
        return root

    def join(self, names: list[str]) -> None:
        if not names:
            return
        first = self.root(names[0])
        for name in names[1:]:
            self._parent[self.root(name)] = first
