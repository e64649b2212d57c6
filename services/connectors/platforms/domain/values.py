"""Single values of platforms' bodies: texts, ids, moments and amounts."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Final

from contracts.countries import COUNTRIES
from services.common import money
from services.kernel.errors import Invalid

Reported = Mapping[str, Any]

LONGEST_ID: Final = 200
LONGEST_EMAIL: Final = 320
LONGEST_PHONE: Final = 40
LONGEST_CODE: Final = 256
LONGEST_TOKEN: Final = 2048
MOST: Final = 20
"""Codes, and tokens, of one order."""
TOKENS: Final = "kith"
VISITOR: Final = "kith_visitor"
"""Under these names a shop keeps what `kith.js` gave it: attributes of a cart, metadata, fields of a form."""

_TWO_DIGITS = "EUR"
"""A currency that ISO 4217 does not have is counted as most are: its order is kept, and no program is in it."""


def mappings(reported: object) -> list[Reported]:
    """The objects of a list; none if it is no list."""
    return [entry for entry in reported if isinstance(entry, Mapping)] if isinstance(reported, Sequence) else []


def text(reported: Reported, name: str) -> str | None:
    """A text that says something."""
    value = reported.get(name)
    return value.strip() or None if isinstance(value, str) else None


def currency_of(reported: Reported, name: str = "currency") -> str | None:
    """A currency's code. One that cannot be a code is written as ISO 4217 writes no currency."""
    found = text(reported, name)
    if found is None:
        return None
    code = found.upper()
    return code if len(code) == 3 and code.isascii() and code.isalpha() else "XXX"


def country_in(*addresses: object, name: str = "country") -> str | None:
    """The country of the first of some addresses that has one: a code of two letters, large or small."""
    for address in addresses:
        code = (text(address, name) or "").upper() if isinstance(address, Mapping) else ""
        if code in COUNTRIES:
            return code
    return None


def id_of(value: object) -> str | None:
    """An id, which they write as a number."""
    if isinstance(value, bool) or value is None:
        return None
    return str(value) if isinstance(value, int | str) and str(value).strip() else None


def count(value: object) -> int:
    """A whole number of at least 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def moment(reported: Reported, name: str) -> datetime | None:
    """A time with its zone. Raises `Invalid`."""
    value = text(reported, name)
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise Invalid.field(name, f"{name} is not a time with its zone.") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def decimal(value: object) -> Decimal | None:
    """A decimal number, of either sign; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        found = Decimal(str(value).strip())  # a float as it was written: the shortest text that reads back as it
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found) < 10**15 else None


def rounded(amount: Decimal, currency: str) -> int:
    """Minor units of an amount that we had to work out, or that is in somebody else's currency: half up."""
    scaled = amount.scaleb(money.exponent(currency if money.known(currency) else _TWO_DIGITS))
    return int(scaled.quantize(Decimal(1), ROUND_HALF_UP))


def exact(value: object, currency: str, name: str) -> int:
    """Minor units of an amount that is written as a decimal. Raises `Invalid`."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Invalid.field(name, f'{name} must be a decimal string such as "46.00".')
    return money.from_decimal(str(value), currency if money.known(currency) else _TWO_DIGITS, field=name)


def missing(name: str) -> Any:
    """Raises `Invalid` for what no delivery may lack."""
    raise Invalid.field(name, f"The delivery has no {name}.", code="missing")


def at_most(value: str | None, longest: int) -> str | None:
    """A text that is not too long to be anybody's; None for one that is."""
    return value if value is not None and len(value) <= longest else None


def tokens_of(text: str) -> list[str]:
    """Click tokens as `kith.js` writes them, with blanks between, or `~` as its cookie has them."""
    return [token[:LONGEST_TOKEN] for token in text.replace("~", " ").split()[:MOST]]
