"""The words between Kith and PayPal's Payouts API (v1 of `payments/payouts`). Pure.

PayPal knows a batch by `sender_batch_id`, which it refuses again for 30 days, and an item of it by `sender_item_id`,
which it does not. So the batch is what is never doubled, and its key is asked about by sending it once more.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from services.common.money import exponent, known, to_decimal
from services.rewards.providers.domain.port import (
    Answer,
    Barred,
    Became,
    Clear,
    PayoutReport,
    Sending,
    Transfer,
    Unclear,
    plain,
    unsent,
)

AGAIN_FOR: Final = timedelta(days=25)
"""A key is given again for so long after the first time; PayPal knows it for 30 days, and its clock is not ours."""
PAGE: Final = 100
"""Items of a batch that are read at a time."""
SCOPE: Final = "https://uri.paypal.com/payments/payouts"
"""What an app must be allowed."""

_WHOLE: Final = frozenset({"HUF", "JPY", "TWD"})
"""Currencies of which PayPal takes no fractions, whatever ISO 4217 says of them."""
CURRENCIES: Final = frozenset(
    ("AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF ILS JPY MXN MYR NOK NZD PHP PLN SEK SGD THB TWD USD").split()
)

_BECAME: Final[Mapping[str, Became]] = {
    "PENDING": "submitted",
    "SUCCESS": "paid",
    "FAILED": "failed",
    "DENIED": "failed",
    "UNCLAIMED": "in_transit",
    "ONHOLD": "in_transit",
    "ON_HOLD": "in_transit",
    "BLOCKED": "in_transit",
    "RETURNED": "returned",
    "REFUNDED": "returned",
    "REVERSED": "returned",
    "CANCELED": "returned",
}
"""`BLOCKED` is not said to be final: until PayPal says that the money is back, it is not ours to give away again."""
_BATCH_ENDED: Final[Mapping[str, str]] = {"DENIED": "batch_denied", "CANCELED": "batch_canceled"}
_BATCH_PATH: Final = re.compile(r"/v1/payments/payouts/([A-Za-z0-9_-]{1,30})/?")
_ITEM_FIELD: Final = re.compile(r"(?:^|[/.])items(?:\[|/)(\d{1,5})(?:\]|/|$)")


def step_of(currency: str) -> int:
    """Of how many minor units an amount must be a multiple: some currencies PayPal pays in whole units only."""
    return 10 ** exponent(currency) if currency in _WHOLE else 1


def value_of(amount_minor: int, currency: str) -> str:
    """An amount as PayPal writes it."""
    value = to_decimal(amount_minor, currency)
    return str(int(value)) if currency in _WHOLE else str(value)


def body_of(sending: Sending) -> bytes:
    """A batch, of those items whose receiver is known: the same each time."""
    return orjson.dumps(
        {
            "sender_batch_header": {"sender_batch_id": sending.key, "recipient_type": "EMAIL"},
            "items": [
                {
                    "sender_item_id": one.payout_id,
                    "recipient_type": "EMAIL",
                    "receiver": one.to,
                    "amount": {"currency": one.currency, "value": value_of(one.amount_minor, one.currency)},
                    "note": one.note[:1000],
                }
                for one in sending.transfers
                if one.to is not None
            ],
        }
    )


def created(sending: Sending, status: int, body: bytes, *, first: bool) -> Answer:
    """What the answer to a new batch means. A refusal of the whole batch says that nothing of it was taken only where
    it was never sent before (`first`): what came earlier may lie there under this very key.
    """
    answer = _read(body)
    if status in (200, 201, 202):
        remote_id = batch_id_of(answer)
        if remote_id is None:
            return Unclear("unreadable")
        return Clear([_taken(one) for one in sending.transfers], remote_id)
    if status in (401, 403):
        return Barred(_name(answer) or f"status_{status}")
    if status in (400, 409, 422):
        if is_duplicate(answer):
            remote_id = _linked(answer)
            return Clear([], remote_id) if remote_id else Unclear("duplicate")
        name = _name(answer) or f"status_{status}"
        if not first:
            return Unclear(name)
        return Clear([refused(one, name, plain(answer.get("message"))) for one in sending.transfers])
    if status in (404, 405):
        return Barred(f"status_{status}")
    return Unclear(f"status_{status}")


def is_duplicate(answer: Mapping[str, Any]) -> bool:
    """Whether PayPal refuses a batch because it knows its key."""
    if _linked(answer) is not None:
        return True
    words = f"{_name(answer) or ''} " + " ".join(
        f"{one.get('field', '')} {one.get('issue', '')}"
        for one in _list(answer.get("details"))
        if isinstance(one, dict)
    )
    folded = words.lower()
    return "duplicate" in folded or ("sender_batch_id" in folded and "exist" in folded)


def wrong_items(sending: Sending, status: int, body: bytes) -> dict[str, str]:
    """Which payouts PayPal refuses a whole batch for, and why; empty where it names none."""
    answer = _read(body)
    if status not in (400, 422) or is_duplicate(answer):
        return {}
    sent = [one for one in sending.transfers if one.to is not None]
    named: dict[str, str] = {}
    for one in _list(answer.get("details")):
        found = _ITEM_FIELD.search(str(one.get("field", ""))) if isinstance(one, dict) else None
        if found is not None and int(found[1]) < len(sent):
            named.setdefault(sent[int(found[1])].payout_id, plain(one.get("issue")) or "refused")
    return named


def refused(one: Transfer, word: str, why: str | None) -> PayoutReport:
    """Of a payout that PayPal did not take and that certainly is not in the batch under its key."""
    return PayoutReport(payout_id=one.payout_id, became="failed", word=word, reason=why or word)


def listed(sending: Sending, pages: Sequence[Mapping[str, Any]]) -> Answer:
    """What a batch's own pages say of its items. It must be ours by its key."""
    header = pages[0].get("batch_header") if pages else None
    header = header if isinstance(header, dict) else {}
    own = header.get("sender_batch_header")
    if not isinstance(own, dict) or own.get("sender_batch_id") != sending.key:
        return Unclear("other_batch")
    found = {one.payout_id: one for page in pages for item in _list(page.get("items")) if (one := _item(item))}
    ended = _BATCH_ENDED.get(str(header.get("batch_status")))
    reports = [found[one.payout_id] for one in sending.transfers if one.payout_id in found]
    if ended is not None and not found:
        reports = [
            PayoutReport(payout_id=one.payout_id, became="failed", word=str(header["batch_status"]), reason=ended)
            for one in sending.transfers
        ]
    return Clear(reports, batch_id_of(pages[0]))


def count_of(page: Mapping[str, Any]) -> int:
    """How many items a page holds."""
    return len(_list(page.get("items")))


def batch_id_of(answer: Mapping[str, Any]) -> str | None:
    """PayPal's own number of a batch."""
    header = answer.get("batch_header")
    found = header.get("payout_batch_id") if isinstance(header, dict) else None
    return found if isinstance(found, str) and re.fullmatch(r"[A-Za-z0-9_-]{1,30}", found) else None


def hint_of(body: bytes) -> tuple[str | None, str | None, str | None]:
    """(key of the batch, payout, PayPal's number of the batch) that an event of PayPal's speaks of. Nothing else of it
    is believed: it only says where to look.
    """
    resource = _read(body).get("resource")
    if not isinstance(resource, dict):
        return None, None, None
    header, item = resource.get("batch_header"), resource.get("payout_item")
    own = header.get("sender_batch_header") if isinstance(header, dict) else None
    key = own.get("sender_batch_id") if isinstance(own, dict) else resource.get("sender_batch_id")
    payout = item.get("sender_item_id") if isinstance(item, dict) else None
    remote = batch_id_of(resource)
    if remote is None:
        remote = batch_id_of({"batch_header": resource})
    return _id(key), _id(payout), remote


def token_of(body: bytes) -> tuple[str, int, str] | None:
    """(access token, seconds that it lives, scopes)."""
    answer = _read(body)
    token, lives = answer.get("access_token"), answer.get("expires_in")
    if not isinstance(token, str) or not token or not token.isascii() or type(lives) is not int:
        return None
    return token, lives, str(answer.get("scope", ""))


def read_page(body: bytes) -> dict[str, Any] | None:
    """A page of a batch; None for what is none."""
    answer = _read(body)
    return answer if isinstance(answer.get("batch_header"), dict) else None


def _item(item: object) -> PayoutReport | None:
    if not isinstance(item, dict) or not isinstance(own := item.get("payout_item"), dict):
        return None
    payout_id = own.get("sender_item_id")
    word = item.get("transaction_status") or "PENDING"
    became = _BECAME.get(word) if isinstance(word, str) else None
    if not isinstance(payout_id, str) or became is None:
        return None
    errors = item.get("errors")
    fee, currency = _money(item.get("payout_item_fee"))
    amount, unit = _money(own.get("amount"))
    same = currency is not None and currency == unit
    return PayoutReport(
        payout_id=payout_id,
        became=became,
        word=str(word),
        reason=plain(errors.get("name")) if isinstance(errors, dict) else None,
        reference=plain(item.get("transaction_id")) or plain(item.get("payout_item_id")),
        fee_minor=fee if same else None,
        detail=_detail(errors, item.get("payout_item_fee"), same=same),
        amount_minor=-1 if amount is None else amount,
        currency=unit,
    )


def _detail(errors: object, fee: object, *, same: bool) -> str | None:
    """What else people should know: PayPal's own sentence, or a fee in another currency."""
    if isinstance(errors, dict) and (message := plain(errors.get("message"))):
        return message
    if isinstance(fee, dict) and not same and (value := plain(fee.get("value"))):
        return plain(f"{value} {fee.get('currency', '')}")
    return None


def _money(value: object) -> tuple[int | None, str | None]:
    """Minor units and currency of what PayPal writes as a decimal; None where it is none."""
    if not isinstance(value, dict):
        return None, None
    currency, text = value.get("currency"), value.get("value")
    if not isinstance(currency, str) or not known(currency) or not isinstance(text, str) or len(text) > 32:
        return None, None
    try:
        minor = Decimal(text).scaleb(exponent(currency))
    except InvalidOperation:
        return None, None
    if not minor.is_finite() or minor != minor.to_integral_value() or not 0 <= minor < 10**16:
        return None, None
    return int(minor), currency


def _taken(one: Transfer) -> PayoutReport:
    """Of a batch that was made just now: whose receiver was not known is not in it, nor ever will be under its key."""
    if one.to is None:
        return unsent(one)
    return PayoutReport(payout_id=one.payout_id, became="submitted", word="PENDING")


def _linked(answer: Mapping[str, Any]) -> str | None:
    """The number of the batch that an error links to. The link is never followed: a token goes to PayPal only."""
    for one in _list(answer.get("links")):
        href = one.get("href") if isinstance(one, dict) else None
        if isinstance(href, str) and (found := _BATCH_PATH.fullmatch(_path(href))):
            return found[1]
    return None


def _path(href: str) -> str:
    try:
        return urlsplit(href).path
    except ValueError:
        return ""


def _name(answer: Mapping[str, Any]) -> str | None:
    name = answer.get("name") or answer.get("error")
    return name[:60] if isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9_]{1,60}", name) else None


def _id(value: object) -> str | None:
    return value if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_:-]{1,64}", value) else None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _read(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
