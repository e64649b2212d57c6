"""Parts of a program's sentences: amounts, shares, roles, values in a store's own text. Pure."""

import re
from collections.abc import Mapping
from decimal import Decimal

from contracts.fields import Role
from contracts.gifts import Fixed
from services.common.money import exponent
from services.ui import Format, Speech


def money(minor: int, currency: str, fmt: Format) -> str:
    """An amount without the zeros of a round one."""
    return fmt.money(minor, currency, whole=minor % 10 ** exponent(currency) == 0)


def fixed(give: Fixed, pay_as: str, currency: str, speech: Speech, fmt: Format) -> str:
    """A fixed amount, points as points: €10, 5 points."""
    minor = give.amount_minor
    if pay_as == "points":
        return speech.count("%(n)s point", "%(n)s points", minor, n=fmt.number(minor))
    return money(minor, currency, fmt)


def share(basis_points: int, fmt: Format) -> str:
    """A share with as many digits as it needs: 10%, 7.5%, 0.25%."""
    digits = 0 if basis_points % 100 == 0 else 1 if basis_points % 10 == 0 else 2
    return fmt.percent(Decimal(basis_points) / 10_000, digits=digits)


def role(one: Role, speech: Speech) -> str:
    """What somebody is to the store, as they say it of themselves."""
    match one:
        case "customer":
            return speech.say("A customer")
        case "advocate":
            return speech.say("A fan of the brand")
        case "influencer":
            return speech.say("A blogger")
        case "partner":
            return speech.say("A partner")
        case "consumer":
            return speech.say("Buys for themselves")
        case "distributor":
            return speech.say("Sells on")


def filled_in(text: str, values: Mapping[str, str]) -> str:
    """A text of the store's own with its values, each as it is: what a value holds is no place again."""
    return re.sub(r"\{(\w+)\}", lambda place: values.get(place[1], ""), text)
