"""What every provider is given and can answer, whoever it is. Pure.

A *sending* is what one call holds: one payout, or some hundreds, under one key that never changes. Whoever takes a
sending takes it once, however often it is given under its key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, TypeAlias, get_args

from services.rewards.destinations.domain import Method

Kind = Literal["http", "paypal"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
METHODS: Final[Mapping[Kind, frozenset[Method]]] = {
    "http": frozenset(get_args(Method)),
    "paypal": frozenset({"paypal"}),
}
"""Where each can send money to."""
IN_ONE_CALL: Final[Mapping[Kind, int]] = {"http": 1, "paypal": 500}
"""Payouts of one sending: a store's own endpoint is asked for each by itself, so that each has its own answer."""

Became = Literal["submitted", "in_transit", "paid", "failed", "returned"]
"""What can become of a payout that was taken."""

LONGEST_TEXT: Final = 100
"""Signs that are kept of what a provider says."""
LONGEST_WAIT: Final = timedelta(hours=1)
"""No provider's wish to be left in peace is followed for longer at a time."""
USUAL_WAIT: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A payout as a provider gets it. `to` is None where it is not known any more where the money goes."""

    payout_id: str
    amount_minor: int
    currency: str
    method: Method
    holder: str | None
    to: str | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What one call holds. `remote_id` is the provider's own number of it, once it said one."""

    key: str
    transfers: Sequence[Transfer]
    remote_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutReport:
    """What a provider says of one payout. `word` is its own word for it. An amount or a currency that it names must be
    ours, or nothing of it is believed.
    """

    payout_id: str
    became: Became
    word: str
    reason: str | None = None
    reference: str | None = None
    fee_minor: int | None = None
    detail: str | None = None
    amount_minor: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Clear:
    """A clear answer, of some of the payouts or of all."""

    reports: Sequence[PayoutReport]
    remote_id: str | None = None


@dataclass(frozen=True, slots=True)
class Unclear:
    """No usable answer: it may have been taken, or not. `why` is a constant word."""

    why: str


@dataclass(frozen=True, slots=True)
class Absent:
    """A look-up found nothing: the provider has never taken it."""


@dataclass(frozen=True, slots=True)
class Wait:
    """It was not taken: the provider wants to be left in peace for a while."""

    after: timedelta


@dataclass(frozen=True, slots=True)
class Barred:
    """It was not taken, and that is no payout's fault: credentials, an address, rights. `why` is a constant word."""

    why: str


Answer: TypeAlias = Clear | Unclear | Absent | Wait | Barred


def unsent(one: Transfer) -> PayoutReport:
    """Of a payout that was certainly never sent: where its money goes is not known any more."""
    return PayoutReport(payout_id=one.payout_id, became="failed", word="not_sent", reason="destination_gone")


def plain(text: object) -> str | None:
    """What a provider wrote, as far as it is kept and shown: one line, or None."""
    if not isinstance(text, str):
        return None
    kept = "".join(letter if letter.isprintable() else " " for letter in text[:1000])
    return " ".join(kept.split())[:LONGEST_TEXT] or None


def waited(asked: timedelta | None) -> timedelta:
    """How long somebody is left in peace who asked for it, or forgot to say for how long."""
    return min(max(USUAL_WAIT if asked is None else asked, timedelta(seconds=1)), LONGEST_WAIT)
