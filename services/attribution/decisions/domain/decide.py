"""From a set of facts to decisions: a pure function. Equal sets give equal bytes, whatever came first."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from contracts.events.conversions import WAIT_WITHOUT_WINNER, AtSettling, Circumstances, Sponsor
from contracts.events.orders import OrderReported
from contracts.events.tracking import TokenClaims
from services.attribution.decisions.domain.decision import Decision, Settled
from services.attribution.decisions.domain.evidence import Case, Evidence
from services.attribution.decisions.domain.facts import Facts, Order, Settlement, orders_of
from services.attribution.decisions.domain.friend import Friend
from services.attribution.decisions.domain.history import History, Known, Place, Step, settled_of
from services.attribution.decisions.domain.outcome import BEFORE_CONNECTION, outcome_of, winner_of
from services.attribution.decisions.domain.people import Person, people_of
from services.attribution.decisions.domain.set_up import Ambassador, SetUp

SHORTEST_WAIT = timedelta(minutes=10)
MOST_CONTACTS = 20


def decide(facts: Facts) -> dict[str, Decision]:
    """Decides every order in the set, by order id. Needs all facts of each person whose order is in it, or what is
    known besides (`Facts.known`).
    """
    return {decision.order_id: decision for decision in deciding(facts, {})}


def deciding(facts: Facts, after: dict[str, History]) -> Iterator[Decision]:
    """The same, one by one. Notes in `after`, by the key of `Known`, what those open orders of a person that are in the
    set and stand come to.
    """
    set_up = SetUp(facts)
    for person in people_of(facts, orders_of(facts)):
        yield from _of_person(person, set_up, after)


def remembered(facts: Facts) -> list[tuple[list[str], Friend, list[Step]]]:
    """Sums up every person in a set that holds all their facts: ids of their orders, what is remembered of them, and
    what their settled orders that stand are.
    """
    orders = orders_of(facts)
    decisions = decide(facts)
    reports: dict[str, list[OrderReported]] = {}
    for report in facts.reports:
        reports.setdefault(report.order_id, []).append(report)
    found = []
    for person in people_of(facts, orders):
        steps = [step_from(decisions[order.order_id]) for order in person.orders if order.standing]
        ids = {order.order_id for order in person.orders}
        fixed = [order.settlement for order in person.orders if order.settlement is not None]
        settled = {settlement.order_id for settlement in fixed}
        fixed_steps = [step for step in steps if step.order_id in settled]
        friend = Friend(
            orders=len(ids),
            latest=max(map(_place, person.orders)),
            customer_id=min(person.customer_ids, default=None),
            contact=min(person.contacts, default=None),
            name=min((settlement.person for settlement in fixed if settlement.person is not None), default=None),
            settled=settled_of(fixed_steps),
            total=settled_of(steps).history,
        )
        friend = friend.reported(report for order_id in ids for report in reports[order_id])
        found.append((sorted(ids), friend, fixed_steps))
    return found


def _of_person(person: Person, set_up: SetUp, after: dict[str, History]) -> Iterator[Decision]:
    """Settled orders as they are: they are inputs. The others as they were placed, each after all that stand before it.

    So no two orders of a friend are ever both the first: one that is reported late, when a later one has settled as the
    first, comes right behind that.
    """
    settled = [_settled(order, person) for order in person.orders if order.settlement is not None]
    yield from settled
    in_turn = sorted((order for order in person.orders if order.settlement is None), key=_place)
    known = person.known
    if known is None:
        steps = [step_from(decision) for decision in settled if _stands(decision)]
        known = Known("", frozenset(), settled_before=_before(in_turn, steps), leader=settled_of(steps).leader)
    own = History()
    for order in in_turn:
        before = known.before.joined(known.settled_before.get(order.order_id, known.settled)).joined(own)
        if before.first is None and known.leader is not None:
            before = before.plus(known.leader)
        decision = _decided(Case(order, person, before, set_up))
        if order.standing:
            step = step_from(decision)
            own = own.plus(step)
        yield decision
    after[known.key] = own


def _before(orders: Sequence[Order], steps: Iterable[Step]) -> dict[str, History]:
    """What those steps that stand before each of these orders come to."""
    left = deque(sorted(steps, key=lambda step: step.place))
    history, found = History(), {}
    for order in orders:
        while left and left[0].place < _place(order):
            history = history.plus(left.popleft())
        found[order.order_id] = history
    return found


def _place(order: Order) -> Place:
    return order.placed_at, order.order_id


def _stands(decision: Decision) -> bool:
    return decision.figures.status == "paid" and not decision.cancelled


def step_from(decision: Decision) -> Step:
    """What a standing order is to others of its friend."""
    won = decision.status == "attributed" and decision.ambassador_id is not None
    return Step(
        decision.placed_at,
        decision.order_id,
        decision.order_number,
        decision.program_id if won else None,
        decision.ambassador_id if won else None,
        decision.winner.split if won and decision.winner is not None else None,
    )


def _decided(case: Case) -> Decision:
    order = case.order
    if order.history and order.paid:
        found = BEFORE_CONNECTION
    else:
        found = outcome_of(case, waits_for=() if order.paid else ("unpaid",))
    winner = found.winner
    terms = winner.terms if winner else None
    above = _above(case, winner)
    return Decision(
        order_id=order.order_id,
        placed_at=order.placed_at,
        status=found.status,
        reason="cancelled" if order.cancelled else found.reason,
        pending=found.pending,
        cancelled=order.cancelled,
        figures=order.figures,
        refunded_minor=order.refunded_minor,
        over_refunded=order.over_refunded,
        returned=order.returned,
        returned_at=order.returned_at,
        foreign_refunds=order.foreign_refunds,
        friend_id=friend_of(order, case.person),
        order_number=case.number,
        new_customer=not case.bought_before,
        program_id=terms.program_id if terms else None,
        program_version=terms.version if terms else None,
        ambassador_id=winner.ambassador_id if winner else None,
        winner=winner_of(winner) if winner else None,
        candidates=found.candidates,
        candidates_total=found.candidates_total,
        checks=found.checks,
        settled=None,
        settle_at=None if found.pending else _settle_at(order, winner),
        pieces=_pieces(found.reviewed, order) | {f"a:{ambassador_id}" for ambassador_id, _ in above},
        paid_since=order.paid_since,
        visitor_id=min(order.visitors, default=None),
        friend_contacts=contacts_of(order, case.person),
        click_id=_came_by(winner, found.beaten),
        history=order.history,
        circumstances=_circumstances(case, winner, found.beaten, above),
    )


def friend_of(order: Order, person: Person) -> str:
    """Under which name the buyer is rewarded and counted: a customer id, the order's own first, else a contact."""
    for names in (order.customer_ids, person.customer_ids, order.contacts, person.contacts):
        if names:
            return min(names)
    return order.order_id


def contacts_of(order: Order, person: Person) -> tuple[str, ...]:
    """The hashes that may name the buyer later, the order's own first."""
    return (*sorted(order.contacts), *sorted(person.contacts - order.contacts))[:MOST_CONTACTS]


def _came_by(winner: Evidence | None, beaten: list[Evidence]) -> str | None:
    """The newest good click where something else won: a code that a friend types in does not say how they came."""
    if winner is None or winner.kind == "click":
        return None
    click = _newest_click(beaten)
    return None if click is None else click.click_id


def _newest_click(among: list[Evidence]) -> TokenClaims | None:
    clicks = [evidence.click for evidence in among if evidence.click is not None]
    return max(clicks, key=lambda click: (click.at, click.click_id), default=None)


def _above(case: Case, winner: Evidence | None) -> list[tuple[str, Ambassador | None]]:
    """The winner's sponsors, as many levels as rules of the version give something to; the last may not be known."""
    if winner is None or winner.terms is None or winner.ambassador_id is None:
        return []
    levels = winner.terms.program.sponsor_levels
    return case.set_up.sponsors_of(winner.ambassador_id, case.order.placed_at, most=levels) if levels else []


def _circumstances(
    case: Case, winner: Evidence | None, beaten: list[Evidence], above: list[tuple[str, Ambassador | None]]
) -> Circumstances | None:
    """What the rules that decide the reward ask about the moment of the purchase; None where they ask nothing."""
    if winner is None or winner.terms is None or not winner.terms.program.by_circumstances:
        return None
    group, role = None, None
    if winner.ambassador_id is not None:
        group, role = case.set_up.place_of(winner.ambassador_id, case.order.placed_at)
    click = winner.click or _newest_click(beaten)
    won = case.before.won.get(winner.terms.program_id)
    return Circumstances(
        group=group,
        role=role,
        channel=click.channel if click else None,
        brought_at=won.first.placed_at if won else case.order.placed_at,
        country=case.order.country if winner.terms.program.by_country else None,
        sponsors=tuple(Sponsor(ambassador_id=who, status=known.status) for who, known in above if known is not None)
        if winner.terms.program.sponsor_levels
        else None,
    )


def _settle_at(order: Order, winner: Evidence | None) -> datetime | None:
    if order.paid_received_at is None:
        return None
    if order.history:
        return order.placed_at
    wait = WAIT_WITHOUT_WINNER
    if winner is not None and winner.terms is not None:
        program = winner.terms.program
        tiers = () if program.tiers is None else program.tiers.steps
        holds = [rule.hold_days for rule in program.rules_served]
        if holds:
            holds += [tier.hold_days for tier in tiers if tier.hold_days is not None]
            wait = max(timedelta(days=min(holds)), SHORTEST_WAIT)
    return max(order.placed_at, order.paid_received_at) + wait


def _pieces(considered: list[Evidence], order: Order) -> frozenset[str]:
    pieces = {f"d:{text}" for text in order.codes}
    for evidence in considered:
        if evidence.program_id is not None:
            pieces.add(f"p:{evidence.program_id}")
        if evidence.ambassador_id is not None and evidence.kind != "code":
            pieces.add(f"a:{evidence.ambassador_id}")
    return frozenset(pieces)


def _settled(order: Order, person: Person) -> Decision:
    """An order whose winner is fixed: only money that goes back still counts."""
    fixed = order.settlement
    assert fixed is not None
    return Decision(
        order_id=order.order_id,
        placed_at=fixed.placed_at,
        status=fixed.status,
        reason="cancelled" if order.cancelled else fixed.reason,
        pending=(),
        cancelled=order.cancelled,
        figures=order.figures,
        refunded_minor=order.refunded_minor,
        over_refunded=order.over_refunded,
        returned=order.returned,
        returned_at=order.returned_at,
        foreign_refunds=order.foreign_refunds,
        friend_id=fixed.friend_id,
        order_number=fixed.order_number,
        new_customer=fixed.new_customer,
        program_id=fixed.program_id,
        program_version=fixed.program_version,
        ambassador_id=fixed.ambassador_id,
        winner=fixed.winner,
        candidates=(),
        candidates_total=0,
        checks=(),
        settled=Settled(fixed.settled_at, fixed.revision),
        settle_at=None,
        pieces=frozenset(),
        paid_since=order.paid_since,
        visitor_id=min(order.visitors, default=None),
        friend_contacts=contacts_of(order, person),
        click_id=fixed.click_id,
        person=fixed.person,
        at_settling=_at_settling(order, fixed),
        history=fixed.history is True,
        circumstances=fixed.circumstances,
    )


def _at_settling(order: Order, fixed: Settlement) -> AtSettling | None:
    if fixed.refunded_minor is None:
        return None
    then = AtSettling(figures=fixed.figures, refunded_minor=fixed.refunded_minor, returned=fixed.returned)
    now = AtSettling(figures=order.figures, refunded_minor=order.refunded_minor, returned=order.returned)
    return None if now == then else then
