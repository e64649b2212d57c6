"""What the pages show of rewards: cards of an order, rows of a list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from markupsafe import Markup

from contracts.program import Program, RewardRule
from services.common.benefit import program_part
from services.rewards.grants.api import words
from services.rewards.grants.domain.caps import Tally
from services.rewards.grants.domain.reward import Reward
from services.rewards.pages import Reader
from services.rewards.rules.domain import Order, entitlements
from services.ui import AmountCard, Column, Name, Row, Step, Table

NAMES = "/console/links/names"
"""Address at which links gives ambassadors' names for ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """Everything that the cards of one order are made of."""

    order: Order
    program: Program | None
    rewards: Sequence[Reward]
    tallies: Mapping[str, Tally]
    """By rule: what counts against its limit per ambassador in the period of the order."""


def cards_of(reader: Reader, view: OrderView) -> list[AmountCard]:
    """The rewards that the order has or had, then the rules that give nothing, each with its reason."""
    shown = [reward for reward in view.rewards if reward.target_minor or not _replaced(reward, view.rewards)]
    shown.sort(key=lambda reward: (reward.sponsor_level or 0, reward.side, reward.rule))
    cards = [card_of(reader, reward, view) for reward in shown]
    if view.program is None:
        return cards
    had = {reward.rule for reward in shown}
    return [*cards, *_discount_cards(reader, view.order, view.program)] + [
        AmountCard(
            who=words.side_label(reader.speech, one.side)
            if one.won_by is None
            else words.sponsor_label(reader.speech, one.level),
            amount=reader.amount(0, one.unit),
            terms=words.nothing_due_text(reader, view.order, one.reason, view.program.currency),
        )
        for one in entitlements(view.order, view.program)
        if one.rule not in had and one.want_minor == 0
    ]


def _discount_cards(reader: Reader, order: Order, program: Program) -> list[AmountCard]:
    """What the friend had at the checkout, where the program serves friends there. Nobody is owed it any more."""
    discount = program.discount_served
    if discount is None or order.refusal is not None:
        return []
    part = program_part(
        discount,
        same_currency=order.currency == program.currency,
        order_number=order.order_number,
        subtotal_minor=order.subtotal_minor,
        discount_minor=order.discount_minor,
    )
    return [
        AmountCard(
            who=words.side_label(reader.speech, "friend"),
            amount=reader.amount(part, order.currency),
            terms=words.discount_text(reader, discount, order, part),
        )
    ]


def _replaced(reward: Reward, rewards: Sequence[Reward]) -> bool:
    """Whether another beneficiary now has what this reward once was."""
    place = (reward.rule, reward.level, reward.side)
    return any((one.rule, one.level, one.side) == place and one.target_minor for one in rewards if one is not reward)


def card_of(reader: Reader, reward: Reward, view: OrderView) -> AmountCard:
    """One reward as a card: who, how much, by which terms, how far on its way."""
    rule = view.program.rule_named(reward.rule) if view.program is not None else None
    for_sponsors = view.program.sponsor_rule_named(reward.rule) if view.program is not None else None
    terms = words.terms_text(reader, rule, view.order, reward) if rule is not None else ""
    if for_sponsors is not None:
        terms = words.sponsor_terms_text(reader, for_sponsors, view.order, reward)
    limits = words.reason_text(reader, reward)
    if not limits and rule is not None and rule.limits.per_ambassador is not None and reward.rule in view.tallies:
        limits = words.limit_text(reader, rule.limits.per_ambassador, view.tallies[reward.rule], reward.unit)
    return AmountCard(
        who=words.who_label(reader.speech, reward),
        name=_filled(reward.beneficiary_id) if reward.side == "ambassador" else "",
        amount=reader.amount(reward.target_minor, reward.unit),
        terms=terms,
        limits=limits,
        chip=words.status_chip(reader.speech, reward),
        steps=steps_of(reader, reward, rule) if reward.target_minor else (),
        href=f"/console/rewards/rewards/{reward.reward_id}",
    )


def sourced_card(reader: Reader, reward: Reward) -> AmountCard:
    """What is for no order, as a card: to whom, for what, and what is left of it."""
    by_hand = reward.source_kind == "person"
    return AmountCard(
        who=words.who_label(reader.speech, reward),
        name=_filled(reward.beneficiary_id) if reward.side == "ambassador" else "",
        amount=reader.amount(reward.target_minor, reward.unit),
        terms=words.source_label(reader.speech, "person")
        if by_hand
        else words.source_text(reader.speech, reader.fmt, reward),
        steps=() if by_hand or not reward.target_minor else steps_of(reader, reward, None),
        limits=words.reason_text(reader, reward),
        chip=words.status_chip(reader.speech, reward),
    )


def _filled(ambassador_id: str) -> Markup:
    """A place where links writes the ambassador's name."""
    return Markup('<span data-name="{}"></span>').format(ambassador_id)


def steps_of(reader: Reader, reward: Reward, rule: RewardRule | None) -> list[Step]:
    """Pending, settled, available, used: with dates, as far as they are known."""
    speech, fmt = reader.speech, reader.fmt
    last = speech.label("chip", "Paid") if reward.pay_as == "cash" else speech.label("chip", "Redeemed")
    settles = reward.settled_at or _settles(reward, rule)
    return [
        Step(speech.label("chip", "Pending"), fmt.date(reward.granted_at or reward.created_at), done=True),
        Step(speech.label("chip", "Settled"), fmt.date(settles), done=reward.settled_at is not None),
        Step(
            speech.label("chip", "Available"),
            "" if reward.waits_for else fmt.date(reward.released_at or max(reward.available_at, settles)),
            done=reward.released_at is not None,
        ),
        Step(last),
    ]


def _settles(reward: Reward, rule: RewardRule | None) -> datetime:
    """When the order is expected to settle: the hold, as long as no rule of the program has a shorter one."""
    return reward.placed_at + timedelta(days=rule.hold_days) if rule is not None else reward.available_at


def list_of(reader: Reader, rewards: Sequence[Reward]) -> Table:
    """Rewards as a list, youngest first."""
    speech = reader.speech
    return Table(
        name=speech.say("Rewards"),
        columns=[
            Column("for", speech.label("head", "For what")),
            Column("who", speech.label("head", "For")),
            Column("rule", speech.label("head", "Rule"), minor=True),
            Column("status", speech.label("head", "Status")),
            Column("available", speech.label("head", "Available"), minor=True),
            Column("amount", speech.label("head", "Amount"), figure=True),
        ],
        rows=[_row(reader, reward) for reward in rewards],
        listing=True,
        names_src=NAMES,
    )


def _row(reader: Reader, reward: Reward) -> Row:
    speech, fmt = reader.speech, reader.fmt
    side = words.who_label(speech, reward)
    amount = reader.amount(reward.target_minor, reward.unit)
    # Only what can still come by itself, or has come, has a date; what was taken back has none.
    known = reward.target_minor and reward.waits_for is None
    available = fmt.date(reward.released_at or reward.available_at) if known else None
    return Row(
        cells={
            "for": Name(
                words.source_text(speech, fmt, reward),
                below=fmt.date(reward.placed_at),
                href=f"/console/rewards/rewards/{quote(reward.reward_id)}",
            ),
            "who": Name(side, fill=reward.beneficiary_id if reward.side == "ambassador" else ""),
            "rule": Name(
                words.rule_label(speech, reward.rule) if reward.rule else "",
                below=words.waits_text(speech, reward) or words.reason_text(reader, reward),
            ),
            "status": words.status_chip(speech, reward),
            "available": available,
            "amount": amount,
        },
        key_figure=amount,
        facts=[words.status_word(speech, reward), side, *([available] if available else [])],
    )
