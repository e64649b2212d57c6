"""The words between Kith and a store's own endpoint for payouts. Pure.

What is sent is signed and holds one payout. It answers what became of it; whatever it says that is none of these words
counts as no answer.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from services.common.money import to_decimal
from services.rewards.providers.domain.port import (
    Absent,
    Answer,
    Barred,
    Became,
    Clear,
    PayoutReport,
    Transfer,
    Unclear,
    plain,
)

_WORDS: Final[Mapping[str, Became]] = {
    "accepted": "submitted",
    "in_transit": "in_transit",
    "paid": "paid",
    "refused": "failed",
    "failed": "failed",
    "returned": "returned",
}
STATUSES: Final = tuple(_WORDS)
_REFUSING: Final = frozenset({409, 422})
"""Statuses with which a refusal may come, if the body says so: a bare one is a bug of somebody's."""
_BARRED: Final = frozenset({301, 302, 303, 307, 308, 401, 403, 404, 405, 410})
_MOST_MINOR: Final = 9_000_000_000_000_000


def body_of(transfer: Transfer) -> bytes:
    """A payout, as it is posted: byte for byte the same each time."""
    return orjson.dumps(
        {
            "type": "payout.pay",
            "id": transfer.payout_id,
            "amount": str(to_decimal(transfer.amount_minor, transfer.currency)),
            "amount_minor": transfer.amount_minor,
            "currency": transfer.currency,
            "method": transfer.method,
            "holder": transfer.holder,
            "destination": transfer.to,
            "note": transfer.note,
        }
    )


def question_of(payout_id: str) -> bytes:
    """The question what became of a payout. It has a body, since libraries verify signatures of nothing else."""
    return orjson.dumps({"type": "payout.look_up", "id": payout_id})


def answer_of(payout_id: str, status: int, body: bytes, *, look_up: bool) -> Answer:
    """What an answer means. Only a word of ours, under a status that fits it, is one."""
    answer = _read(body)
    word = answer.get("status")
    if look_up and status in (200, 404) and word == "unknown":
        return Absent()
    if 200 <= status < 300:
        report = _payout_report(payout_id, answer)
        return Unclear("unreadable") if report is None else Clear([report])
    if status in _REFUSING and word in ("refused", "failed"):
        report = _payout_report(payout_id, answer)
        return Unclear("unreadable") if report is None else Clear([report])
    if status in _BARRED:
        return Barred(f"status_{status}")
    return Unclear(f"status_{status}")


def report_of(body: bytes) -> PayoutReport | None:
    """What the endpoint reports by itself; None for what is no such report."""
    answer = _read(body)
    payout_id = answer.get("id")
    if not isinstance(payout_id, str) or not 0 < len(payout_id) <= 64 or not payout_id.isascii():
        return None
    return _payout_report(payout_id, answer)


def _payout_report(payout_id: str, answer: Mapping[str, Any]) -> PayoutReport | None:
    word = answer.get("status")
    became = _WORDS.get(word) if isinstance(word, str) else None
    fee, amount = answer.get("fee_minor"), answer.get("amount_minor")
    named = answer.get("id", payout_id)
    if became is None or named != payout_id or not _is_minor(fee) or not _is_minor(amount):
        return None
    return PayoutReport(
        payout_id=payout_id,
        became=became,
        word=str(word),
        reason=plain(answer.get("reason")),
        reference=plain(answer.get("reference")),
        fee_minor=fee,
        amount_minor=amount,
        currency=plain(answer.get("currency")),
    )


def _is_minor(value: object) -> bool:
    return value is None or (type(value) is int and 0 <= value <= _MOST_MINOR)


def _read(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
