"""A program in plain words, in the reader's language: one sentence for ambassadors, and terms line by line. Pure."""

from collections.abc import Iterable

from contracts.limits import PerAmbassador
from contracts.milestones import MilestoneRule
from contracts.program import FRIEND_JOINED, Discount, EventRule, Percent, Program, RewardRule
from services.common.event_names import deed_title
from services.links.programs.domain.budget import retry_text, used_up, used_up_text
from services.links.programs.domain.cashback_words import cashback_terms
from services.links.programs.domain.conditions import conditions, expiry, membership_terms
from services.links.programs.domain.parts import filled_in as filled_in
from services.links.programs.domain.parts import fixed, share
from services.links.programs.domain.parts import money as money
from services.links.programs.domain.parts import role as role
from services.links.programs.domain.plan_words import plan_terms
from services.links.programs.domain.sponsor_words import sponsor_terms
from services.links.programs.domain.tier_words import tier_terms
from services.links.programs.domain.windows import windows
from services.ui import Format, Speech


def amount(rule: RewardRule | Discount, program: Program, fmt: Format) -> str:
    """What a rule gives: €10, €7.50, 10%."""
    if isinstance(rule.give, Percent):
        return share(rule.give.basis_points, fmt)
    return money(rule.give.amount_minor, program.currency, fmt)


def rule_for(program: Program, side: str) -> RewardRule | None:
    """The first rule for one side that gives something, which is what people are told of."""
    return next((rule for rule in program.rules_served if rule.to == side), None)


def friend_gift(program: Program, fmt: Format) -> str:
    """What a friend gets, as one figure: the discount where there is one, else the credit; empty for nothing."""
    gift = program.discount_served or rule_for(program, "friend")
    return amount(gift, program, fmt) if gift else ""


def headline(program: Program, speech: Speech, fmt: Format) -> str:
    """The rule in one sentence, to an ambassador."""
    own, gift = rule_for(program, "ambassador"), friend_gift(program, fmt)
    if own is None and not gift:
        return speech.say("Nothing is given at the moment") if used_up(program) else program.name
    if own is None:
        return speech.say("Give a friend %(gift)s", gift=gift)
    gain = given(own, program, speech, fmt)
    if isinstance(own.give, Percent) and own.span is None:
        return _share(gift, gain, every=own.which == "every", speech=speech)
    if gift:
        return speech.say("Give a friend %(gift)s, get %(gain)s", gift=gift, gain=gain)
    return speech.say("Get %(gain)s for a friend who buys", gain=gain)


def _share(gift: str, gain: str, *, every: bool, speech: Speech) -> str:
    if gift and every:
        return speech.say("Give a friend %(gift)s, get %(gain)s of each order", gift=gift, gain=gain)
    if gift:
        return speech.say("Give a friend %(gift)s, get %(gain)s of the first order", gift=gift, gain=gain)
    if every:
        return speech.say("Get %(gain)s of each order of a friend", gain=gain)
    return speech.say("Get %(gain)s of a friend’s first order", gain=gain)


def promises(program: Program, speech: Speech, fmt: Format) -> list[str]:
    """What both sides get and what it takes, line by line, to an ambassador; before it, that its budget is used up."""
    lines = [used_up_text(speech)] if used_up(program) else []
    if (discount := program.discount_served) is not None:
        what = amount(discount, program, fmt)
        if discount.which == "first":
            lines.append(speech.say("Your friend gets %(what)s off the first order, at the checkout.", what=what))
        else:
            lines.append(speech.say("Your friend gets %(what)s off each order, at the checkout.", what=what))
    for rule in program.rules_served:
        what = given(rule, program, speech, fmt)
        if rule.span is not None and rule.to == "friend":
            lines.append(speech.say("Your friend gets %(what)s for orders.", what=what))
        elif rule.span is not None:
            lines.append(speech.say("You get %(what)s for orders of your friends.", what=what))
        elif rule.to == "friend" and rule.which == "first":
            lines.append(speech.say("Your friend gets %(what)s for the first order.", what=what))
        elif rule.to == "friend":
            lines.append(speech.say("Your friend gets %(what)s for each order.", what=what))
        elif rule.which == "first":
            lines.append(speech.say("You get %(what)s for each friend’s first order.", what=what))
        else:
            lines.append(speech.say("You get %(what)s for each order of your friends.", what=what))
        lines += conditions(rule, program, speech, fmt)
        if rule.to == "ambassador":
            lines += limits(rule, program, speech, fmt)
    for event in program.event_rewards:
        lines.append(event_terms(event, program, speech, fmt))
        if event.on == FRIEND_JOINED:
            lines.append(speech.say("It counts once the order by which the friend came is final."))
        if event.to == "ambassador":
            lines += per_ambassador(event.limits.per_ambassador, program, speech, fmt)
        lines += expiry(event, speech, fmt)
    for milestone in program.milestone_rewards:
        lines += milestone_terms(milestone, program, speech, fmt)
    lines += plan_terms(program, speech, fmt)
    lines += cashback_terms(program, speech, fmt)
    lines += sponsor_terms(program, speech, fmt)
    lines += [*tier_terms(program, speech, fmt), *membership_terms(program, speech, fmt)]
    least = program.attribution.min_subtotal_minor
    if least:
        lines.append(speech.say("An order counts from %(least)s.", least=money(least, program.currency, fmt)))
    if program.attribution.new_customers_only:
        lines.append(speech.say("It is for people who have not bought here before."))
    return lines


def limits(rule: RewardRule, program: Program, speech: Speech, fmt: Format) -> list[str]:
    """The caps of a rule, each a sentence."""
    found = []
    if rule.limits.per_order_minor is not None:
        most = money(rule.limits.per_order_minor, program.currency, fmt)
        found.append(speech.say("At most %(most)s for one order.", most=most))
    return found + per_ambassador(rule.limits.per_ambassador, program, speech, fmt)


def per_ambassador(cap: PerAmbassador | None, program: Program, speech: Speech, fmt: Format) -> list[str]:
    """A cap per ambassador and period, in sentences."""
    found = []
    if cap is not None and cap.count is not None:
        found.append(_count_cap(cap, speech))
    if cap is not None and cap.amount_minor is not None:
        found.append(_amount_cap(cap, money(cap.amount_minor, program.currency, fmt), speech))
    return found


def event_terms(rule: EventRule, program: Program, speech: Speech, fmt: Format) -> str:
    """What is given for something a friend does that is no order, as a sentence to an ambassador."""
    what = given(rule, program, speech, fmt)
    deed = deed_title(rule.on, speech)
    if rule.to == "ambassador" and rule.which == "first":
        return speech.say("%(deed)s: you get %(what)s, once for each friend.", deed=deed, what=what)
    if rule.to == "ambassador":
        return speech.say("%(deed)s: you get %(what)s each time.", deed=deed, what=what)
    if rule.which == "first":
        return speech.say("%(deed)s: the friend gets %(what)s, once.", deed=deed, what=what)
    return speech.say("%(deed)s: the friend gets %(what)s each time.", deed=deed, what=what)


def milestone_terms(rule: MilestoneRule, program: Program, speech: Speech, fmt: Format) -> list[str]:
    """What is given for having brought so many, in sentences to an ambassador: for what, and how often at most."""
    found = [_milestone(rule, program, given(rule, program, speech, fmt), speech, fmt)]
    if rule.at_most is not None:
        most = fmt.number(rule.at_most)
        found.append(
            speech.count("At most %(n)s reward in all.", "At most %(n)s rewards in all.", rule.at_most, n=most)
        )
    return found + expiry(rule, speech, fmt)


def _milestone(rule: MilestoneRule, program: Program, what: str, speech: Speech, fmt: Format) -> str:
    size, n = rule.on.size, fmt.number(rule.on.size)
    match rule.on.of, rule.on.every is not None:
        case "friends", True:
            return speech.count(
                "You get %(what)s for every %(n)s friend who buys.",
                "You get %(what)s for every %(n)s friends who buy.",
                size,
                n=n,
                what=what,
            )
        case "friends", False:
            return speech.count(
                "You get %(what)s when %(n)s friend has bought.",
                "You get %(what)s when %(n)s friends have bought.",
                size,
                n=n,
                what=what,
            )
        case "orders", True:
            return speech.count(
                "You get %(what)s for every %(n)s order of your friends.",
                "You get %(what)s for every %(n)s orders of your friends.",
                size,
                n=n,
                what=what,
            )
        case "orders", False:
            return speech.count(
                "You get %(what)s when your friends have placed %(n)s order.",
                "You get %(what)s when your friends have placed %(n)s orders.",
                size,
                n=n,
                what=what,
            )
        case _, True:
            spent = money(size, program.currency, fmt)
            return speech.say("You get %(what)s for every %(spent)s that your friends spend.", what=what, spent=spent)
        case _:
            spent = money(size, program.currency, fmt)
            return speech.say("You get %(what)s when your friends have spent %(spent)s.", what=what, spent=spent)


def given(rule: RewardRule | EventRule | MilestoneRule, program: Program, speech: Speech, fmt: Format) -> str:
    """What a rule gives, points as points: €10, 10%, 5 points."""
    if isinstance(rule.give, Percent):
        return share(rule.give.basis_points, fmt)
    return fixed(rule.give, rule.pay_as, program.currency, speech, fmt)


def _count_cap(cap: PerAmbassador, speech: Speech) -> str:
    count = cap.count or 0
    match cap.period:
        case "day":
            return speech.count("At most %(n)s reward a day.", "At most %(n)s rewards a day.", count)
        case "week":
            return speech.count("At most %(n)s reward a week.", "At most %(n)s rewards a week.", count)
        case "month":
            return speech.count("At most %(n)s reward a month.", "At most %(n)s rewards a month.", count)
        case "year":
            return speech.count("At most %(n)s reward a year.", "At most %(n)s rewards a year.", count)
        case _:
            return speech.count("At most %(n)s reward in all.", "At most %(n)s rewards in all.", count)


def _amount_cap(cap: PerAmbassador, most: str, speech: Speech) -> str:
    match cap.period:
        case "day":
            return speech.say("At most %(most)s a day.", most=most)
        case "week":
            return speech.say("At most %(most)s a week.", most=most)
        case "month":
            return speech.say("At most %(most)s a month.", most=most)
        case "year":
            return speech.say("At most %(most)s a year.", most=most)
        case _:
            return speech.say("At most %(most)s in all.", most=most)


def terms(rule: RewardRule, program: Program, speech: Speech, fmt: Format) -> str:
    """A rule for somebody who runs the program: how much, when, how it is paid, after how long."""
    what = given(rule, program, speech, fmt)
    parts = [
        speech.say("%(what)s for some orders", what=what)
        if rule.span is not None
        else speech.say("%(what)s for the first order", what=what)
        if rule.which == "first"
        else speech.say("%(what)s for each order", what=what),
        {
            "cash": speech.say("in cash"),
            "store_credit": speech.say("as store credit"),
            "points": speech.say("as points"),
        }[rule.pay_as],
        speech.say("at once")
        if rule.hold_days == 0
        else speech.count("after %(n)s day", "after %(n)s days", rule.hold_days),
    ]
    return ", ".join(parts)


def friend_terms(program: Program, speech: Speech, fmt: Format) -> str:
    """How the friend is served, for somebody who runs the program."""
    discount, credit = program.discount_served, rule_for(program, "friend")
    parts = []
    if discount is not None:
        what = amount(discount, program, fmt)
        parts.append(
            speech.say("%(what)s off the first order, at the checkout", what=what)
            if discount.which == "first"
            else speech.say("%(what)s off each order, at the checkout", what=what)
        )
    if credit is not None:
        parts.append(terms(credit, program, speech, fmt))
    if len(parts) == 2:
        return speech.say("both: %(discount)s; %(credit)s", discount=parts[0], credit=parts[1])
    return parts[0] if parts else speech.say("nothing")


def facts(program: Program, speech: Speech, fmt: Format) -> dict[str, str]:
    """The whole program, label by label, for somebody who runs it; two versions differ where these texts do."""
    own = rule_for(program, "ambassador")
    nothing = speech.say("nothing")
    attribution = program.attribution
    asked = [text for rule in program.rules_served for text in conditions(rule, program, speech, fmt)]
    caps = [cap for rule in program.rules_served for cap in limits(rule, program, speech, fmt)]
    events = [
        text
        for rule in program.event_rewards
        for text in (
            event_terms(rule, program, speech, fmt),
            *per_ambassador(rule.limits.per_ambassador, program, speech, fmt),
            *expiry(rule, speech, fmt),
        )
    ]
    milestones = [text for rule in program.milestone_rewards for text in milestone_terms(rule, program, speech, fmt)]
    return {
        speech.say("Name"): program.name,
        speech.say("Status"): status(program, speech),
        speech.say("Friend gets"): friend_terms(program, speech, fmt),
        speech.say("Ambassador gets"): terms(own, program, speech, fmt) if own else nothing,
        speech.say("Conditions"): " ".join(asked) or speech.say("none"),
        speech.say("Limits"): " ".join(caps) or speech.say("none"),
        speech.say("For other events"): " ".join(events) or nothing,
        speech.say("For milestones"): " ".join(milestones) or nothing,
        speech.say("For plans"): " ".join(plan_terms(program, speech, fmt)) or nothing,
        speech.say("Cashback"): " ".join(cashback_terms(program, speech, fmt)) or nothing,
        speech.say("For sponsors"): " ".join(sponsor_terms(program, speech, fmt)) or nothing,
        speech.say("Tiers"): " ".join(tier_terms(program, speech, fmt)) or speech.say("none"),
        speech.say("Proofs, best first"): ", ".join(proof(kind, speech) for kind in attribution.priority),
        speech.say("Which click counts"): speech.say("the first")
        if attribution.model == "first"
        else speech.say("the last"),
        **windows(attribution, speech),
        speech.say("Buyers"): speech.say("new customers only")
        if attribution.new_customers_only
        else speech.say("everybody"),
        speech.say("Smallest order"): money(attribution.min_subtotal_minor, program.currency, fmt)
        if attribution.min_subtotal_minor
        else speech.say("none"),
        speech.say("Budget"): money(program.budget.amount_minor, program.currency, fmt)
        if program.budget
        else speech.say("no limit"),
        speech.say("What the budget or a limit refused"): retry_text(program, speech),
        speech.say("Rank"): fmt.number(program.rank),
        speech.say("Share links open"): speech.say("a page of invitation")
        if program.landing == "page"
        else speech.say("the store"),
        speech.say("Landing page"): str(program.landing_url),
        "UTM": ", ".join(f"{name}={text}" for name, text in program.utm if text) if program.utm else speech.say("none"),
        speech.say("Words of your own"): own_words(program) or speech.say("none"),
        speech.say("Who can join by themselves"): joining(program, speech),
    }


def own_words(program: Program) -> str:
    """The store's own words, language by language."""
    return "; ".join(
        f"{language}: {' · '.join(filter(None, (words.title, words.text, words.share, *hashtags(words.hashtags))))}"
        for language, words in program.texts or ()
        if words is not None
    )


def hashtags(tags: Iterable[str]) -> list[str]:
    """Hashtags as they are written."""
    return [f"#{tag}" for tag in tags]


def joining(program: Program, speech: Speech) -> str:
    """How people join by themselves."""
    how = program.joining
    if how is None:
        return speech.say("nobody")
    parts = [
        speech.say("anybody who confirms their address") if how.double_opt_in else speech.say("anybody, at once"),
        ", ".join(role(one, speech) for one in how.roles),
        speech.say("terms %(version)s", version=how.terms.version) if how.terms else "",
    ]
    return "; ".join(filter(None, parts))


def status(program: Program, speech: Speech) -> str:
    """The program's status as a word."""
    return {
        "active": speech.label("chip", "Active"),
        "paused": speech.label("chip", "Paused"),
        "archived": speech.label("chip", "Archived"),
    }[program.status]


def proof(kind: str, speech: Speech) -> str:
    """A kind of proof as words."""
    return {
        "code": speech.say("promo code"),
        "click": speech.say("click"),
        "customer": speech.say("known customer"),
    }[kind]


def differences(before: Program, after: Program, speech: Speech, fmt: Format) -> list[str]:
    """What a version changed, each as "label: old → new"."""
    old, new = facts(before, speech, fmt), facts(after, speech, fmt)
    return [f"{label}: {old[label]} → {text}" for label, text in new.items() if old[label] != text]
