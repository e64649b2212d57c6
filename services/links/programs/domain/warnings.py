"""What a marketer should look at twice before a program is published. It forbids nothing. Pure."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from contracts.cashback import CashbackRule
from contracts.gifts import Fixed
from contracts.milestones import MilestoneRule
from contracts.plans import PlanRule, ShareOfSold
from contracts.program import Discount, EventRule, Percent, Program, RewardRule
from services.common.money import exponent
from services.links.programs.domain.words import money
from services.links.stores.domain import BadAddress, own_page
from services.ui import Format, Speech

_LARGE_SHARE = 5_000
"""Basis points of an order that both sides get together."""
_LARGE = {"RUB": 20_000, "UAH": 10_000, "MDL": 4_000, "RON": 1_000, "PLN": 1_000, "KZT": 100_000, "TRY": 8_000}
"""What is much for one order, in whole units; others below."""
_LARGE_ELSEWHERE, _LARGE_WITHOUT_PARTS = 250, 30_000


def warnings(program: Program, domains: Iterable[str], speech: Speech, fmt: Format) -> list[str]:
    """Each in a sentence; nothing where all looks usual."""
    return [
        *_landing(program, domains, speech),
        *_amounts(program, speech, fmt),
    ]


def _landing(program: Program, domains: Iterable[str], speech: Speech) -> Iterator[str]:
    try:
        own_page(str(program.landing_url), domains)
    except BadAddress:
        host = program.landing_url.host or ""
        yield speech.say(
            "%(host)s is no proved domain of the store: the program cannot be published with this page.", host=host
        )


def _amounts(program: Program, speech: Speech, fmt: Format) -> Iterator[str]:
    given = _given(program)
    besides: list[EventRule | MilestoneRule] = [*program.event_rewards, *program.milestone_rewards]
    for rule in program.cashback_rewards:
        back = _fixed(rule) * 10_000 // rule.per_minor
        if back >= _LARGE_SHARE:
            percent = fmt.percent(Decimal(back) / 10_000, digits=0)
            yield speech.say("Buyers whom nobody referred get %(share)s of what they spend.", share=percent)
    others = (*program.cashback_rewards, *program.plan_rewards, *program.sponsor_rewards)
    if not given and not besides and not others:
        yield speech.say("Nobody gets anything: neither the friend nor the ambassador.")
        return
    share = sum(one.give.basis_points for one in given if isinstance(one.give, Percent))
    share += sum(map(_share_of_revenue, program.milestone_rewards))
    share += sum(one.give.basis_points for one in program.plan_rewards if isinstance(one.give, ShareOfSold))
    share += sum(rule.most_basis_points for rule in program.sponsor_rewards if rule.pay_as != "points")
    if share >= _LARGE_SHARE:
        percent = fmt.percent(Decimal(share) / 10_000, digits=0)
        yield speech.say("Both sides together get %(share)s of an order.", share=percent)
    fixed = sum(_fixed(one) for one in given)
    most = max((_fixed(one) for one in given), default=0)
    if most >= _large(program.currency):
        yield speech.say("%(what)s for one order is much. Is it meant so?", what=money(most, program.currency, fmt))
    for one in besides:
        if _fixed(one) >= _large(program.currency):
            much = money(_fixed(one), program.currency, fmt)
            if isinstance(one, MilestoneRule):
                yield speech.say("%(what)s for one milestone is much. Is it meant so?", what=much)
            else:
                yield speech.say("%(what)s for one event is much. Is it meant so?", what=much)
    least = program.attribution.min_subtotal_minor
    if least and fixed >= least:
        yield speech.say(
            "An order of %(least)s counts, and both sides get %(cost)s for it.",
            least=money(least, program.currency, fmt),
            cost=money(fixed, program.currency, fmt),
        )
    largest = max(
        map(_fixed, (*_in_money(program), *besides, *program.cashback_rewards, *program.plan_rewards)), default=0
    )
    if program.budget is not None and program.budget.amount_minor < max(largest, 1):
        yield speech.say("The budget is used up before the first reward.")


def _given(program: Program) -> list[RewardRule | Discount]:
    """What is given away in money: points are the store's own to make."""
    discount = [program.discount_served] if program.discount_served else []
    return [*discount, *_in_money(program)] or [*program.rules_served]


def _in_money(program: Program) -> list[RewardRule]:
    return [rule for rule in program.rules_served if rule.pay_as != "points"]


def _fixed(one: RewardRule | Discount | EventRule | MilestoneRule | CashbackRule | PlanRule) -> int:
    if not isinstance(one, Discount) and one.pay_as == "points":
        return 0
    return one.give.amount_minor if isinstance(one.give, Fixed) else 0


def _share_of_revenue(one: MilestoneRule) -> int:
    """Basis points that a step reached by so much revenue each time comes to."""
    each = one.on.every if one.on.of == "revenue" else None
    return _fixed(one) * 10_000 // each if each else 0


def _large(currency: str) -> int:
    places = exponent(currency)
    usual = _LARGE_ELSEWHERE if places else _LARGE_WITHOUT_PARTS
    return int(_LARGE.get(currency, usual) * 10**places)
