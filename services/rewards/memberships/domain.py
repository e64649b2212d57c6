"""Who holds a membership when, from what was bought, in whatever order that was told. Pure.

Each purchase is good for its time from the moment of the purchase, or from the end of those before it that still run
then. One that was undone is good until it was: those behind it begin as much earlier.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct

from contracts.memberships import Membership
from contracts.program import Program
from services.kernel.revisions import Ref
from services.rewards.rules.domain import Line, Order, folded, months_after

SourceOfPurchase = Literal["order", "event"]
_LAST_YEAR: Final = 9_000
"""Nobody buys further ahead: moments have an end."""


class Purchase(Struct, frozen=True, kw_only=True):
    """A membership that was bought: by what, for how long, and when it was undone, if it was."""

    store_id: str
    kind: SourceOfPurchase
    source_id: str
    program_id: str
    membership: str
    buyer: str
    bought_at: datetime
    ended_at: datetime | None
    days: int | None
    months: int | None
    zone: str

    @property
    def source(self) -> Ref:
        """What bought it."""
        return self.store_id, self.source_id

    @property
    def key(self) -> tuple[str, str]:
        """What was bought: program and membership."""
        return self.program_id, self.membership


class Span(NamedTuple):
    """From when on, and until when, a purchase is good: the end is the first moment at which it is not."""

    since: datetime
    until: datetime
    purchase: Purchase


class Held(NamedTuple):
    """Since when somebody holds a membership without a gap, or last held it, and until when."""

    since: datetime
    until: datetime


class HolderKey(NamedTuple):
    """Whose memberships of which program."""

    store_id: str
    ambassador_id: str
    program_id: str


def bought_with(
    order: Order, programs: Iterable[tuple[str, Program]], zone: str, before: Iterable[Purchase] = ()
) -> list[Purchase]:
    """What an order, or a custom event, buys now under the versions that were in force then. `before`: what it has
    bought so far, whose time zone stays, as does the end of what was undone while it is.
    """
    names = order.buyer_names
    if not order.paid or not names:
        return []
    was = {one.key: one for one in before}
    found = []
    for program_id, program in programs:
        if program.status != "active":
            continue
        for membership in program.memberships:
            lines = _lines_for(order, membership)
            if not lines and (order.event is None or order.event != membership.bought_by.event):
                continue
            known = was.get((program_id, membership.name))
            ended_at = _ended_at(order, lines)
            if known is not None and known.ended_at is not None and ended_at is not None:
                ended_at = min(known.ended_at, ended_at)
            found.append(
                Purchase(
                    store_id=order.store_id,
                    kind="order" if order.event is None else "event",
                    source_id=order.order_id,
                    program_id=program_id,
                    membership=membership.name,
                    buyer=order.friend_id if order.friend_id in names else min(names),
                    bought_at=order.placed_at,
                    ended_at=ended_at,
                    days=membership.lasts.days,
                    months=membership.lasts.months,
                    zone=zone if known is None else known.zone,
                )
            )
    return found


def _lines_for(order: Order, membership: Membership) -> list[Line]:
    products = membership.bought_by.products
    if not products:
        return []
    return [line for line in order.lines if folded(products, line.product_id) or folded(products, line.sku)]


def _ended_at(order: Order, lines: Sequence[Line]) -> datetime | None:
    """When all of the purchase was undone: the order was cancelled, all its money went back, or all of these lines'."""
    undone = order.cancelled or (0 < order.total_minor <= order.refunded_minor) or _all_back(order, lines)
    if not undone:
        return None
    # States from before it was told when: as if it had never been bought.
    return order.returned_at or order.placed_at


def _all_back(order: Order, lines: Sequence[Line]) -> bool:
    if order.returned is None or not lines:
        return False
    back = {line.line_id: line.amount_minor for line in order.returned.lines}
    return all(line.line_id is not None and 0 < line.amount_minor <= back.get(line.line_id, 0) for line in lines)


def spans_of(purchases: Iterable[Purchase]) -> list[Span]:
    """When each of these purchases of one membership is good; those that never are, are left out."""
    found: list[Span] = []
    end: datetime | None = None
    for one in sorted(purchases, key=lambda one: (one.bought_at, one.kind, one.source_id)):
        since = one.bought_at if end is None else max(one.bought_at, end)
        until = _after(since, one)
        if one.ended_at is not None:
            until = min(until, one.ended_at)
        if until > since:
            found.append(Span(since, until, one))
            end = until
    return found


def _after(since: datetime, purchase: Purchase) -> datetime:
    if since.year >= _LAST_YEAR:
        return since
    if purchase.months is None:
        return since + timedelta(days=purchase.days or 0)
    zone = ZoneInfo(purchase.zone)
    there = since.astimezone(zone)
    day = months_after(there.date(), purchase.months)
    # The same time of day by the store's clock; one that is skipped there is what the clock shows an hour later.
    return datetime.combine(day, there.time(), tzinfo=zone).astimezone(since.tzinfo)


def by_membership(purchases: Iterable[Purchase]) -> dict[tuple[str, str], list[Purchase]]:
    """Purchases by program and membership, each once."""
    found: dict[tuple[str, str], dict[tuple[str, str], Purchase]] = {}
    for one in purchases:
        found.setdefault(one.key, {})[one.kind, one.source_id] = one
    return {key: list(some.values()) for key, some in sorted(found.items())}


def held_at(purchases: Iterable[Purchase], moment: datetime) -> tuple[str, ...]:
    """Names of the memberships that these purchases, of one person in one program, come to at a moment."""
    return tuple(
        membership
        for (_, membership), some in by_membership(purchases).items()
        if any(span.since <= moment < span.until for span in spans_of(some))
    )


def standing(spans: Sequence[Span]) -> Held | None:
    """The newest time without a gap; None where there is none."""
    if not spans:
        return None
    since = spans[-1].since
    for span in reversed(spans):
        if span.until < since:
            break
        since = min(since, span.since)
    return Held(since, spans[-1].until)


def why_changed(before: Held | None, after: Held | None) -> Literal["began", "extended", "shortened", "ended"] | None:
    """In a word, how a standing moved; None where it did not."""
    if before == after:
        return None
    if after is None:
        return "ended"
    if before is None or after.since >= before.until:
        return "began"
    return "shortened" if after.until < before.until else "extended"


def differing(before: Mapping[Ref, Sequence[Purchase]], after: Mapping[Ref, Sequence[Purchase]]) -> set[Ref]:
    """Sources that buy something else than before."""
    refs = before.keys() | after.keys()
    return {ref for ref in refs if sorted(before.get(ref, ()), key=_place) != sorted(after.get(ref, ()), key=_place)}


def _place(purchase: Purchase) -> tuple[str, str]:
    return purchase.key
