"""The occasions on which ambassadors are notified, and the words for it that a store may write anew. Pure."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, get_args

from services.common.words import _

Occasion = Literal[
    "joined",
    "clicked",
    "attributed",
    "waiting",
    "rejected",
    "available",
    "earned",
    "goodwill",
    "took_back",
    "balance_expiring",
    "redemption_fulfilled",
    "redemption_cancelled",
    "redemption_returned",
    "tier_reached",
    "tier_left",
    "appeal_answered",
    "terms_changed",
    "destination_changed",
    "digest",
    "invite_friend",
    "invite_join",
]
OCCASIONS: Final[tuple[Occasion, ...]] = get_args(Occasion)
EVERYWHERE: Final = ("store", "program", "link", "code", "page")
"""Values that every message may name: the store, the program, the person's own link, code and page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A template: values stand in braces, an empty line begins a paragraph. `label` is what the button says."""

    subject: str
    body: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What an occasion is: its own values, our words for it in English, and when it is sent."""

    values: tuple[str, ...] = ()
    words: Words
    after: timedelta = timedelta()
    """How long it waits: for what may change it, or say more."""
    collected: bool = False
    """Whether it waits for the next collection, also for who wants none else."""
    everywhere: tuple[str, ...] = EVERYWHERE
    """Which of the values of every message it has."""
    money: bool = False
    """Whether it is about money that can be used, or cannot any more."""
    alarm: bool = False
    """Whether it guards the person's account: sent at once and wherever they can be reached, whatever they chose."""


_PAGE: Final = _("Open my page")

ABOUT: Final[dict[Occasion, About]] = {
    "joined": About(
        words=Words(
            subject=_("You are an ambassador of {store}"),
            body=_(
                "Welcome! This is your link: {link}\n\nAnd this is your promo code: {code}\n\n"
                "Share either of them with friends. Your page shows what comes of it."
            ),
            label=_PAGE,
        )
    ),
    "clicked": About(
        words=Words(
            subject=_("A friend opened your link"),
            body=_(
                "For the first time, somebody opened your link.\n\nWhen they buy, you will hear of it: {link}",
            ),
            label=_PAGE,
        ),
        collected=True,
    ),
    "attributed": About(
        values=("reward", "amount"),
        words=Words(
            subject=_("A friend of yours has bought at {store}"),
            body=_("An order of a friend counts as yours. {reward}"),
            label=_PAGE,
        ),
        after=timedelta(minutes=2),
    ),
    "waiting": About(
        values=("reason",),
        words=Words(
            subject=_("A friend’s order waits"),
            body=_("A friend of yours has ordered at {store}, and the order still waits: {reason}."),
            label=_PAGE,
        ),
        after=timedelta(minutes=10),
    ),
    "rejected": About(
        values=("reason",),
        words=Words(
            subject=_("An order does not count for you"),
            body=_(
                "An order that came by your link or code does not count: {reason}.\n\n"
                "If you think that this is wrong, say so on your page: the store answers there."
            ),
            label=_PAGE,
        ),
        after=timedelta(minutes=2),
    ),
    "available": About(
        values=("amount",),
        words=Words(
            subject=_("{amount} is yours to use"),
            body=_("Your reward of {amount} for a friend’s order is available from now on."),
            label=_PAGE,
        ),
        money=True,
    ),
    "earned": About(
        values=("amount", "deed"),
        words=Words(
            subject=_("{amount} is yours to use"),
            body=_("Your reward of {amount} is available from now on. What it is for: {deed}."),
            label=_PAGE,
        ),
        money=True,
    ),
    "goodwill": About(
        values=("amount",),
        words=Words(
            subject=_("{amount} from {store}"),
            body=_("{store} gave you {amount}, and you can use it from now on."),
            label=_PAGE,
        ),
        money=True,
    ),
    "took_back": About(
        values=("amount", "left", "reason"),
        words=Words(
            subject=_("A reward became smaller"),
            body=_("{amount} of a reward was taken back: {reason}. What is left of it: {left}."),
            label=_PAGE,
        ),
        money=True,
    ),
    "balance_expiring": About(
        values=("amount", "day", "stays"),
        words=Words(
            subject=_("{amount} can be used until {day}"),
            body=_("{amount} of your balance at {store} can be used until {day}, and then expires. {stays}"),
            label=_PAGE,
        ),
        money=True,
    ),
    "redemption_fulfilled": About(
        values=("item",),
        words=Words(
            subject=_("What you redeemed is on its way: {item}"),
            body=_(
                "{store} has sent you what you redeemed, or done it: {item}.\n\n"
                "Where it is a code, that stands on your page."
            ),
            label=_PAGE,
        ),
    ),
    "redemption_cancelled": About(
        values=("item", "amount"),
        words=Words(
            subject=_("What you redeemed comes to nothing: {item}"),
            body=_("What you redeemed at {store} comes to nothing: {item}. Back in your balance: {amount}."),
            label=_PAGE,
        ),
        money=True,
    ),
    "redemption_returned": About(
        values=("item", "amount"),
        words=Words(
            subject=_("What you redeemed came back: {item}"),
            body=_("What you had redeemed at {store} came back: {item}. Back in your balance: {amount}."),
            label=_PAGE,
        ),
        money=True,
    ),
    "tier_reached": About(
        values=("tier", "times"),
        words=Words(
            subject=_("You are in the tier {tier}"),
            body=_("You have reached the tier {tier} of {program}. Your next rewards for friends’ orders: {times}."),
            label=_PAGE,
        ),
    ),
    "tier_left": About(
        values=("tier", "before", "times"),
        words=Words(
            subject=_("Your tier has changed"),
            body=_(
                "Your tier in {program} is another one now: {before} → {tier}. Your next rewards for friends’ orders:"
                " {times}. What you have earned stays as it is."
            ),
            label=_PAGE,
        ),
    ),
    "appeal_answered": About(
        values=("answer",),
        words=Words(
            subject=_("{store} has answered you"),
            body=_("You objected, and the store has answered: {answer}. Its words stand on your page."),
            label=_PAGE,
        ),
    ),
    "terms_changed": About(
        values=("version", "terms"),
        words=Words(
            subject=_("The terms of {program} have changed"),
            body=_("The program has new terms, version {version}. Read them here: {terms}"),
            label=_PAGE,
        ),
    ),
    "destination_changed": About(
        values=("method", "usable"),
        words=Words(
            subject=_("Where your money goes has changed"),
            body=_(
                "Somebody who was signed in as you at {store} has said where your money goes: {method}. "
                "Nothing is paid there before {usable}.\n\n"
                "If it was you, there is nothing to do. If not, write to {store} before then, and change it back on"
                " your page."
            ),
            label=_PAGE,
        ),
        alarm=True,
    ),
    "digest": About(
        values=("news",),
        words=Words(subject=_("News from {store}"), body=_("What is new:\n\n{news}"), label=_PAGE),
    ),
    "invite_friend": About(
        values=("inviter", "offer"),
        words=Words(
            subject=_("{inviter} recommends {store}"),
            body=_("{inviter} thinks that you may like {store}.\n\n{offer}\n\nThe promo code: {code}"),
            label=_("Have a look"),
        ),
        everywhere=("store", "program", "link", "code"),
    ),
    "invite_join": About(
        values=("offer",),
        words=Words(
            subject=_("{store} invites you"),
            body=_(
                "{store} would like you to recommend it to friends: {offer}\n\n"
                "You get a link and a promo code of your own, and see what comes of them."
            ),
            label=_("Look at it"),
        ),
        everywhere=("store", "program"),
    ),
}


def values_of(occasion: Occasion) -> tuple[str, ...]:
    """The values that a template of this occasion may name."""
    return (*ABOUT[occasion].values, *ABOUT[occasion].everywhere)
