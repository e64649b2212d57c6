"""How simulations are put into words: states, caps, and each reward of an imagined order with what made it."""

from collections.abc import Mapping
from typing import Final

from services.common.milestone_names import plan_period_text
from services.common.money import known
from services.common.reasons import reason_text
from services.common.tier_names import times
from services.rewards.grants.api.words import lines_text, rule_label, side_label, sponsor_label, unmet_text
from services.rewards.pages import Reader
from services.rewards.rules.domain import POINTS
from services.rewards.simulations.domain.plans import Bonus
from services.rewards.simulations.domain.replay import PER_ORDER
from services.rewards.simulations.domain.trial import Back, Gift, Trial, Way
from services.rewards.tiers.domain import NO_TIER
from services.ui import AmountCard, Chip, Speech
from services.ui.parts import Shape, Tone

_SHAPES: Final[Mapping[str, tuple[Tone, Shape]]] = {
    "running": ("info", "half"),
    "done": ("good", "tick"),
    "cancelled": ("neutral", "dash"),
    "failed": ("bad", "cross"),
}


def state_chip(speech: Speech, state: str) -> Chip:
    """The chip of a run."""
    tone, shape = _SHAPES[state]
    return Chip(state_label(speech, state), tone, shape)


def state_label(speech: Speech, state: str) -> str:
    """The word of a run's state."""
    return {
        "running": speech.label("chip", "Running"),
        "done": speech.label("chip", "Done"),
        "cancelled": speech.label("chip", "Cancelled"),
        "failed": speech.label("chip", "Failed"),
    }[state]


def cap_label(speech: Speech, cap: str) -> str:
    """Which cap it was."""
    return {
        PER_ORDER: speech.say("Limit per order"),
        "partly_capped": speech.say("Budget or limit, in part"),
        "capped_budget": speech.say("Budget used up"),
        "capped_ambassador": speech.say("Ambassador’s limit used up"),
    }[cap]


def unknown_label(speech: Speech, asked: str) -> str:
    """What rules ask for and orders do not say."""
    return {
        "group": speech.say("Orders without the ambassador’s group"),
        "role": speech.say("Orders without the ambassador’s role"),
        "channel": speech.say("Orders without their channel"),
        "country": speech.say("Orders without their country"),
        "membership": speech.say("Orders of which nobody asked for memberships"),
        "months": speech.say("Orders without the day on which the friend came"),
        "sponsors": speech.say("Orders without the ambassador’s sponsors"),
    }[asked]


def verdict(reader: Reader, trial: Trial) -> str:
    """Whether the order would count, and if not, why."""
    say = reader.speech.say
    if trial.refusal is None:
        return say("This order would count.")
    return say("This order would not count: %(reason)s.", reason=reason_text(trial.refusal, reader.speech).lower())


def card(reader: Reader, gift: Gift) -> AmountCard:
    """A reward that there would be."""
    return AmountCard(
        who=side_label(reader.speech, gift.side)
        if gift.sponsor_level is None
        else sponsor_label(reader.speech, gift.sponsor_level),
        name=rule_label(reader.speech, gift.rule) if gift.rule != gift.side else "",
        amount=reader.amount(gift.amount_minor, gift.unit),
        terms=_made_of(reader, gift),
        limits=" ".join(_left(reader, gift)),
    )


def way_text(reader: Reader, way: Way, currency: str) -> str:
    """What the order would do for a milestone: "five: 4 → 5, €10.00"."""
    unit = POINTS if way.rule.pay_as == "points" else currency
    figures = [
        reader.amount(count, currency) if way.rule.on.of == "revenue" else reader.fmt.number(count)
        for count in (way.before, way.after)
    ]
    amount = reader.amount(way.amount_minor, unit)
    return f"{rule_label(reader.speech, way.rule.name)}: {' → '.join(figures)}, {amount}"


def plan_text(reader: Reader, one: Bonus, currency: str) -> str:
    """What the order would do for a target: "bonus, Mar 2027: €900.00 → €1,000.00 of €1,000.00, €60.00"."""
    money = one.rule.on.of == "revenue"
    figures = [
        reader.amount(count, currency) if money else reader.fmt.number(count) for count in (one.before, one.after)
    ]
    period = plan_period_text(one.period, reader.speech, reader.fmt)
    way = f"{rule_label(reader.speech, one.rule.name)}, {period}: {' → '.join(figures)}"
    if one.target is None:
        return reader.speech.say("%(way)s; no target is set", way=way)
    return reader.speech.say(
        "%(way)s of %(target)s, %(amount)s",
        way=way,
        target=reader.amount(one.target, currency) if money else reader.fmt.number(one.target),
        amount=reader.amount(one.amount_minor, POINTS if one.rule.pay_as == "points" else currency),
    )


def back_text(reader: Reader, back: Back, currency: str) -> str:
    """What the order would bring its buyer: "cashback: 2 → 3, €1.00"."""
    unit = POINTS if back.rule.pay_as == "points" else currency
    times = f"{reader.fmt.number(back.before)} → {reader.fmt.number(back.after)}"
    return f"{rule_label(reader.speech, back.rule.name)}: {times}, {reader.amount(back.amount_minor, unit)}"


def _made_of(reader: Reader, gift: Gift) -> str:
    say = reader.speech.say
    if unmet := unmet_text(reader.speech, gift.reason):
        return unmet
    if gift.reason == "currency_mismatch":
        return say("Nothing: the order is in another currency.")
    whole = reader.amount(gift.whole_minor, gift.unit)
    found = [lines_text(reader, gift.lines, gift.unit)] if gift.lines else []
    if gift.grade is not None and gift.grade.tier is not None and gift.grade.multiplier != NO_TIER:
        factor = times(gift.grade.multiplier, reader.fmt)
        found.append(
            say("With the tier %(tier)s, %(times)s: %(amount)s.", tier=gift.grade.tier, times=factor, amount=whole)
        )
    if found:
        return ". ".join(found)
    if gift.basis_points is None or gift.of_minor is None:
        return say("A fixed amount: %(amount)s.", amount=whole)
    base = reader.fmt.money(gift.of_minor, gift.unit) if known(gift.unit) else reader.fmt.number(gift.of_minor)
    share = reader.fmt.percent(gift.basis_points / 10_000)
    return say("%(share)s of %(base)s is %(amount)s.", share=share, base=base, amount=whole)


def _left(reader: Reader, gift: Gift) -> list[str]:
    say, found = reader.speech.say, []
    if gift.per_order_minor is not None and gift.base_minor < gift.whole_minor:
        limit = reader.amount(gift.per_order_minor, gift.unit)
        found.append(say("At most %(amount)s for one order.", amount=limit))
    if gift.bound_minor is not None and gift.base_minor > gift.bound_minor:
        found.append(say("Budget and limits leave %(amount)s.", amount=reader.amount(gift.bound_minor, gift.unit)))
    if gift.amount_minor:
        found.append(say("Available from %(day)s.", day=reader.fmt.date(gift.available_at)))
    return found
