"""What deciding an order gives: codes and figures, never sentences. And its one encoding in bytes."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

import orjson
from msgspec import Struct

from contracts.events.conversions import AtSettling, Circumstances, Returned, Winner
from contracts.events.orders import Figures
from contracts.program import EvidenceKind
from services.attribution.decisions.domain.facts import Status, iso

ENGINE = "2"
"""Changes whenever equal facts could give another decision. A replay needs the engine of its decision."""

Detail = dict[str, Any]
"""Figures behind a verdict: whole numbers, texts and moments (as RFC 3339)."""

Verdict = Literal["won", "outranked", "refused", "waiting"]
Result = Literal["passed", "failed", "noted", "waiting"]


class Check(Struct, frozen=True):
    """One rule, held against one candidate."""

    rule: str
    result: Result
    reason: str | None
    """Why it failed or waits; None when it passed."""
    detail: Detail


class Candidate(Struct, frozen=True):
    """One proof that somebody referred the order, and what became of it."""

    kind: EvidenceKind
    verdict: Verdict
    reason: str
    at: datetime | None
    ambassador_id: str | None
    program_id: str | None
    program_version: int | None
    click_id: str | None
    link_id: str | None
    code: str | None
    detail: Detail


class Settled(Struct, frozen=True):
    """When the decision was fixed, and which revision holds its evidence."""

    at: datetime
    revision: int


class Decision(Struct, frozen=True):
    """The decision on one order."""

    order_id: str
    placed_at: datetime
    status: Status
    reason: str
    pending: tuple[str, ...]
    cancelled: bool
    figures: Figures
    refunded_minor: int
    over_refunded: bool
    returned: Returned | None
    foreign_refunds: tuple[tuple[str, int], ...]
    """(currency, amount) of refunds in another currency than the order's, which lower nothing."""
    friend_id: str
    order_number: int
    new_customer: bool
    program_id: str | None
    program_version: int | None
    ambassador_id: str | None
    winner: Winner | None
    candidates: tuple[Candidate, ...]
    candidates_total: int
    checks: tuple[Check, ...]
    settled: Settled | None
    settle_at: datetime | None
    """When it may settle. Depends on receipt, and is therefore no part of the bytes."""
    pieces: frozenset[str]
    """What would re-decide it when it changes: `a:` ambassadors, `d:` codes, `p:` programs. No part of the bytes."""
    paid_since: datetime | None
    """Since when the newest revision holds that calls the order paid; kept with the settling."""
    visitor_id: str | None
    """The browser that the order named, passed on for funnels. It proves nothing here, and is no part of the bytes."""
    friend_contacts: tuple[str, ...]
    """Hashes by which the buyer may be recognised when they join themselves. No part of the bytes."""
    click_id: str | None
    """The newest good click beside a winner of another kind: how the buyer came. No part of the bytes."""
    person: str | None = None
    """The one name of the buyer, which settling fixes. No part of the bytes: the settlement has it."""
    at_settling: AtSettling | None = None
    """What the order came to when it settled, where it no longer does. No part of the bytes: the settlement has it."""
    returned_at: datetime | None = None
    """When it was cancelled, or what went back did. No part of the bytes: what decides is that it did."""
    history: bool = False
    """It was imported from before the store was connected: nobody is notified of it."""
    circumstances: Circumstances | None = None
    """What the rules of its version ask about the moment of the purchase; None where they ask nothing. So bytes of
    orders under other versions are what they were, and the engine is the same."""


def decision_bytes(decision: Decision) -> bytes:
    """Canonical JSON: sorted keys, UTC, nothing that is absent. Equal facts give equal bytes."""
    return orjson.dumps(as_dict(decision), option=orjson.OPT_SORT_KEYS)


def as_dict(decision: Decision) -> dict[str, Any]:
    """The decision as plain JSON values."""
    return _without_none(
        {
            "engine": ENGINE,
            "order_id": decision.order_id,
            "placed_at": iso(decision.placed_at),
            "history": decision.history or None,
            "status": decision.status,
            "reason": decision.reason,
            "pending": list(decision.pending),
            "cancelled": decision.cancelled,
            "figures": decision.figures.model_dump(mode="json", exclude_none=True),
            "refunded_minor": decision.refunded_minor,
            "over_refunded": decision.over_refunded,
            "returned": decision.returned and decision.returned.model_dump(mode="json"),
            "foreign_refunds": [{"currency": c, "amount_minor": a} for c, a in decision.foreign_refunds] or None,
            "friend_id": decision.friend_id,
            "order_number": decision.order_number,
            "new_customer": decision.new_customer,
            "program_id": decision.program_id,
            "program_version": decision.program_version,
            "ambassador_id": decision.ambassador_id,
            "circumstances": _circumstances(decision.circumstances),
            **reviewed(decision.winner, decision.candidates, decision.candidates_total, decision.checks),
            "paid_since": decision.paid_since and iso(decision.paid_since),
            "settled": decision.settled and {"at": iso(decision.settled.at), "revision": decision.settled.revision},
        }
    )


def reviewed(
    winner: Winner | None, candidates: Iterable[Candidate], total: int, checks: Iterable[Check]
) -> dict[str, Any]:
    """Who won and what was held against whom, as plain JSON values."""
    return {
        "winner": _winner(winner),
        "candidates": [_candidate(candidate) for candidate in candidates],
        "candidates_total": total,
        "checks": [_check(check) for check in checks],
    }


def _winner(winner: Winner | None) -> dict[str, Any] | None:
    if winner is None:
        return None
    return _without_none(
        {
            "kind": winner.kind,
            "at": None if winner.at is None else iso(winner.at),
            "click_id": winner.click_id,
            "link_id": winner.link_id,
            "code": winner.code,
            "split": winner.split,
        }
    )


def _circumstances(found: Circumstances | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return _without_none(
        {
            "group": found.group,
            "role": found.role,
            "channel": found.channel,
            "brought_at": None if found.brought_at is None else iso(found.brought_at),
            "country": found.country,
            "sponsors": None if found.sponsors is None else [one.model_dump(mode="json") for one in found.sponsors],
        }
    )


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return _without_none(
        {
            "kind": candidate.kind,
            "verdict": candidate.verdict,
            "reason": candidate.reason,
            "at": None if candidate.at is None else iso(candidate.at),
            "ambassador_id": candidate.ambassador_id,
            "program_id": candidate.program_id,
            "program_version": candidate.program_version,
            "click_id": candidate.click_id,
            "link_id": candidate.link_id,
            "code": candidate.code,
            "detail": candidate.detail or None,
        }
    )


def _check(check: Check) -> dict[str, Any]:
    return _without_none(
        {"rule": check.rule, "result": check.result, "reason": check.reason, "detail": check.detail or None}
    )


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
