"""When a rule gives something and what it gives for some goods and on some days, each in a sentence. Pure."""

from collections.abc import Iterable, Iterator

from contracts.expiry import Expiring
from contracts.program import Program, RewardRule
from contracts.reward_terms import Boost, Goods, ShareOf, Span, Term, When
from services.common.channels import channel_text
from services.links.programs.domain.parts import money, role, share
from services.links.programs.domain.split_words import split_terms
from services.ui import Format, Speech


def conditions(rule: RewardRule, program: Program, speech: Speech, fmt: Format) -> list[str]:
    """All that a rule says beside its gift and its limits; nothing where it says no more."""
    found: list[str] = []
    if rule.per_minor is not None:
        per = money(rule.per_minor, program.currency, fmt)
        found.append(speech.say("That is for each %(per)s of the price of the goods.", per=per))
    if rule.span is not None:
        found.append(span_text(rule.span, speech))
    found += [_term(term, rule, program, speech, fmt) for term in rule.terms]
    if rule.when is not None:
        found += when_texts(rule.when, program, speech, fmt)
    for boost in rule.boosts:
        found += _boost(boost, speech, fmt)
    if rule.split is not None:
        found.append(split_terms(rule.split, speech, fmt))
    return found + expiry(rule, speech, fmt)


def expiry(rule: Expiring, speech: Speech, fmt: Format) -> list[str]:
    """How long what a rule gives can be used; nothing where that is for ever."""
    days = rule.expires_after_days
    if rule.expiry is not None:
        idle = rule.expiry.days
        return [
            speech.count(
                "It expires when nothing of the kind was earned or used for %(n)s day.",
                "It expires when nothing of the kind was earned or used for %(n)s days.",
                idle,
                n=fmt.number(idle),
            )
        ]
    if days is None:
        return []
    return [
        speech.count(
            "It can be used for %(n)s day after it becomes available, and then expires.",
            "It can be used for %(n)s days after it becomes available, and then expires.",
            days,
            n=fmt.number(days),
        )
    ]


def span_text(span: Span, speech: Speech) -> str:
    """Which of a friend's orders a rule is for."""
    if span.nth is not None:
        return speech.say("It is for a friend’s order no. %(n)s alone.", n=span.nth)
    if span.orders is not None:
        return speech.count(
            "It is for a friend’s first %(n)s order.", "It is for a friend’s first %(n)s orders.", span.orders
        )
    return speech.count(
        "It is for orders in %(n)s month from a friend’s first.",
        "It is for orders in %(n)s months from a friend’s first.",
        span.months or 0,
    )


def when_texts(when: When, program: Program, speech: Speech, fmt: Format) -> Iterator[str]:
    """What an order must be for a rule, each in a sentence."""
    if when.min_subtotal_minor:
        yield speech.say(
            "The goods must come to %(least)s or more.", least=money(when.min_subtotal_minor, program.currency, fmt)
        )
    if when.products or when.categories:
        yield speech.say("One of these must be in the order: %(names)s.", names=_names(when))
    if when.channels:
        ways = ", ".join(channel_text(one, speech) for one in when.channels)
        yield speech.say("The friend must come by one of these: %(names)s.", names=ways)
    if when.groups:
        yield _groups(when.groups, speech)
    if when.roles:
        yield speech.say(
            "It is for ambassadors in these roles: %(names)s.", names=", ".join(role(one, speech) for one in when.roles)
        )
    if when.countries:
        yield speech.say(
            "It is for orders to these countries: %(names)s.", names=_listed(map(fmt.country, when.countries))
        )
    if when.tiers:
        yield speech.say("It is for ambassadors in these tiers: %(names)s.", names=_listed(when.tiers))
    if when.buyers == "new":
        yield speech.say("It is for orders of new customers.")
    elif when.buyers == "returning":
        yield speech.say("It is for orders of customers who had bought before.")
    if when.memberships:
        yield members_only(when.memberships, speech)
    first, last = (None if day is None else fmt.date(day, year=True) for day in (when.first_day, when.last_day))
    if first and last:
        yield speech.say("It is for orders from %(first)s to %(last)s.", first=first, last=last)
    elif first:
        yield speech.say("It is for orders from %(first)s on.", first=first)
    elif last:
        yield speech.say("It is for orders until %(last)s.", last=last)


def _term(term: Term, rule: RewardRule, program: Program, speech: Speech, fmt: Format) -> str:
    names = _names(term)
    if isinstance(term.give, ShareOf):
        return speech.say("For these it is %(what)s: %(names)s.", what=share(term.give.basis_points, fmt), names=names)
    minor = term.give.amount_minor
    if rule.pay_as == "points":
        what = speech.count("%(n)s point", "%(n)s points", minor, n=fmt.number(minor))
    else:
        what = money(minor, program.currency, fmt)
    return speech.say("For each piece of these it is %(what)s: %(names)s.", what=what, names=names)


def _boost(boost: Boost, speech: Speech, fmt: Format) -> Iterator[str]:
    span = {"first": fmt.date(boost.first_day, year=True), "last": fmt.date(boost.last_day, year=True)}
    more = share(boost.basis_points, fmt)
    if boost.categories:
        names = _listed(boost.categories)
        yield speech.say("From %(first)s to %(last)s it is %(more)s more on %(names)s.", **span, more=more, names=names)
    else:
        yield speech.say("From %(first)s to %(last)s it is %(more)s more.", **span, more=more)
    if boost.groups:
        yield _groups(boost.groups, speech)


def membership_terms(program: Program, speech: Speech, fmt: Format) -> list[str]:
    """For how long each membership is bought; nothing without any."""
    found = []
    for one in program.memberships:
        days, months = one.lasts.days, one.lasts.months
        if days is not None:
            text = speech.count(
                "The membership %(name)s lasts %(n)s day from its purchase, or from its end while it runs.",
                "The membership %(name)s lasts %(n)s days from its purchase, or from its end while it runs.",
                days,
                n=fmt.number(days),
                name=one.name,
            )
        else:
            text = speech.count(
                "The membership %(name)s lasts %(n)s month from its purchase, or from its end while it runs.",
                "The membership %(name)s lasts %(n)s months from its purchase, or from its end while it runs.",
                months or 0,
                n=fmt.number(months or 0),
                name=one.name,
            )
        found.append(text)
    return found


def members_only(memberships: Iterable[str], speech: Speech) -> str:
    """Whom a rule is for that asks for memberships."""
    return speech.say("It is for who holds one of these memberships: %(names)s.", names=_listed(memberships))


def _groups(groups: Iterable[str], speech: Speech) -> str:
    return speech.say("It is for ambassadors in these groups: %(names)s.", names=_listed(groups))


def _names(goods: Goods) -> str:
    return _listed([*goods.products, *goods.categories])


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
