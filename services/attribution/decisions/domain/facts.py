"""The facts that decisions are made of, and what an order says when all that was ever reported of it is put together.

A fact is what somebody reported, once, under its own id. Nothing here knows in which order facts came, or the time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, Literal

from msgspec import Struct
from pydantic import BaseModel, ConfigDict

from contracts.events.actions import ActionReported
from contracts.events.catalog import AmbassadorSaved, CodeSaved, ProgramPublished
from contracts.events.conversions import Circumstances, Returned, Winner
from contracts.events.orders import Figures, OrderCancelled, OrderRefunded, OrderReported
from contracts.events.tracking import TokenClaims, TokenProblem, TrackingPayload
from services.attribution.decisions.domain.history import Known
from services.attribution.decisions.domain.refunds import Refunds, refunds_of
from services.attribution.decisions.domain.revisions import (
    cancelled_at,
    is_cancelled,
    oldest_first,
    paid_since,
    standing,
)

Status = Literal["attributed", "unattributed", "rejected", "pending"]

_USE: Final = "use:"
"""How the names of facts about uses of codes begin."""


class CodeRevision(Struct, frozen=True):
    """A promo code as it was saved at `at`."""

    data: CodeSaved
    at: datetime


class AmbassadorRevision(Struct, frozen=True):
    """An ambassador as they were saved at `at`."""

    data: AmbassadorSaved
    at: datetime


class CodeUse(Struct, frozen=True):
    """Whether an order got one of a limited code's uses, first come, first served. The last turn's answer holds."""

    order_id: str
    code_id: str
    granted: bool | None
    """None: it was given back, when the order was cancelled or paid no longer."""
    turn: int = 0

    @classmethod
    def read(cls, order_id: str, fact_id: str, body: bytes) -> "CodeUse":
        """From the fact as it is stored."""
        code_id, _, turn = fact_id.removeprefix(_USE).partition(":")
        return cls(order_id, code_id, {b"1": True, b"0": False}.get(body), int(turn or 0))

    def written(self) -> tuple[str, bytes]:
        """Name and body of the fact as it is stored."""
        body = b"-" if self.granted is None else b"1" if self.granted else b"0"
        return f"{_USE}{self.code_id}" + (f":{self.turn}" if self.turn else ""), body


class Settlement(BaseModel):
    """The end of an order's deciding: what was fixed, and when. From here on it is an input of other decisions."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    order_id: str
    settled_at: datetime
    revision: int
    """The decision that was fixed; its candidates and checks are read there."""
    placed_at: datetime
    status: Status
    reason: str
    figures: Figures
    friend_id: str
    person: str | None = None
    """The one name by which all that the buyer settles goes, whichever customer id an order has."""
    order_number: int
    new_customer: bool
    program_id: str | None = None
    program_version: int | None = None
    ambassador_id: str | None = None
    winner: Winner | None = None
    paid_since: datetime | None = None
    """The newest revision that said, before the settling, that the order is paid and not cancelled: cancellations from
    before it are over. None in settlements from before this was kept, which any cancellation undoes."""
    click_id: str | None = None
    """The click beside a winner of another kind."""
    refunded_minor: int | None = None
    """What had gone back by then, with `returned`. None in settlements from before this was kept."""
    returned: Returned | None = None
    history: bool | None = None
    """It is from before the store was connected; None of any other."""
    circumstances: Circumstances | None = None
    """How things stood at the purchase; None where no rule asked."""


@dataclass(slots=True)
class Facts:
    """A set of facts of one store. Repetitions do no harm, and the order within a list means nothing."""

    reports: list[OrderReported] = field(default_factory=list)
    refunds: list[OrderRefunded] = field(default_factory=list)
    cancels: list[OrderCancelled] = field(default_factory=list)
    uses: list[CodeUse] = field(default_factory=list)
    settlements: list[Settlement] = field(default_factory=list)
    tracks: list[TrackingPayload] = field(default_factory=list)
    programs: list[ProgramPublished] = field(default_factory=list)
    codes: list[CodeRevision] = field(default_factory=list)
    ambassadors: list[AmbassadorRevision] = field(default_factory=list)
    nobody: frozenset[str] = frozenset()
    """Names (`c:` customer ids, `h:` hashes of contacts) that were found to stand for nobody: they join nothing."""
    actions: list[ActionReported] = field(default_factory=list)
    """Custom events: no order's decision depends on one, and theirs depend on all the rest."""
    known: list[Known] = field(default_factory=list)
    """Friends of whom not all facts are in the set, with what the others say. Each order is of at most one of them."""

    @property
    def carriers(self) -> Iterator[OrderReported | ActionReported]:
        """Every report that names somebody and may carry proofs."""
        yield from self.reports
        yield from self.actions


@dataclass(slots=True)
class Order:
    """One order: figures of the newest revision, evidence of all of them, and what became of the money."""

    order_id: str
    placed_at: datetime
    figures: Figures
    paid: bool
    cancelled: bool
    refunded_minor: int
    over_refunded: bool
    returned: Returned | None
    returned_at: datetime | None
    """When it was cancelled, or all of its money went back, else when the last of what went back did."""
    foreign_refunds: tuple[tuple[str, int], ...]
    """(currency, amount) of refunds in another currency than the order's, which lower nothing."""
    customer_ids: frozenset[str]
    contacts: frozenset[str]
    visitors: frozenset[str]
    tokens: dict[str, TokenClaims]
    problems: frozenset[TokenProblem]
    codes: tuple[str, ...]
    is_new: bool | None
    """The store's own word; what platforms count holds unpaid and cancelled orders too, and proves nothing."""
    paid_received_at: datetime | None
    """When the first paid revision reached us; when to settle depends on it, no decision does."""
    paid_since: datetime | None
    """Since when the newest revision holds that calls the order paid and not cancelled."""
    uses: dict[str, bool | None]
    settlement: Settlement | None
    history: bool = False
    """Imported from before the store was connected, and never reported otherwise."""
    country: str | None = None
    """Where it goes, as the newest report has it that says so."""

    @property
    def standing(self) -> bool:
        """Whether it counts among the friend's orders."""
        return self.paid and not self.cancelled


def orders_of(facts: Facts) -> dict[str, Order]:
    """Every order that was reported at all. Refunds and cancellations of unknown orders wait for their order."""
    reports: dict[str, dict[str, OrderReported]] = {}
    for report in facts.reports:
        reports.setdefault(report.order_id, {})[report.fact_id] = report
    refunds: dict[str, list[OrderRefunded]] = {}
    for refund in facts.refunds:
        refunds.setdefault(refund.order_id, []).append(refund)
    cancels: dict[str, list[OrderCancelled]] = {}
    for cancel in facts.cancels:
        cancels.setdefault(cancel.order_id, []).append(cancel)
    uses: dict[str, dict[str, bool | None]] = {}
    for use in sorted(facts.uses, key=lambda use: use.turn):
        uses.setdefault(use.order_id, {})[use.code_id] = use.granted
    settlements = {settlement.order_id: settlement for settlement in facts.settlements}
    return {
        order_id: _merge(
            list(reported.values()),
            refunds=refunds.get(order_id, ()),
            cancels=cancels.get(order_id, ()),
            uses=uses.get(order_id, {}),
            settlement=settlements.get(order_id),
            nobody=facts.nobody,
        )
        for order_id, reported in reports.items()
    }


def _merge(
    reports: Sequence[OrderReported],
    *,
    refunds: Sequence[OrderRefunded],
    cancels: Sequence[OrderCancelled],
    uses: dict[str, bool | None],
    settlement: Settlement | None,
    nobody: frozenset[str],
) -> Order:
    revisions = oldest_first(reports)
    reported = [revision.report for revision in revisions]
    figures, placed_at = standing(reported), min(report.placed_at for report in reported)
    since = paid_since(revisions)
    if settlement is not None:
        figures, placed_at, since = lower(settlement.figures, figures), settlement.placed_at, settlement.paid_since
    refunded = refunds_of(refunds, figures, removed=_removed(reported, figures))
    cancelled = is_cancelled(revisions, cancels, since, settled=settlement is not None)
    paid_receipts = [report.received_at for report in reported if report.figures.status == "paid"]
    return Order(
        order_id=reported[0].order_id,
        placed_at=placed_at,
        figures=figures,
        paid=figures.status == "paid",
        cancelled=cancelled,
        refunded_minor=min(refunded.sum_minor, figures.total_minor),
        over_refunded=refunded.sum_minor > figures.total_minor,
        returned=refunded.returned,
        returned_at=_returned_at(
            cancelled_at(revisions, cancels, since) if cancelled else None, refunded, figures.total_minor
        ),
        foreign_refunds=refunded.foreign,
        customer_ids=frozenset(
            r.customer.id for r in reported if r.customer.id is not None and f"c:{r.customer.id}" not in nobody
        ),
        contacts=frozenset(h for r in reported for h in r.customer.contact_hashes if f"h:{h}" not in nobody),
        visitors=frozenset(r.visitor_id for r in reported if r.visitor_id is not None),
        tokens={token.click_id: token for r in reported for token in r.tokens},
        problems=frozenset(problem for r in reported for problem in r.token_problems),
        codes=tuple(sorted({code for r in reported for code in r.codes})),
        is_new=next((r.is_new for r in reported if r.is_new is not None and r.source == "api"), None),
        paid_received_at=min(paid_receipts) if paid_receipts else None,
        paid_since=since,
        uses=uses,
        settlement=settlement,
        history=all(r.history for r in reported),
        country=_country(reported),
    )


def _returned_at(cancelled: datetime | None, refunded: Refunds, total_minor: int) -> datetime | None:
    if cancelled is None or refunded.last_at is None or refunded.sum_minor < total_minor:
        return cancelled or refunded.last_at
    return min(cancelled, refunded.last_at)


def _country(reported: Sequence[OrderReported]) -> str | None:
    # By their own times: one that repeats figures may be the first to say where the order goes.
    stated = [(r.updated_at, r.fact_id, r.country) for r in reported if r.country is not None]
    return max(stated)[2] if stated else None


def _removed(reported: Sequence[OrderReported], figures: Figures) -> frozenset[str]:
    """Lines that the order once had and has no more."""
    if len(reported) == 1:
        return frozenset()
    had = {item.line_id for report in reported for item in report.figures.items if item.line_id is not None}
    return frozenset(had - {item.line_id for item in figures.items})


def lower(settled: Figures, latest: Figures) -> Figures:
    """Figures of a settled order: what was settled, unless the latest are less. More money no longer counts."""
    if latest.currency != settled.currency or latest.status != "paid":
        return settled
    total = min(settled.total_minor, latest.total_minor)
    subtotal = min(settled.subtotal_minor, latest.subtotal_minor)
    if (total, subtotal) == (settled.total_minor, settled.subtotal_minor):
        return settled
    base = latest if latest.total_minor < settled.total_minor else settled
    return base.model_copy(update={"total_minor": total, "subtotal_minor": subtotal})


@lru_cache(maxsize=4096)
def iso(at: datetime) -> str:
    """A moment in the one form that decisions use: UTC with microseconds where there are any."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
