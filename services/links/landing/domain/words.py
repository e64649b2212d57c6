"""The page's sentences, made from the program's rules, in the reader's language. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from contracts.program import Percent, Program, RewardRule
from contracts.splits import WHOLE
from contracts.wording import Wording
from services.links.programs.domain.budget import friend_loses, without_money
from services.links.programs.domain.conditions import conditions
from services.links.programs.domain.parts import share
from services.links.programs.domain.words import amount, filled_in, money, rule_for
from services.ui import Format, Speech

State = Literal["open", "paused", "ended"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a friend reads. Without `code_note` no code is shown."""

    who: str
    title: str
    more: tuple[str, ...] = ()
    button: str
    code_note: str = ""
    terms: tuple[str, ...] = ()
    full: str = ""
    """What is said instead of a promise that the program's budget no longer allows."""


def letter(
    program: Program,
    *,
    state: State,
    who: str | None,
    store: str,
    until: datetime,
    language: str,
    speech: Speech,
    fmt: Format,
    exhausted: bool = False,
    split: int | None = None,
) -> Letter:
    """The invitation: `who` is the ambassador's first name, `until` the moment up to which an order counts. The store's
    own words, where it has some in the language, stand in the place of the title and above what the rules add to it.
    Of a program whose budget is `exhausted` only what it still gives. `split` is how the link shares the reward.
    """
    invites = speech.say("%(name)s invites you", name=who) if who else speech.say("A friend invites you")
    if state != "open":
        paused = state == "paused"
        return Letter(
            who=invites,
            title=speech.say("This offer is paused") if paused else speech.say("This offer has ended"),
            more=(speech.say("The store itself is open as always."),),
            button=speech.label("button", "To the store"),
        )
    full = _full(program, speech) if exhausted else ""
    program = without_money(program) if exhausted else program
    title, discount, credit = offer(program, store, speech, fmt), program.discount_served, rule_for(program, "friend")
    more = [_later(credit, program, speech, fmt)] if discount is not None and credit is not None else []
    own_part = own_part_of(program, split)
    if own_part < WHOLE:
        more.append(_shared(own_part, program, who or speech.say("Your friend"), speech, fmt))
    own = program.texts.of(language) if program.texts else Wording()
    values = {"name": who or speech.say("Your friend"), "store": store, "offer": title}
    if own.title is not None and "{offer}" not in f"{own.title}{own.text}":
        more.insert(0, title)  # what a friend gets is said in any case
    if own.text is not None:
        more.insert(0, filled_in(own.text, values))
    return Letter(
        who=invites,
        title=filled_in(own.title, values) if own.title is not None else title,
        more=tuple(more),
        button=speech.say("To the store with the discount") if discount else speech.label("button", "To the store"),
        code_note=_code_note(program, speech),
        full=full,
        terms=tuple(_terms(program, who=who, until=until, shared=own_part < WHOLE, speech=speech, fmt=fmt)),
    )


def share_text(program: Program, *, store: str, code: str | None, language: str, speech: Speech, fmt: Format) -> str:
    """What an ambassador sends along with the link: the store's own words in the language, where it has some that can
    be said, else ours.
    """
    own = program.texts.of(language).share if program.texts else None
    if own is None or (code is None and "{code}" in own):
        return speech.say("A tip from me: %(store)s.", store=store)
    return filled_in(own, {"store": store, "offer": offer(program, store, speech, fmt), "code": code or ""})


def share_hashtags(program: Program, language: str) -> tuple[str, ...]:
    """The store's hashtags in the language, for networks that know some; without their signs."""
    return program.texts.of(language).hashtags if program.texts else ()


def offer(program: Program, store: str, speech: Speech, fmt: Format) -> str:
    """What the friend gets, as a title: said to the friend."""
    discount, credit = program.discount_served, rule_for(program, "friend")
    if discount is not None:
        off = amount(discount, program, fmt)
        if discount.which == "first":
            return speech.say("%(what)s off your first order", what=off)
        return speech.say("%(what)s off each of your orders", what=off)
    if credit is not None:
        return _credit(credit, program, speech, fmt)
    return speech.say("A tip from a friend: %(store)s", store=store)


def _full(program: Program, speech: Speech) -> str:
    """A discount is the shop's to take off; a credit is paid out of the budget, unless it is in points."""
    if not friend_loses(program):
        return ""
    if program.discount_served is not None:
        return speech.say("The credit is no more: all that the program had was given out. The discount stands.")
    return speech.say("All that this program had was given out. The store itself is open as always.")


def _code_note(program: Program, speech: Speech) -> str:
    if program.discount_served is not None:
        return speech.say("If the discount does not apply by itself, enter this code at the checkout:")
    if "code" in program.attribution.priority:
        return speech.say("Or enter this code at the checkout:")
    return ""


def _credit(rule: RewardRule, program: Program, speech: Speech, fmt: Format) -> str:
    """What a credit gives, as a title."""
    first, what = rule.which == "first", amount(rule, program, fmt)
    if rule.pay_as == "points":
        return _points(rule, speech, fmt)
    if rule.span is not None:
        return (
            speech.say("%(what)s back", what=what)
            if rule.pay_as == "cash"
            else speech.say("%(what)s to spend", what=what)
        )
    if rule.pay_as == "cash":
        return (
            speech.say("%(what)s back for your first order", what=what)
            if first
            else speech.say("%(what)s back for each of your orders", what=what)
        )
    return (
        speech.say("%(what)s to spend for your first order", what=what)
        if first
        else speech.say("%(what)s to spend for each of your orders", what=what)
    )


def _points(rule: RewardRule, speech: Speech, fmt: Format) -> str:
    if isinstance(rule.give, Percent) or rule.span is not None or rule.per_minor is not None:
        return (
            speech.say("Points for your orders")
            if rule.span is not None
            else speech.say("Points for your first order")
            if rule.which == "first"
            else speech.say("Points for each of your orders")
        )
    count, n = rule.give.amount_minor, fmt.number(rule.give.amount_minor)
    if rule.which == "first":
        return speech.count("%(n)s point for your first order", "%(n)s points for your first order", count, n=n)
    return speech.count("%(n)s point for each of your orders", "%(n)s points for each of your orders", count, n=n)


def _later(rule: RewardRule, program: Program, speech: Speech, fmt: Format) -> str:
    """What comes beside the discount."""
    what = _credit(rule, program, speech, fmt)
    return speech.say("And after the purchase: %(what)s", what=what)


def _terms(
    program: Program, *, who: str | None, until: datetime, shared: bool, speech: Speech, fmt: Format
) -> list[str]:
    """Until when, for whom, and what the one who invites gets."""
    rules, lines = program.attribution, []
    if program.benefit != "none":
        lines.append(speech.say("Until %(date)s this offer holds.", date=fmt.date(until)))
        if rules.new_customers_only:
            lines.append(speech.say("For people who have not bought here before."))
        if rules.min_subtotal_minor:
            least = money(rules.min_subtotal_minor, program.currency, fmt)
            lines.append(speech.say("For orders from %(least)s.", least=least))
    credit = rule_for(program, "friend")
    lines += conditions(credit, program, speech, fmt) if credit is not None else []
    if credit is not None and credit.hold_days:
        lines.append(
            speech.count(
                "What you get can be used %(n)s day after the purchase.",
                "What you get can be used %(n)s days after the purchase.",
                credit.hold_days,
            )
        )
    own = rule_for(program, "ambassador")
    if own is not None and not shared:
        lines.append(_gain(own, program, who or speech.say("Your friend"), speech, fmt))
    return lines


def own_part_of(program: Program, split: int | None) -> int:
    """The ambassador's part of what they get for an order, in basis points; all of it where nothing is shared."""
    own = rule_for(program, "ambassador")
    if own is None or own.split is None:
        return WHOLE
    return own.split.default_basis_points if split is None else split


def _shared(own_part: int, program: Program, name: str, speech: Speech, fmt: Format) -> str:
    """What the one who invites leaves to the friend of their own reward."""
    rule = rule_for(program, "ambassador")
    assert rule is not None
    yours = share(WHOLE - own_part, fmt)
    points = rule.pay_as == "points"
    gain = speech.say("points") if points else amount(rule, program, fmt)
    if isinstance(rule.give, Percent) and not points:
        gain = speech.say("%(share)s of your order", share=gain)
    if rule.which == "first":
        return speech.say(
            "For your first order %(name)s gets %(gain)s and leaves %(yours)s of it to you.",
            name=name,
            gain=gain,
            yours=yours,
        )
    return speech.say(
        "For each of your orders %(name)s gets %(gain)s and leaves %(yours)s of it to you.",
        name=name,
        gain=gain,
        yours=yours,
    )


def _gain(rule: RewardRule, program: Program, name: str, speech: Speech, fmt: Format) -> str:
    """What the one who invites gets: said openly, so that nobody has to wonder."""
    if rule.pay_as == "points":
        return speech.say("%(name)s gets points for it.", name=name)
    gain = amount(rule, program, fmt)
    if isinstance(rule.give, Percent):
        if rule.which == "first":
            return speech.say("%(name)s gets %(gain)s of your first order.", name=name, gain=gain)
        return speech.say("%(name)s gets %(gain)s of each of your orders.", name=name, gain=gain)
    if rule.which == "first":
        return speech.say("%(name)s gets %(gain)s for your first order.", name=name, gain=gain)
    return speech.say("%(name)s gets %(gain)s for each of your orders.", name=name, gain=gain)
