"""Single values of Stripe's objects: amounts in its own minor units, moments, and what `kith.js` gave."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from services.common.money import to_decimal
from services.connectors.platforms.domain.values import (
    LONGEST_CODE,
    LONGEST_ID,
    MOST,
    TOKENS,
    VISITOR,
    Reported,
    mappings,
    missing,
    rounded,
    text,
    tokens_of,
)
from services.kernel.errors import Invalid

_WHOLE: Final = frozenset("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split())
_THOUSANDTHS: Final = frozenset("BHD JOD KWD OMR TND".split())
_TOKEN: Final = re.compile(r"[a-z0-9]{1,12}\.[A-Za-z0-9_-]{60,}", re.ASCII)


def currency_of(reported: Reported) -> str:
    """A currency's code, which they write in small letters. Raises `Invalid`."""
    found = (text(reported, "currency") or missing("currency")).upper()
    return found if len(found) == 3 and found.isascii() and found.isalpha() else "XXX"


def minor(reported: Reported, name: str, currency: str, *, needed: bool = False, signed: bool = False) -> int:
    """An amount in our minor units; 0 if there is none, unless it is needed. Some currencies have others with them than
    ISO 4217 has. Below 0 it may be where it is `signed`.

    Raises `Invalid`.
    """
    value = reported.get(name)
    if value is None:
        return missing(name) if needed else 0
    least = -(10**15) if signed else -1
    if isinstance(value, bool) or not isinstance(value, int) or not least < value < 10**15:
        raise Invalid.field(name, f"{name} is not an amount in minor units.")
    digits = 0 if currency in _WHOLE else 3 if currency in _THOUSANDTHS else 2
    return rounded(Decimal(value).scaleb(-digits), currency)


def theirs(minor_units: int, currency: str) -> int:
    """An amount in the minor units that they count in."""
    digits = 0 if currency in _WHOLE else 3 if currency in _THOUSANDTHS else 2
    return int(to_decimal(minor_units, currency).scaleb(digits))


def moment(reported: Reported, name: str) -> datetime | None:
    """Seconds since 1970."""
    value = reported.get(name)
    return datetime.fromtimestamp(value, UTC) if isinstance(value, int) and not isinstance(value, bool) else None


def id_in(reported: Reported, name: str) -> str | None:
    """An id, or that of an object which was expanded in its place."""
    value = reported.get(name)
    return text(value, "id") if isinstance(value, Mapping) else text(reported, name)


def part(reported: Reported, *names: str) -> Reported:
    """An object within objects; empty where there is none."""
    for name in names:
        found = reported.get(name)
        reported = found if isinstance(found, Mapping) else {}
    return reported


def evidence_of(reported: Reported, *metadata: Reported) -> dict[str, Any]:
    """Tokens, visitor and codes: from metadata, from `client_reference_id` where it is a token, from discounts."""
    given: dict[str, str] = {}
    for one in (part(reported, "metadata"), *metadata):
        given |= {name: value for name in one if (value := text(one, name)) and name not in given}
    tokens = [token for name in (TOKENS, "kith_tokens") for token in tokens_of(given.get(name, ""))]
    reference = text(reported, "client_reference_id") or ""
    if _TOKEN.fullmatch(reference):
        tokens.append(reference)
    codes = [code for name in ("kith_codes", "kith_code") for code in given.get(name, "").replace(",", " ").split()]
    discounts = reported.get("discounts")
    expanded = [text(part(one, "promotion_code"), "code") for one in mappings(discounts or [])]
    codes += [code for code in expanded if code is not None]
    visitor = given.get(VISITOR)
    return {
        "tokens": list(dict.fromkeys(tokens))[:MOST],
        "codes": [code[:LONGEST_CODE] for code in dict.fromkeys(codes)][:MOST],
        "visitor_id": visitor[:LONGEST_ID] if visitor else None,
    }


def code_ids_of(reported: Reported) -> list[str]:
    """The ids of promotion codes whose text is not given: deliveries and listed events never expand them."""
    discounts = [*mappings(reported.get("discounts") or []), part(reported, "discount")]
    named = [text(one, "promotion_code") for one in discounts]
    return list(dict.fromkeys(one[:LONGEST_ID] for one in named if one is not None))[:MOST]
