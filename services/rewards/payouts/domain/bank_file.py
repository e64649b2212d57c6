"""A file that banks take: ISO 20022 customer credit transfer, pain.001.001.09. Pure.

One payment block for all, one transfer for each payout, known by its own id from end to end. The same batch gives the
same file, byte for byte, however often it is downloaded; banks refuse a second one with the same id.
"""

import unicodedata
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final
from xml.sax.saxutils import escape

from msgspec import Struct

from services.rewards.destinations.domain import bic_of

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
_ALLOWED: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-?:().,'+ ")
_NAME: Final = 70
_NOTE: Final = 140
_ID: Final = 35
_LATIN: Final = str.maketrans(
    {
        **dict(
            zip(
                "абвгґдеєжзиіїйклмнопрстуфхцчшщъыьэюя",
                (
                    *("a", "b", "v", "g", "g", "d", "e", "ie", "zh", "z", "i", "i", "i", "i", "k", "l", "m", "n", "o"),
                    *("p", "r", "s", "t", "u", "f", "kh", "ts", "ch", "sh", "shch", "", "y", "", "e", "iu", "ia"),
                ),
                strict=True,
            )
        ),
        "ё": "e",
        "ß": "ss",
        "ø": "o",
        "Ø": "O",
        "æ": "ae",
        "Æ": "AE",
        "œ": "oe",
        "Œ": "OE",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "Đ": "D",
        "þ": "th",
        "Þ": "Th",
        "ð": "d",
        "ı": "i",
        "’": "'",
        "–": "-",
        "—": "-",
        "&": "+",
    }
)


class Account(Struct, frozen=True, kw_only=True):
    """Somebody's account at a bank."""

    holder: str
    iban: str


class Transfer(Struct, frozen=True, kw_only=True):
    """One payout."""

    payout_id: str
    amount: Decimal
    to: Account


class Instruction(Struct, frozen=True, kw_only=True):
    """What a bank is asked to do."""

    batch_id: str
    made_at: datetime
    day: date
    """On which it should be done."""
    currency: str
    payer: Account
    note: str
    """What ambassadors read on their statements."""
    transfers: Sequence[Transfer]


def bank_file(asked: Instruction) -> bytes:
    """The file. Raises `ValueError` without transfers."""
    if not asked.transfers:
        raise ValueError("a bank file needs a transfer")
    count, total = len(asked.transfers), sum((one.amount for one in asked.transfers), Decimal())
    made_at = asked.made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    service = _tag("PmtTpInf", _tag("SvcLvl", _tag("Cd", "SEPA"))) if asked.currency == "EUR" else ""
    header = (
        _tag("MsgId", bank_id(asked.batch_id))
        + _tag("CreDtTm", made_at)
        + _tag("NbOfTxs", str(count))
        + _tag("CtrlSum", str(total))
        + _tag("InitgPty", _name(asked.payer.holder))
    )
    block = (
        _tag("PmtInfId", bank_id(asked.batch_id))
        + _tag("PmtMtd", "TRF")
        + _tag("BtchBookg", "true")
        + _tag("NbOfTxs", str(count))
        + _tag("CtrlSum", str(total))
        + service
        + _tag("ReqdExctnDt", _tag("Dt", asked.day.isoformat()))
        + _tag("Dbtr", _name(asked.payer.holder))
        + _tag("DbtrAcct", _iban(asked.payer.iban))
        + _tag("DbtrAgt", _bank(bic_of(asked.payer.iban)))
        + _tag("ChrgBr", "SLEV")
        + "".join(_transfer(asked, one) for one in asked.transfers)
    )
    body = _tag("CstmrCdtTrfInitn", _tag("GrpHdr", header) + _tag("PmtInf", block))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{NAMESPACE}">{body}</Document>\n'.encode()


def _transfer(asked: Instruction, one: Transfer) -> str:
    bic = bic_of(one.to.iban)
    return _tag(
        "CdtTrfTxInf",
        _tag("PmtId", _tag("EndToEndId", bank_id(one.payout_id)))
        + _tag("Amt", f'<InstdAmt Ccy="{asked.currency}">{one.amount}</InstdAmt>')
        + ("" if bic is None else _tag("CdtrAgt", _bank(bic)))
        + _tag("Cdtr", _name(one.to.holder))
        + _tag("CdtrAcct", _iban(one.to.iban))
        + _tag("RmtInf", _tag("Ustrd", plain(f"{asked.note} {bank_id(one.payout_id)}", _NOTE))),
    )


def bank_id(own: str) -> str:
    """One of our ids as banks take it: their alphabet has no underscore."""
    return own.replace("_", "-")[:_ID]


def own_id(bank: str) -> str:
    """Our id behind one that came back from a bank."""
    return bank.strip().replace("-", "_", 1)


def plain(text: str, longest: int) -> str:
    """A text in the letters that every bank takes: accents off, Cyrillic in Latin letters, the rest as spaces."""
    latin = "".join(_in_latin(one) for one in text)
    bare = "".join(one for one in unicodedata.normalize("NFKD", latin) if not unicodedata.combining(one))
    kept = "".join(one if one in _ALLOWED else " " for one in bare)
    return " ".join(kept.split())[:longest].rstrip() or "-"


def _in_latin(one: str) -> str:
    done = one.translate(_LATIN)
    if done != one or one == one.lower():
        return done
    small = one.lower().translate(_LATIN)
    return small.capitalize() if small != one.lower() else one


def _name(holder: str) -> str:
    return _tag("Nm", plain(holder, _NAME))


def _iban(iban: str) -> str:
    return _tag("Id", _tag("IBAN", iban))


def _bank(bic: str | None) -> str:
    known = _tag("BICFI", bic) if bic else _tag("Othr", _tag("Id", "NOTPROVIDED"))
    return _tag("FinInstnId", known)


def _tag(name: str, content: str) -> str:
    inside = content if content.startswith("<") else escape(content)
    return f"<{name}>{inside}</{name}>"
