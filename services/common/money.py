"""Money is an integer of minor units beside an ISO 4217 code. Exponents, checks and the one way to round."""

from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from fractions import Fraction

from services.kernel.errors import Invalid

_EXPONENTS: dict[str, int] = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(),
        0,
    ),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
    **dict.fromkeys(
        (
            "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP "
            "CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS "
            "INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN "
            "MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE "
            "SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR "
            "ZMW ZWG"
        ).split(),
        2,
    ),
}
"""Digits after the point, by currency (ISO 4217 list one, 2026)."""

_EXACTLY = Context(prec=60, rounding=ROUND_HALF_UP)


def exponent(currency: str) -> int:
    """Digits after the point of a currency. Raises `Invalid` for a code that ISO 4217 does not have."""
    try:
        return _EXPONENTS[currency]
    except KeyError:
        raise Invalid.field("currency", f"{currency!r} is not an ISO 4217 currency code.") from None


def known(currency: str) -> bool:
    """Whether ISO 4217 has this code."""
    return currency in _EXPONENTS


def from_decimal(text: str, currency: str, *, field: str = "amount") -> int:
    """Minor units of a decimal string as stores send it ("46.00"). Raises `Invalid`, of `field`, if it is inexact."""
    # Decimal reads digits of every script, and underscores between them; no store means either.
    plain = text.strip()
    try:
        if not plain.isascii() or "_" in plain:
            raise InvalidOperation
        value = Decimal(plain).scaleb(exponent(currency))
    except ArithmeticError:  # an exponent beyond all bounds, too
        raise Invalid.field(field, f"{text!r} is not an amount.") from None
    if not value.is_finite() or value != value.to_integral_value() or abs(value) > 9_000_000_000_000_000:
        raise Invalid.field(field, f"{text!r} is not an amount in whole minor units of {currency}.")
    return int(value)


def to_decimal(minor: int, currency: str) -> Decimal:
    """The amount as a decimal with the currency's own number of digits."""
    return Decimal(minor).scaleb(-exponent(currency))


def in_units(amount: int | None, currency: str | None) -> Decimal | None:
    """An amount for a spreadsheet: in whole units of its currency; points, which have none, as they are."""
    if amount is None:
        return None
    return to_decimal(amount, currency) if currency is not None else Decimal(amount)


def half_up(value: int | Fraction) -> int:
    """The nearest whole number, and of two equally near the one further from zero: 2.5 → 3, −2.5 → −3.

    The one rule of rounding, for amounts that are owed, for quotients and for what people read.
    """
    nearest = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return nearest if value >= 0 else -nearest


def half_up_to(value: int | Fraction | Decimal | float, digits: int) -> Decimal:
    """`value` with so many decimals, by the same rule. A float counts as the decimal that it is written as."""
    if isinstance(value, int | Fraction):
        exact = _EXACTLY.divide(Decimal(value.numerator), Decimal(value.denominator))
    else:
        exact = value if isinstance(value, Decimal) else Decimal(str(value))
    return exact.quantize(Decimal(1).scaleb(-digits), context=_EXACTLY)


def share_half_up(amount: int, numerator: int, denominator: int) -> int:
    """`amount × numerator / denominator`, rounded as `half_up` does. All non-negative; the denominator above zero."""
    return (2 * amount * numerator + denominator) // (2 * denominator)
