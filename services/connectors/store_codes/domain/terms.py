"""What a code takes off at the checkout, made of its program's newest version and of the code's own limits. Pure."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from contracts.gifts import Fixed
from contracts.program import Discount, Percent, Program


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLimits:
    """What a code says of itself."""

    retired: bool
    max_uses: int | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A discount as a shop is given it."""

    give: Fixed | Percent
    currency: str
    """Of the amounts; ISO 4217."""
    once: bool
    """Each customer may use it once only."""
    least_minor: int
    """Goods, before the discount, from which it may be used."""
    max_uses: int | None
    expires_at: datetime | None

    @property
    def in_money(self) -> bool:
        """Whether it names an amount, which the shop takes in its own currency."""
        return isinstance(self.give, Fixed) or self.least_minor > 0

    @property
    def digest(self) -> str:
        """Names these terms: equal terms have equal names, whatever version of the program they are of."""
        give = self.give.amount_minor if isinstance(self.give, Fixed) else self.give.basis_points
        until = self.expires_at.timestamp() if self.expires_at is not None else None
        content = (self.give.kind, give, self.currency, self.once, self.least_minor, self.max_uses, until)
        return hashlib.sha256(repr(content).encode()).hexdigest()[:16]


def serves(program: Program) -> bool:
    """Whether codes of the program take something off at all."""
    return program.status == "active" and program.discount_served is not None


def terms_of(program: Program, code: OwnLimits, *, active: bool) -> Terms | None:
    """The discount that a code stands for; None where it takes nothing off, for whatever reason. `active`: whether the
    ambassador whose it is still takes part.
    """
    discount = program.discount_served
    if discount is None or not serves(program) or code.retired or not active:
        return None
    return Terms(
        give=discount.give,
        currency=program.currency,
        once=discount.which == "first",
        least_minor=least_goods(discount, program.attribution.min_subtotal_minor),
        max_uses=code.max_uses,
        expires_at=code.expires_at,
    )


def least_goods(discount: Discount, least_after: int) -> int:
    """The lowest price of goods of which the discount leaves what a program counts an order from: a program looks at
    the goods after the discount, shops look at them before.
    """
    if least_after == 0:
        return 0
    give = discount.give
    if isinstance(give, Fixed):
        return least_after + give.amount_minor
    if give.basis_points == 10_000:
        return least_after  # nothing is ever left; the shop's own limit is as good as any
    # The discount is rounded half up: goods × share − ½ has to be above least_after − 1.
    return (2 * least_after - 1) * 10_000 // (2 * (10_000 - give.basis_points)) + 1
