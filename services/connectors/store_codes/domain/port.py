"""What a platform is asked about codes, and what it can answer. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from services.connectors.store_codes.domain.terms import Terms

State = Literal["waiting", "in_store", "refused", "disabled"]
"""Of a code at one connection's checkout: something is to be done; a buyer can use it; the shop will not have it; it
takes nothing off there (any more).
"""
STATES: Final[tuple[State, ...]] = ("waiting", "in_store", "refused", "disabled")


CARRY_CODES: Final = frozenset({"woocommerce", "shopify", "insales", "stripe"})
"""Platforms that a store's codes can be put into."""
APPLY_CODES: Final = frozenset({"woocommerce", "shopify"})
"""Those of which a shop's address can apply a code by itself: Shopify's own, and WooCommerce's by a few lines."""


class Unreadable(Exception):
    """A shop's answer that says nothing one could go by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """What is wanted of a code at the checkout."""

    code_id: str
    code: str
    terms: Terms | None
    """None: that it takes nothing off."""
    remote_id: str | None
    """What the shop calls it, once that is known."""
    unclear: bool
    """The shop was asked for it before, and nobody knows what became of that: it has to be looked up first."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request to a shop's API, below its host."""

    method: str
    path: str
    body: bytes | None = None
    headers: Mapping[str, str] | None = None
    reads: bool = False
    """Nothing changes by it, though its method is not GET."""


@dataclass(frozen=True, slots=True)
class Put:
    """The shop has the code as it is wanted."""

    code_id: str
    remote_id: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """The shop has the code, and it is ours; whether it is as wanted has still to be seen to."""

    code_id: str
    remote_id: str


@dataclass(frozen=True, slots=True)
class Absent:
    """The shop does not have the code."""

    code_id: str


@dataclass(frozen=True, slots=True)
class Exists:
    """The shop says that it has the code already. Whose it is has to be looked up."""

    code_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The shop will not have it, and asking again changes nothing."""

    code_id: str
    reason: str
    """A constant word, or the shop's own."""
    holder: str | None = None
    """Whose the code is there, where it is somebody else's."""


Result: TypeAlias = Put | Found | Absent | Exists | Refused
