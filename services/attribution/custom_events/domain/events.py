"""Who referred somebody to something that is no order: by the same proofs, windows and rules as an order. Pure.

An event is decided beside the orders of who did it, and after them: an order makes somebody a known customer, while no
order's decision depends on an event.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from msgspec import Struct
from msgspec.structs import replace

from contracts.events.actions import ActionReported, CancelReason
from contracts.events.conversions import WAIT_WITHOUT_WINNER, Winner
from contracts.events.orders import Figures
from contracts.events.tracking import TokenClaims
from services.attribution.custom_events.domain.joined import brought_by, joining
from services.attribution.decisions.domain.decide import (
    SHORTEST_WAIT,
    contacts_of,
    decide,
    friend_of,
    step_from,
)
from services.attribution.decisions.domain.decision import Candidate, Check, Decision, reviewed
from services.attribution.decisions.domain.evidence import Case, Evidence
from services.attribution.decisions.domain.facts import Facts, Order, Status, iso, orders_of
from services.attribution.decisions.domain.history import Known
from services.attribution.decisions.domain.lent import newest_tokens
from services.attribution.decisions.domain.outcome import Outcome, outcome_of, winner_of
from services.attribution.decisions.domain.people import Person, people_of
from services.attribution.decisions.domain.rules import OF_EVENTS
from services.attribution.decisions.domain.set_up import SetUp
from services.attribution.tracking.domain import lends

ENGINE: Final = "1"
"""Changes whenever equal facts could give another decision on an event."""

_AS_KEY: Final = "event/"
"""Before an event's id among the ids of orders, none of which holds a slash."""
_NO_FIGURES: Final = Figures(status="paid", currency="XXX", total_minor=0, subtotal_minor=0)
"""No rule that events are held against asks for figures."""


class Happened(Struct, frozen=True):
    """An event with what became of it so far."""

    report: ActionReported
    cancelled: CancelReason | None = None
    settled: bool = False
    number: int = 1
    """Of a settled one: fixed."""
    joined: str | None = None
    """Of a friend who became an ambassador: of which program."""

    @property
    def place(self) -> tuple[datetime, str]:
        """Where it stands among its friend's."""
        return self.report.happened_at, self.report.event_id


class EventDecision(Struct, frozen=True):
    """The decision on one event."""

    event_id: str
    status: Status
    reason: str
    pending: tuple[str, ...]
    friend_id: str
    friend_contacts: tuple[str, ...]
    number: int
    new_customer: bool
    program_id: str | None
    program_version: int | None
    ambassador_id: str | None
    winner: Winner | None
    candidates: tuple[Candidate, ...]
    candidates_total: int
    checks: tuple[Check, ...]
    settle_at: datetime | None
    """When it may settle. Depends on receipt, and is therefore no part of the bytes."""
    pieces: frozenset[str]
    """What would decide it again when it changes: `v:` browsers, `d:` codes, `p:` programs, `a:` ambassadors."""
    order_id: str | None = None
    """Of a friend who became an ambassador: the order by which they had been brought."""


def key_of(event_id: str) -> str:
    """What an event is called among the orders of who did it."""
    return _AS_KEY + event_id


class Doer(Struct, frozen=True):
    """What is known of who did an event beside the facts and events that are at hand."""

    names: Sequence[str] = ()
    """The first of all their names, by alphabet: `c:` customer ids, `h:` contacts."""
    tokens: Sequence[TokenClaims] = ()
    """Clicks that came with events of theirs, the newest ones: lent to their other events, and to no order."""
    before: int = 0
    """How many of the event's name stand that come before it, of those that are not at hand."""
    led: bool = False
    """Whether one of these, wherever it stands, has settled as the first."""


_NOTHING_ELSE: Final = Doer()
_NO_DOERS: Final[Mapping[str, Doer]] = {}


def decide_events(
    facts: Facts, events: Iterable[Happened], doers: Mapping[str, Doer] = _NO_DOERS
) -> dict[str, EventDecision]:
    """Decides the events that have not settled, by their ids. Needs all facts, and all events, of who did them, or what
    is known besides: `Facts.known`, whose orders these events are among by `key_of`, and, by event, `doers`.
    """
    by_key = {key_of(event.report.event_id): event for event in events}
    orders, set_up = orders_of(facts), SetUp(facts)
    decisions = decide(facts)
    standing = {key: decisions[key] for key, order in orders.items() if order.standing}
    asked = {key: _asked(key, event.report, facts.nobody) for key, event in by_key.items()}
    lent = dataclasses.replace(facts, known=[_lending(known, by_key, doers) for known in facts.known])
    return {
        decision.event_id: decision
        for person in people_of(lent, orders | asked)
        for decision in _of_person(person, by_key, standing, set_up, doers)
    }


def _lending(known: Known, events: Mapping[str, Happened], doers: Mapping[str, Doer]) -> Known:
    """With what came with events that are not at hand. It is the same of each event of a person of which it is known:
    of those that have settled, and were called off just now, it is not.
    """
    at_hand = (events[key].report.event_id for key in known.orders if key in events)
    first = min((event_id for event_id in at_hand if event_id in doers), default=None)
    return known if first is None else replace(known, tokens=newest_tokens((*known.tokens, *doers[first].tokens)))


def _of_person(
    person: Person,
    events: Mapping[str, Happened],
    standing: Mapping[str, Decision],
    set_up: SetUp,
    doers: Mapping[str, Doer],
) -> Iterator[EventDecision]:
    bought = [standing[order.order_id] for order in person.orders if order.order_id in standing]
    mine = {order.order_id: events[order.order_id] for order in person.orders if order.order_id in events}
    for name in {name for event in mine.values() for name in _doer(event, doers).names}:
        (person.customer_ids if name[0] == "c" else person.contacts).add(name[2:])
    known = person.known or Known("", frozenset())
    # What is known besides counts settled orders, also those at hand.
    steps = [step_from(one) for one in bought if person.known is None or one.settled is None]
    for order in person.orders:
        event = mine.get(order.order_id)
        if event is not None and not event.settled:
            before = known.settled_before.get(order.order_id, known.settled)
            for step in steps:
                if step.placed_at < order.placed_at:
                    before = before.plus(step)
            case = Case(order, person, before, set_up)
            number = number_of(event, list(mine.values()), _doer(event, doers))
            if event.joined is None:
                yield _decided(case, event.report, number, outcome_of(case, rules=OF_EVENTS))
            else:
                brought = brought_by(bought, event.joined)
                found = joining(case, brought, event.joined, number)
                yield _decided(case, event.report, number, found, brought if found.winner else None)


def _doer(event: Happened, doers: Mapping[str, Doer]) -> Doer:
    return doers.get(event.report.event_id, _NOTHING_ELSE)


def number_of(event: Happened, others: Sequence[Happened], doer: Doer = _NOTHING_ELSE) -> int:
    """1 for the friend's first event of its name that stands. One that is reported late, when a later one has settled
    as the first, comes behind that: nobody has two first ones. `others` and what `doer` says are all of the friend's.
    """
    alike = [
        one
        for one in others
        if (one.report.name, one.joined) == (event.report.name, event.joined)
        and one.cancelled is None
        and one.report.event_id != event.report.event_id
    ]
    number = 1 + doer.before + sum(one.place < event.place for one in alike)
    led = doer.led or any(one.settled and one.number == 1 for one in alike)
    return 2 if number == 1 and led else number


def _asked(key: str, report: ActionReported, nobody: frozenset[str]) -> Order:
    """The event as the rules look at it: who, when, with what proofs. It is never among anybody's orders."""
    customer = report.customer
    named = customer.id is not None and f"c:{customer.id}" not in nobody
    return Order(
        order_id=key,
        placed_at=report.happened_at,
        figures=_NO_FIGURES,
        paid=True,
        cancelled=False,
        refunded_minor=0,
        over_refunded=False,
        returned=None,
        returned_at=None,
        foreign_refunds=(),
        customer_ids=frozenset((customer.id,) if named and customer.id is not None else ()),
        contacts=frozenset(h for h in customer.contact_hashes if f"h:{h}" not in nobody),
        visitors=frozenset(filter(None, (report.visitor_id,))),
        tokens={token.click_id: token for token in report.tokens},
        problems=frozenset(report.token_problems),
        codes=tuple(sorted(set(report.codes))),
        is_new=None,
        paid_received_at=report.received_at,
        paid_since=None,
        uses={},
        settlement=None,
    )


def _decided(
    case: Case, report: ActionReported, number: int, found: Outcome, brought: Decision | None = None
) -> EventDecision:
    winner = found.winner
    terms = winner.terms if winner else None
    friend_id = friend_of(case.order, case.person)
    return EventDecision(
        event_id=report.event_id,
        status=found.status,
        reason=found.reason,
        pending=found.pending,
        friend_id=report.event_id if friend_id == case.order.order_id else friend_id,
        friend_contacts=contacts_of(case.order, case.person),
        number=number,
        new_customer=not case.bought_before,
        program_id=terms.program_id if terms else None,
        program_version=terms.version if terms else None,
        ambassador_id=winner.ambassador_id if winner else None,
        winner=winner_of(winner) if winner else None,
        candidates=found.candidates,
        candidates_total=found.candidates_total,
        checks=found.checks,
        settle_at=None if found.pending else max(report.happened_at, report.received_at) + _wait(winner, report.name),
        pieces=_pieces(found.reviewed, report),
        order_id=brought.order_id if brought else None,
    )


def _wait(winner: Evidence | None, name: str) -> timedelta:
    """How long another proof may still come, as for an order: as long as the shortest hold of what it earns."""
    holds = [] if winner is None or winner.terms is None else winner.terms.program.rules_on(name)
    if not holds:
        return WAIT_WITHOUT_WINNER
    return max(timedelta(days=min(rule.hold_days for rule in holds)), SHORTEST_WAIT)


def _pieces(considered: Iterable[Evidence], report: ActionReported) -> frozenset[str]:
    pieces = {f"d:{text}" for text in report.codes}
    if report.visitor_id is not None and lends(report.visitor_id):
        pieces.add(f"v:{report.visitor_id}")
    for evidence in considered:
        if evidence.program_id is not None:
            pieces.add(f"p:{evidence.program_id}")
        if evidence.ambassador_id is not None:
            pieces.add(f"a:{evidence.ambassador_id}")
    return frozenset(pieces)


def decision_bytes(decision: EventDecision) -> bytes:
    """Canonical JSON: equal facts give equal bytes."""
    values: dict[str, Any] = {
        "engine": ENGINE,
        "event_id": decision.event_id,
        "status": decision.status,
        "reason": decision.reason,
        "pending": list(decision.pending),
        "friend_id": decision.friend_id,
        "friend_contacts": list(decision.friend_contacts),
        "number": decision.number,
        "new_customer": decision.new_customer,
        "program_id": decision.program_id,
        "program_version": decision.program_version,
        "ambassador_id": decision.ambassador_id,
        "order_id": decision.order_id,
        **reviewed(decision.winner, decision.candidates, decision.candidates_total, decision.checks),
    }
    return orjson.dumps({k: v for k, v in values.items() if v is not None}, option=orjson.OPT_SORT_KEYS)


def content_of(report: ActionReported) -> bytes:
    """All that a report says, but when it came: two of one id that say the same are one report."""
    body = report.model_dump(mode="json", exclude={"received_at"})
    return orjson.dumps(body | {"happened_at": iso(report.happened_at)}, option=orjson.OPT_SORT_KEYS)
