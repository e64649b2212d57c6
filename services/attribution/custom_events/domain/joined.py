"""A friend became an ambassador: the one by whom they had been brought referred that too, once the order that brought
them is final. Pure.
"""

from collections.abc import Iterable
from typing import Final

from contracts.events.conversions import Returned
from contracts.events.orders import Figures
from contracts.program import FRIEND_JOINED
from services.attribution.decisions.domain.decide import step_from
from services.attribution.decisions.domain.decision import Check, Decision
from services.attribution.decisions.domain.evidence import Case, Evidence
from services.attribution.decisions.domain.outcome import Outcome, outcome_of
from services.attribution.decisions.domain.rules import OF_EVENTS, Rule, kind_counts

PREFIX: Final = f"{FRIEND_JOINED}-"
"""Before an ambassador's id: the id of the event that they joined."""
NOT_SETTLED: Final = "order_not_settled"
AGAIN: Final = "joined_before"

_RULES: Final[tuple[Rule, ...]] = tuple(rule for rule in OF_EVENTS if rule is not kind_counts)
"""Whether a program takes known customers' word for later orders has nothing to do with it: this order won them."""


def brought_by(standing: Iterable[Decision], program_id: str) -> Decision | None:
    """The first of somebody's standing orders by which the program won them. An order of which nothing is left won
    nobody.
    """
    won = [one for one in standing if one.program_id == program_id and one.winner and not went_back(one)]
    return min(won, key=lambda one: (one.placed_at, one.order_id), default=None)


def joining(case: Case, brought: Decision | None, program_id: str, number: int) -> Outcome:
    """Who referred it that somebody joined. Waits until the order that `brought` them has settled; of somebody who
    joined the program twice the first time counts.
    """
    if brought is None or brought.settled is None:
        return outcome_of(case, waits_for=(NOT_SETTLED,), among=())
    won = Evidence(
        kind="customer",
        at=brought.placed_at,
        ambassador_id=brought.ambassador_id,
        program_id=program_id,
        terms=case.set_up.terms(program_id, case.order.placed_at),
        won_by=step_from(brought),
    )

    def once(case: Case, evidence: Evidence) -> Check | None:
        return Check("joined_once", "failed", AGAIN, {}) if number > 1 else None

    return outcome_of(case, rules=(*_RULES, once), among=(won,))


def went_back(order: Decision) -> bool:
    """Whether nothing is left of an order: then it has won nobody."""
    then = None if order.at_settling is None else order.at_settling.figures
    return nothing_left(order.figures, order.refunded_minor, order.returned, then=then)


def nothing_left(figures: Figures, refunded_minor: int, returned: Returned | None, *, then: Figures | None) -> bool:
    """Whether nothing is left of an order: all of its money or all of its goods went back, or it was edited to nothing,
    or to no goods, since it settled as `then`.
    """
    if then is not None and (
        figures.total_minor == 0 < then.total_minor or figures.subtotal_minor == 0 < then.subtotal_minor
    ):
        return True
    if returned is None or refunded_minor >= figures.total_minor:
        return 0 < figures.total_minor <= refunded_minor
    back = {line.line_id: line.amount_minor for line in returned.lines}
    sold: dict[str | None, int] = {}
    for item in figures.items:
        if not item.gift_card:
            sold[item.line_id] = sold.get(item.line_id, 0) + item.amount_minor
    if not any(sold.values()):
        sold = {None: figures.subtotal_minor}
    of_others = sum(amount for line_id, amount in back.items() if line_id not in sold)
    return any(sold.values()) and all(
        (of_others if line_id is None else back.get(line_id, 0)) >= amount for line_id, amount in sold.items()
    )
