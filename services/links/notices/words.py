"""Reasons and rewards as sentences to an ambassador: nobody's name, and no order's total."""

from collections.abc import Sequence
from typing import Final

from services.common.reasons import reason_text
from services.common.words import _
from services.links.notices.domain.occasions import ABOUT, Occasion, Words
from services.links.notices.sql.rewards import Reward
from services.links.programs.domain.words import money
from services.ui import Format, Speech

REASONS: Final[dict[str, str]] = {
    "unpaid": _("it is not paid yet"),
    "not_new_customer": _("your friend had bought here before, and the program is for new customers"),
    "self_referral": _("it is a purchase of your own"),
    "below_minimum": _("it is smaller than the program asks for"),
    "code_made_later": _("the promo code is younger than the order"),
    "code_retired": _("the promo code was withdrawn before"),
    "code_expired": _("the promo code’s time was over"),
    "code_too_old": _("the promo code was made too long before"),
    "code_used_up": _("the promo code was used up"),
    "kind_not_counted": _("the program does not accept this kind of proof"),
    "program_paused": _("the program was paused at that time"),
    "program_archived": _("the program had ended by then"),
    "ambassador_blocked": _("sharing is paused for your account"),
    "click_by_bot": _("your link was opened by software, not by a person"),
    "click_prefetched": _("a browser loaded your link ahead, and nobody opened it"),
    "click_embedded": _("a page loaded your link by itself, and nobody clicked"),
    "refunded": _("the order was returned"),
    "partly_refunded": _("a part of the order was returned"),
    "cancelled": _("the order was cancelled"),
    "not_attributed": _("the order does not count any more"),
    "reassigned": _("the order belongs to somebody else by the program’s rules"),
    "rejected_by_person": _("the store looked at it and refused it"),
    "refused_by_store": _("the store looked at it and refused it"),
    "taken_back": _("the store had given it by hand"),
    "event_cancelled": _("the store called off what it was for"),
    "not_first_event": _("an earlier one counts"),
    "not_reached": _("orders that counted fell away"),
}
"""Each follows a colon."""


ANSWERS: Final[dict[str, str]] = {
    "attributed": _("the order counts as yours now"),
    "stands": _("the order counted as yours already"),
    "goodwill": _("the order can be decided no more, and the store makes up for it"),
    "nothing": _("nothing changes"),
}
"""What came of an appeal. Each follows a colon."""


def answer(outcome: str, speech: Speech) -> str:
    """What came of an appeal, as a clause; of a newer build, its word."""
    known = ANSWERS.get(outcome)
    return speech.say(known) if known else outcome.replace("_", " ")


def reason(code: str, speech: Speech) -> str:
    """Why, as a clause; of a newer build, the word that lists have for it."""
    known = REASONS.get(code)
    return speech.say(known) if known else reason_text(code, speech)


def method(name: str, speech: Speech) -> str:
    """A way to be paid, in a few words; of a newer build, its word."""
    known = {
        "iban": speech.say("a bank account"),
        "paypal": speech.say("a PayPal account"),
        "wallet": speech.say("an electronic wallet"),
        "other": speech.say("another way to be paid"),
    }
    return known.get(name, name)


def amount(minor: int, reward: Reward, speech: Speech, fmt: Format) -> str:
    """An amount as it is paid: money, or points."""
    points = reward.pay_as == "points"
    return part(minor if points else None, None if points else minor, reward.currency, speech, fmt)


def part(points: int | None, minor: int | None, currency: str | None, speech: Speech, fmt: Format) -> str:
    """So much of a balance: points, or store credit."""
    if points is not None:
        return speech.count("%(n)s point", "%(n)s points", points, n=fmt.number(points))
    return money(minor or 0, currency or "", fmt)


def stays(speech: Speech) -> str:
    """What keeps a balance from expiring by idleness."""
    return speech.say("If you earn or use some before then, it stays.")


def total(rewards: Sequence[Reward], speech: Speech, fmt: Format) -> str:
    """What some rewards come to: one sum for each currency, and for points."""
    sums: dict[tuple[str, str], int] = {}
    first: dict[tuple[str, str], Reward] = {}
    for one in rewards:
        unit = ("points", "") if one.pay_as == "points" else ("money", one.currency)
        first.setdefault(unit, one)
        sums[unit] = sums.get(unit, 0) + one.amount_minor
    return " + ".join(amount(minor, first[unit], speech, fmt) for unit, minor in sums.items())


def reward_sentence(rewards: Sequence[Reward], speech: Speech, fmt: Format) -> str:
    """What an order brings, and when."""
    if not rewards:
        return speech.say("Your page shows what it brings.")
    what = total(rewards, speech, fmt)
    moments = [one.available_at for one in rewards if one.available_at is not None and one.status != "available"]
    if not moments:
        return speech.say("Your reward: %(what)s.", what=what)
    return speech.say(
        "Your reward: %(what)s, available on %(date)s unless the order is returned.",
        what=what,
        date=fmt.date(max(moments)),
    )


def default_words(occasion: Occasion, speech: Speech) -> Words:
    """Our words for an occasion, in a language."""
    ours = ABOUT[occasion].words
    return Words(subject=speech.say(ours.subject), body=speech.say(ours.body), label=speech.say(ours.label))


def occasion_text(occasion: str, speech: Speech) -> str:
    """What an occasion is called in lists."""
    known = {
        "joined": speech.say("Joined"),
        "clicked": speech.say("First click of a friend"),
        "attributed": speech.say("Order counts"),
        "waiting": speech.say("Order waits"),
        "rejected": speech.say("Order does not count"),
        "available": speech.say("Reward available"),
        "earned": speech.say("Reward for another event"),
        "goodwill": speech.say("Given by the store"),
        "took_back": speech.say("Reward taken back"),
        "balance_expiring": speech.say("Balance expires soon"),
        "redemption_fulfilled": speech.say("Redemption fulfilled"),
        "redemption_cancelled": speech.say("Redemption cancelled"),
        "redemption_returned": speech.say("Redemption taken back"),
        "tier_reached": speech.say("Tier reached"),
        "tier_left": speech.say("Tier left"),
        "appeal_answered": speech.say("Objection answered"),
        "terms_changed": speech.say("Terms changed"),
        "destination_changed": speech.say("Payout destination changed"),
        "announcement": speech.say("Announcement"),
        "digest": speech.say("Several at once"),
        "invite_friend": speech.say("Invitation of a friend"),
        "invite_join": speech.say("Invitation to join"),
    }
    return known.get(occasion, occasion)
