"""How a friend is served, for everybody who has to say it or count it. Pure.

An order reports the sum of all its discounts, the store's own sales among them: of that sum the program answers for no
more than it promised the friend.
"""

from typing import Literal

from pydantic import BaseModel

from contracts.gifts import Fixed
from contracts.program import Discount, Percent, Program
from services.common.money import share_half_up


class FriendGift(BaseModel):
    """What the program promises the friend. `pay_as` is `discount` for what the shop takes off now."""

    rule: str
    give: Fixed | Percent
    which: Literal["first", "every"] = "first"
    pay_as: str


def friend_gifts(program: Program) -> list[FriendGift]:
    """What the friend is promised, the discount first: that one the shop takes off."""
    discount = program.discount_served
    gifts = (
        [FriendGift(rule="discount", give=discount.give, which=discount.which, pay_as="discount")] if discount else []
    )
    return gifts + [
        FriendGift(rule=rule.name, give=rule.give, which=rule.which, pay_as=rule.pay_as)
        for rule in program.rules_served
        if rule.to == "friend"
    ]


def promised(discount: Discount, *, goods_minor: int) -> int:
    """What is taken off goods of this price, before any discount."""
    if isinstance(discount.give, Fixed):
        return min(discount.give.amount_minor, goods_minor)
    return share_half_up(goods_minor, discount.give.basis_points, 10_000)


def program_part(
    discount: Discount | None, *, same_currency: bool, order_number: int, subtotal_minor: int, discount_minor: int
) -> int:
    """The part of an order's discounts that the program promised. `subtotal_minor` is what was left of the goods."""
    if discount is None or not same_currency or (discount.which == "first" and order_number != 1):
        return 0
    return min(discount_minor, promised(discount, goods_minor=subtotal_minor + discount_minor))
