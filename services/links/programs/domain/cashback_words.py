"""Cashback in plain words: what buyers get whom nobody referred. Pure."""

from contracts.program import Program
from services.links.programs.domain.conditions import expiry, members_only
from services.links.programs.domain.parts import fixed, money
from services.ui import Format, Speech


def cashback_terms(program: Program, speech: Speech, fmt: Format) -> list[str]:
    """Each rule in sentences to an ambassador: for how much, and how often at most."""
    found = []
    for rule in program.cashback_rewards:
        spent = money(rule.per_minor, program.currency, fmt)
        what = fixed(rule.give, rule.pay_as, program.currency, speech, fmt)
        found.append(
            speech.say(
                "Who buys without a friend’s invitation gets %(what)s for every %(spent)s.", what=what, spent=spent
            )
        )
        if rule.at_most is not None:
            most = fmt.number(rule.at_most)
            found.append(
                speech.count("At most %(n)s reward in all.", "At most %(n)s rewards in all.", rule.at_most, n=most)
            )
        if rule.memberships:
            found.append(members_only(rule.memberships, speech))
        found += expiry(rule, speech, fmt)
    return found
