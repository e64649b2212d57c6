"""The facts that decisions are made of, and what an order says when all that was ever reported of it is put together.

A fact is what somebody told us, once, under its own id. Nothing here knows in which order facts came, or the time.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

from msgspec import Struct
from pydantic import BaseModel, ConfigDict

from contracts.events.catalog import AmbassadorSaved, CodeSaved, ProgramPublished
from contracts.events.conversions import Winner
from contracts.events.orders import Figures, OrderCancelled, OrderRefunded, OrderReported
from contracts.events.tracking import TokenClaims, TokenProblem, TrackingPayload
from services.attribution.decisions.domain.history import Known

Status = Literal["attributed", "unattributed", "rejected", "pending"]


class CodeRevision(Struct, frozen=True):
    """A promo code as it was saved at `at`."""

    data: CodeSaved
    at: datetime


class AmbassadorRevision(Struct, frozen=True):
    """An ambassador as they were saved at `at`."""

    data: AmbassadorSaved
    at: datetime


class CodeUse(Struct, frozen=True):
    """Whether an order got one of a limited code's uses. It was settled once, first come, first served."""

    order_id: str
    code_id: str
    granted: bool


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
    order_number: int
    new_customer: bool
    program_id: str | None = None
    program_version: int | None = None
    ambassador_id: str | None = None
    winner: Winner | None = None


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
    known: list[Known] = field(default_factory=list)
    """Friends of whom not all facts are in the set, with what the others say. Each order is of at most one of them."""


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
    customer_ids: frozenset[str]
    contacts: frozenset[str]
    visitors: frozenset[str]
    tokens: dict[str, TokenClaims]
    problems: frozenset[TokenProblem]
    codes: tuple[str, ...]
    is_new: bool | None
    paid_received_at: datetime | None
    """When the first paid revision reached us; when to settle depends on it, no decision does."""
    uses: dict[str, bool]
    settlement: Settlement | None

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
    cancelled = {cancel.order_id for cancel in facts.cancels}
    uses: dict[str, dict[str, bool]] = {}
    for use in facts.uses:
        uses.setdefault(use.order_id, {})[use.code_id] = use.granted
    settlements = {settlement.order_id: settlement for settlement in facts.settlements}
    return {
        order_id: _merge(
            list(told.values()),
            refunds=refunds.get(order_id, ()),
            cancelled=order_id in cancelled,
            uses=uses.get(order_id, {}),
            settlement=settlements.get(order_id),
        )
        for order_id, told in reports.items()
    }


def _merge(
    told: Sequence[OrderReported],
    *,
    refunds: Sequence[OrderRefunded],
    cancelled: bool,
    uses: dict[str, bool],
    settlement: Settlement | None,
) -> Order:
    told = told if len(told) == 1 else _oldest_first(told)
    figures, placed_at = told[-1].figures, min(report.placed_at for report in told)
    if settlement is not None:
        figures, placed_at = lower(settlement.figures, figures), settlement.placed_at
    refunded = _refunded(refunds)
    paid_receipts = [report.received_at for report in told if report.figures.status == "paid"]
    return Order(
        order_id=told[0].order_id,
        placed_at=placed_at,
        figures=figures,
        paid=figures.status == "paid",
        cancelled=cancelled,
        refunded_minor=min(refunded, figures.total_minor),
        over_refunded=refunded > figures.total_minor,
        customer_ids=frozenset(r.customer.id for r in told if r.customer.id is not None),
        contacts=frozenset(h for r in told for h in r.customer.contact_hashes),
        visitors=frozenset(r.visitor_id for r in told if r.visitor_id is not None),
        tokens={token.click_id: token for r in told for token in r.tokens},
        problems=frozenset(problem for r in told for problem in r.token_problems),
        codes=tuple(sorted({code for r in told for code in r.codes})),
        is_new=next((r.is_new for r in told if r.is_new is not None), None),
        paid_received_at=min(paid_receipts) if paid_receipts else None,
        uses=uses,
        settlement=settlement,
    )


def _oldest_first(told: Sequence[OrderReported]) -> list[OrderReported]:
    """Revisions by (updated_at, hash). One without `updated_at` whose figures were told before, without it too, repeats
    them: it takes the time of the first telling.
    """
    first: dict[bytes, datetime] = {}
    marked = [(report, figures_hash(report.figures)) for report in told]
    for report, mark in marked:
        if report.undated and (mark not in first or report.updated_at < first[mark]):
            first[mark] = report.updated_at
    return [
        report
        for report, _ in sorted(
            marked,
            key=lambda pair: (
                first[pair[1]] if pair[0].undated else pair[0].updated_at,
                pair[1],
                pair[0].fact_id,
            ),
        )
    ]


def figures_hash(figures: Figures) -> bytes:
    """Tells figures apart; breaks the tie between revisions of one moment."""
    return hashlib.blake2b(figures.__pydantic_serializer__.to_json(figures), digest_size=8).digest()


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


def _refunded(refunds: Iterable[OrderRefunded]) -> int:
    """Sum over refunds; of one refund told with two amounts the higher counts."""
    amounts: dict[str, int] = {}
    for refund in refunds:
        key = refund.refund_id or refund.fact_id
        amounts[key] = max(refund.amount_minor, amounts.get(key, 0))
    return sum(amounts.values())


@lru_cache(maxsize=4096)
def iso(at: datetime) -> str:
    """A moment in the one spelling that decisions use: UTC with microseconds where there are any."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
