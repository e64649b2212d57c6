"""What a destination may be, and what is shown of it. Pure.

The second place where Kith keeps personal data: a holder's name and an account. Card numbers are refused wherever
somebody could write one: whoever keeps them answers for them.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, get_args

from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

Method = Literal["iban", "paypal", "wallet", "other"]
METHODS: Final[tuple[Method, ...]] = get_args(Method)

SEALED: Final = "payout-destination"
"""Purpose of a destination at rest; its owner is the destination's id."""
COOL_OFF: Final = timedelta(hours=72)
"""How long after a change nothing is paid there: whoever lost their account to somebody else has time to say so."""
LONGEST_HOLDER: Final = 70
LONGEST_VALUE: Final = 140

_CARD = re.compile(r"(?<![0-9A-Za-z])(?:[0-9][ \u00a0.-]?){12,18}[0-9](?![0-9A-Za-z])", re.ASCII)
_MAIL = re.compile(r"[^@\s]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}", re.ASCII)

Wrong = Literal["holder", "iban", "paypal", "value", "card"]
"""What is wrong with what was written."""


class Refused(ValueError):
    """What somebody wrote is no destination. It never repeats what was written."""

    def __init__(self, field: Literal["holder", "value"], wrong: Wrong) -> None:
        super().__init__(wrong)
        self.field: Literal["holder", "value"] = field
        self.wrong: Wrong = wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """Who gets it and where: what is sealed."""

    method: Method
    holder: str
    value: str


def checked(method: Method, *, holder: str, value: str) -> Details:
    """What somebody wrote, in the form in which it is kept. Raises `Refused`."""
    name, place = " ".join(holder.split()), " ".join(value.split())
    if holds_card(name):
        raise Refused("holder", "card")
    letters = sum(map(str.isalpha, name))
    if letters < 2 or len(name) > LONGEST_HOLDER or not name.isprintable():
        raise Refused("holder", "holder")
    if method == "iban":
        return Details(method=method, holder=name, value=_iban(place))
    if holds_card(place):
        raise Refused("value", "card")
    if method == "paypal":
        if len(place) > 254 or not _MAIL.fullmatch(place):
            raise Refused("value", "paypal")
    elif not 4 <= len(place) <= LONGEST_VALUE or not place.isprintable():
        raise Refused("value", "value")
    return Details(method=method, holder=name, value=place)


def _iban(text: str) -> str:
    if holds_card(text):  # no IBAN begins with a digit
        raise Refused("value", "card")
    try:
        return IBAN(text.upper(), validate_bban=True).compact
    except SchwiftyException:
        raise Refused("value", "iban") from None


def bic_of(iban: str) -> str | None:
    """The bank's code, where the account number says which bank it is."""
    bic = IBAN(iban, allow_invalid=True).bic
    return None if bic is None else bic.compact


def holds_card(text: str) -> bool:
    """Whether some run of 13 to 19 digits is a card's number by its check digit (Luhn)."""
    return any(_luhn("".join(filter(str.isdigit, run.group()))) for run in _CARD.finditer(text))


def _luhn(digits: str) -> bool:
    odd = sum(int(one) for one in digits[-1::-2])
    even = sum(sum(divmod(2 * int(one), 10)) for one in digits[-2::-2])
    return (odd + even) % 10 == 0


def hint_of(details: Details) -> str:
    """As much of it as is shown anywhere: enough for its owner to recognise it, too little for anybody else."""
    value = details.value
    if details.method == "iban":
        return f"{value[:2]} •••• {value[-4:]}"
    if details.method == "paypal":
        return f"{value[0]}•••@•••{value[-4:]}"
    return f"•••• {value[-4:]}" if len(value) >= 8 else "••••"
