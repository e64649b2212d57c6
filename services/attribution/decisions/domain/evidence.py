"""What names an ambassador for an order: clicks, promo codes, and being somebody's friend already."""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from contracts.events.tracking import TokenClaims, TokenProblem
from contracts.program import EvidenceKind
from services.attribution.decisions.domain.facts import Order
from services.attribution.decisions.domain.history import History, Step
from services.attribution.decisions.domain.people import Person
from services.attribution.decisions.domain.set_up import Code, SetUp, Terms


class Evidence(Struct, frozen=True):
    """One candidate before any rule was held against it."""

    kind: EvidenceKind
    at: datetime | None
    ambassador_id: str | None
    program_id: str | None
    terms: Terms | None
    click: TokenClaims | None = None
    problem: TokenProblem | None = None
    taken: bool = False
    text: str | None = None
    code: Code | None = None
    won_by: Step | None = None

    @property
    def split(self) -> int | None:
        """How the reward is split by it: as its link or code says, or that by which a known customer was won."""
        if self.click is not None:
            return self.click.split
        if self.code is not None:
            return self.code.data.split
        return self.won_by.split if self.won_by is not None else None


class Case(Struct, frozen=True):
    """One order in front of the rules, with what the friend's earlier orders say."""

    order: Order
    person: Person
    before: History
    set_up: SetUp

    @property
    def number(self) -> int:
        """1 for the friend's first standing order."""
        return 1 + self.before.standing

    @property
    def bought_before(self) -> bool:
        """Whether this is an old customer, by our own count or by the store's word."""
        return self.number > 1 or self.order.is_new is False


def evidence_of(case: Case) -> Iterator[Evidence]:
    """Every candidate for the order, in no particular order."""
    yield from _clicks(case)
    yield from _codes(case)
    yield from _known_customer(case)


def _clicks(case: Case) -> Iterator[Evidence]:
    placed_at, person = case.order.placed_at, case.person
    for click, taken in person.clicks_of(case.order):
        yield Evidence(
            kind="click",
            at=click.at,
            ambassador_id=click.ambassador_id,
            program_id=click.program_id,
            terms=case.set_up.terms(click.program_id, placed_at),
            click=click,
            taken=taken,
        )
    problems = person.problems_of(case.order)
    for problem in case.order.problems | problems.keys():
        yield Evidence(
            kind="click",
            at=problems.get(problem),
            ambassador_id=None,
            program_id=None,
            terms=None,
            problem=problem,
        )


def _codes(case: Case) -> Iterator[Evidence]:
    placed_at = case.order.placed_at
    for text in case.order.codes:
        code = case.set_up.code(text, placed_at)
        program_id = code.data.program_id if code else None
        yield Evidence(
            kind="code",
            at=placed_at,
            ambassador_id=code.data.ambassador_id if code else None,
            program_id=program_id,
            terms=case.set_up.terms(program_id, placed_at) if program_id else None,
            text=text,
            code=code,
        )


def _known_customer(case: Case) -> Iterator[Evidence]:
    for program_id, won in case.before.won.items():
        terms = case.set_up.terms(program_id, case.order.placed_at)
        if terms is None or "customer" not in terms.program.attribution.priority:
            continue
        rules = terms.program.attribution
        # A program for new customers has won its friend once; any other follows its own model.
        chosen = won.first if rules.new_customers_only or rules.model == "first" else won.last
        yield Evidence(
            kind="customer",
            at=chosen.placed_at,
            ambassador_id=chosen.ambassador_id,
            program_id=program_id,
            terms=terms,
            won_by=chosen,
        )
