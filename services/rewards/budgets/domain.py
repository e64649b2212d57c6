"""When a budget can give nothing more. Pure."""

from collections.abc import Iterable
from typing import Final

from contracts.gifts import Fixed
from contracts.plans import ShareOfSold
from contracts.program import Percent, Program, RewardRule
from contracts.reward_terms import ForEach, ShareOf
from services.common.money import share_half_up

BUDGETS_JOB: Final = "budgets"
Key = tuple[str, str, str]
"""Store, program, unit."""


def is_exhausted(program: Program, spent_minor: int) -> bool:
    """Whether what is left of the budget is less than the smallest reward that the program promises in money.

    What is left below that is still given, as a part: to whoever is next, who was promised more.
    """
    if program.budget is None or (smallest := smallest_gift(program)) is None:
        return False
    return program.budget.amount_minor - spent_minor < smallest


def smallest_gift(program: Program) -> int | None:
    """The smallest amount above zero that a rule gives in money, where no limit lowers it; None where none gives any.
    Of a share it is one minor unit.
    """
    lowest = min((step.multiplier_basis_points for step in program.tiers.steps), default=10_000) if program.tiers else 0
    orders = (rule for rule in program.rules_served if rule.pay_as != "points")
    events = (rule.give for rule in program.event_rewards if rule.pay_as != "points")
    milestones = (rule.give for rule in program.milestone_rewards if rule.pay_as != "points")
    plans = (rule.give for rule in program.plan_rewards if rule.pay_as != "points")
    cashback = (rule.give for rule in program.cashback_rewards if rule.pay_as != "points")
    sponsors = (1 for rule in program.sponsor_rewards if rule.pay_as != "points")
    found = [
        *(_multiplied(amount, lowest) for rule in orders for amount in _of_orders(rule)),
        *_amounts((*events, *milestones, *plans, *cashback)),
        *sponsors,
    ]
    return min(found, default=None)


def _of_orders(rule: RewardRule) -> list[int]:
    """What a rule for orders may give, in its own gift and in those of its terms, within its limit per order."""
    most = rule.limits.per_order_minor
    amounts = _amounts((rule.give, *(term.give for term in rule.terms)))
    return amounts if most is None else [min(amount, most) for amount in amounts if most]


def _amounts(gives: Iterable[Fixed | Percent | ForEach | ShareOf | ShareOfSold]) -> list[int]:
    """Those above zero, a share as the least that it can be."""
    amounts = (give.amount_minor if isinstance(give, Fixed | ForEach) else min(give.basis_points, 1) for give in gives)
    return [amount for amount in amounts if amount]


def _multiplied(amount: int, lowest: int) -> int:
    """An amount as the lowest tier has it, which may be below what everybody else gets."""
    return max(1, min(amount, share_half_up(amount, lowest, 10_000))) if lowest else amount
