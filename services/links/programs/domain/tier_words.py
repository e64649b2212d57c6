"""A program's tiers in sentences to an ambassador, in the reader's language. Pure."""

from contracts.program import Program
from contracts.tiers import CalendarWindow, Match, OneStep, RollingWindow, Tier, Tiers
from services.common.money import exponent
from services.common.tier_names import times
from services.ui import Format, Speech


def tier_terms(program: Program, speech: Speech, fmt: Format) -> list[str]:
    """What each tier takes and gives, what is counted, and what becomes of who falls below; nothing without tiers."""
    tiers = program.tiers
    if tiers is None:
        return []
    return [
        speech.say("Your tier multiplies your rewards for friends’ orders."),
        *(text for tier in tiers.steps for text in _tier(tier, tiers, program.currency, speech, fmt)),
        *_window(tiers, speech, fmt),
        *_below(tiers, speech, fmt),
    ]


def _tier(tier: Tier, tiers: Tiers, currency: str, speech: Speech, fmt: Format) -> list[str]:
    found = [_step(tier, tiers, currency, speech, fmt)]
    if tier.hold_days is not None:
        found.append(
            speech.count(
                "In %(tier)s, rewards for orders can be used %(n)s day after the purchase.",
                "In %(tier)s, rewards for orders can be used %(n)s days after the purchase.",
                tier.hold_days,
                n=fmt.number(tier.hold_days),
                tier=tier.name,
            )
        )
    if tier.privileges:
        found.append(
            speech.say("In %(tier)s you also have: %(what)s.", tier=tier.name, what="; ".join(tier.privileges))
        )
    return found


def _step(tier: Tier, tiers: Tiers, currency: str, speech: Speech, fmt: Format) -> str:
    named = {"tier": tier.name, "times": times(tier.multiplier_basis_points, fmt)}
    n = fmt.number(tier.at)
    if tier.at == 0:
        return speech.say("%(tier)s, %(times)s: from the start.", **named)
    match tiers.measure:
        case "friends":
            return speech.count(
                "%(tier)s, %(times)s: when %(n)s friend has bought.",
                "%(tier)s, %(times)s: when %(n)s friends have bought.",
                tier.at,
                n=n,
                **named,
            )
        case "orders":
            return speech.count(
                "%(tier)s, %(times)s: when your friends have placed %(n)s order.",
                "%(tier)s, %(times)s: when your friends have placed %(n)s orders.",
                tier.at,
                n=n,
                **named,
            )
        case "clicks":
            return speech.count(
                "%(tier)s, %(times)s: when people have clicked your links %(n)s time.",
                "%(tier)s, %(times)s: when people have clicked your links %(n)s times.",
                tier.at,
                n=n,
                **named,
            )
        case "tenure":
            return speech.count(
                "%(tier)s, %(times)s: when you have been an ambassador for more than %(n)s month.",
                "%(tier)s, %(times)s: when you have been an ambassador for more than %(n)s months.",
                tier.at,
                n=n,
                **named,
            )
        case _:
            spent = fmt.money(tier.at, currency, whole=tier.at % 10 ** exponent(currency) == 0)
            return speech.say("%(tier)s, %(times)s: when your friends have spent %(spent)s.", spent=spent, **named)


def _window(tiers: Tiers, speech: Speech, fmt: Format) -> list[str]:
    match tiers.window:
        case CalendarWindow(period="month"):
            return [speech.say("Each month is counted anew.")]
        case CalendarWindow(period="quarter"):
            return [speech.say("Each quarter is counted anew.")]
        case CalendarWindow():
            return [speech.say("Each year is counted anew.")]
        case RollingWindow(days=days):
            return [
                speech.count(
                    "Only the last %(n)s day counts.", "Only the last %(n)s days count.", days, n=fmt.number(days)
                )
            ]
    return []


def _below(tiers: Tiers, speech: Speech, fmt: Format) -> list[str]:
    match tiers.when_below:
        case Match():
            return [speech.say("When the count falls, so does the tier.")]
        case OneStep(grace_days=days):
            return [
                speech.count(
                    "Who stays below their tier for %(n)s day falls by one tier.",
                    "Who stays below their tier for %(n)s days falls by one tier.",
                    days,
                    n=fmt.number(days),
                )
            ]
    return [] if tiers.measure == "tenure" else [speech.say("A tier that was reached stays.")]
