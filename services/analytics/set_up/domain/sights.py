"""What an event shows of how its store is connected. Pure."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Final

from contracts.events import Payload
from contracts.events.audit import Sighted
from contracts.events.conversions import Conversion
from contracts.events.rewards import RewardGranted
from contracts.events.tracking import (
    ClickRecorded,
    CustomerIdentified,
    SignupRecorded,
    TrackingPayload,
    VisitRecorded,
)
from services.analytics.set_up.domain.steps import Sight

_MARKED: Final = {"bot": "click_by_bot", "prefetch": "click_prefetched", "embedded": "click_embedded"}
_NO_PURCHASE: Final = frozenset({"test_order", "test_mode"})
"""Reasons of deliveries that are about an order and will never count as one."""
_OF_ORDERS: Final = frozenset({"publishable_key", "missing_scope"})
"""What is wrong with a key that a server sends. All else is wrong with the one in the pages."""


def sights_of(event: Payload, *, domains: Collection[str], since: datetime) -> Iterator[Sight]:
    """What an event shows to checks that go on since then."""
    match event:
        case TrackingPayload():
            yield from _of_report(event, domains)
        case ClickRecorded():
            mark = "embedded" if event.embedded else event.quality
            yield Sight("click", _MARKED.get(mark, "not_reported"), event.at, event.channel or "")
        case Conversion():
            # One that was decided before is seen again when it settles: that says nothing of now.
            if event.revision == 1 or event.placed_at >= since:
                yield from _of_order(event)
        case RewardGranted():
            if event.amount_minor > 0:
                yield Sight("reward", "", event.granted_at, event.order_id)
        case Sighted():
            yield from _of_sighting(event)
        case _:
            return


def _of_report(event: TrackingPayload, domains: Collection[str]) -> Iterator[Sight]:
    if isinstance(event, VisitRecorded) and event.url_host:
        host = event.url_host.lower()
        listed = any(host == domain or host.endswith(f".{domain}") for domain in domains)
        yield Sight("page", "" if listed else "domain_not_listed", event.at, host)
    if event.token is not None:
        reason = "" if event.touched else _MARKED.get(event.token.mark, "not_seen")
        yield Sight("click", reason, event.at)
    elif event.token_problem is not None:
        yield Sight("click", f"token_{event.token_problem}", event.at)
    if isinstance(event, CustomerIdentified | SignupRecorded) and (event.customer.id or event.customer.contact_hashes):
        yield Sight("customer", "" if event.vouched else "unproven", event.at)


def _of_order(event: Conversion) -> Iterator[Sight]:
    at, order, reason = event.decided_at, event.order_id, event.reason
    if event.status == "unattributed" or (event.status == "pending" and not event.named and event.winner is None):
        yield Sight("order", reason, at, order)
    else:
        yield Sight("order", "", at, order)
    if event.friend_id == order:
        yield Sight("order", "no_customer", at, order)
    if event.winner is not None and event.winner.kind == "code":
        yield Sight("code", "", at, event.winner.code or "")
    elif reason.startswith("code_"):
        yield Sight("code", reason, at, order)
    if event.status == "rejected" or (event.status == "pending" and reason == "unpaid"):
        yield Sight("reward", reason, at, order)


def _of_sighting(event: Sighted) -> Iterator[Sight]:
    match event.kind:
        case "key":
            yield Sight("order" if event.said in _OF_ORDERS else "page", event.said, event.at, event.on)
        case "delivery":
            yield Sight("delivery", event.said, event.at, on=event.on)
            if event.said in _NO_PURCHASE:
                yield Sight("order", event.said, event.at)
        case "customer" | "code" | "click":
            yield Sight(event.kind, event.said, event.at, event.on)
