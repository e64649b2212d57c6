"""What the refunds of an order took back, from all that was ever reported of them, in whatever order. Pure."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from contracts.events.conversions import Returned, ReturnedLine
from contracts.events.orders import Figures, OrderRefunded


class Refunds(Struct, frozen=True):
    """An order's refunds put together, in minor units of the order's currency."""

    sum_minor: int
    """Everything that went back; may be more than the order's total."""
    returned: Returned | None
    """What went back, where some refund says more than a sum."""
    foreign: tuple[tuple[str, int], ...]
    """(currency, amount) of refunds in another currency than the order's: known, and subtracted from nothing."""
    last_at: datetime | None = None
    """When the last of what went back did."""


NONE = Refunds(0, None, ())


def refunds_of(
    reported: Iterable[OrderRefunded], figures: Figures, *, removed: frozenset[str] = frozenset()
) -> Refunds:
    """Each refund once, by its own id, in its newest report; those that failed took nothing back.

    `removed` are lines that the order had and has no more: the figures are lower by them already.
    """
    newest: dict[str, OrderRefunded] = {}
    for report in reported:
        key = report.refund_id or report.fact_id
        known = newest.get(key)
        if known is None or _rank(report) > _rank(known):
            newest[key] = report
    standing = [report for report in newest.values() if report.status == "succeeded"]
    own = [one for one in standing if one.currency in {None, figures.currency}]
    foreign = sorted((one.currency or "", one.amount_minor) for one in standing if one not in own)
    if not own and not foreign:
        return NONE
    returned = _returned(own, figures, removed) if any(_is_itemized(one) for one in own) else None
    last_at = max((one.at for one in own), default=None)
    return Refunds(sum(one.amount_minor for one in own), returned, tuple(foreign), last_at)


def _rank(report: OrderRefunded) -> tuple[object, ...]:
    """The newest holds. At equal times a failure, which nothing undoes, then what says more, then the larger sum."""
    details = len(report.lines) + (report.shipping_minor is not None) + (report.currency is not None)
    moment = report.updated_at or report.at
    return moment, report.status == "failed", details, report.amount_minor, report.fact_id


def _is_itemized(report: OrderRefunded) -> bool:
    return bool(report.lines) or report.shipping_minor is not None


def _returned(reported: Iterable[OrderRefunded], figures: Figures, removed: frozenset[str]) -> Returned:
    most: dict[str, int] = {}
    for item in figures.items:
        if item.line_id is not None:
            most[item.line_id] = most.get(item.line_id, 0) + item.amount_minor
    lines: dict[str, int] = {}
    shipping = paid = bare = 0
    for one in reported:
        if not _is_itemized(one):
            bare += one.amount_minor
            continue
        for line in one.lines:
            lines[line.line_id] = lines.get(line.line_id, 0) + line.amount_minor
        shipping += one.shipping_minor or 0
        paid += max(0, one.amount_minor - sum(line.amount_minor for line in one.lines if line.line_id in removed))
    went = {line_id: min(amount, most.get(line_id, amount)) for line_id, amount in sorted(lines.items())}
    kept = {line_id: amount for line_id, amount in went.items() if line_id not in removed}
    return Returned(
        lines=tuple(ReturnedLine(line_id=line_id, amount_minor=amount) for line_id, amount in kept.items()),
        shipping_minor=shipping,
        # Lines are net of tax, the sum is not; a fee that was kept lowers the sum, and the goods are back all the same.
        named_minor=max(paid, sum(kept.values()) + shipping),
        bare_minor=bare,
    )
