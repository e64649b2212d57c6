"""What sponsors get, in sentences to an ambassador. Pure."""

from contracts.program import Program
from contracts.sponsors import SponsorRule
from services.links.programs.domain.conditions import expiry, span_text, when_texts
from services.links.programs.domain.parts import money, share
from services.ui import Format, Speech


def sponsor_terms(program: Program, speech: Speech, fmt: Format) -> list[str]:
    """All rules for sponsors, and who is one by having brought a friend; nothing where there is neither."""
    found = [text for rule in program.sponsor_rewards for text in _rule(rule, program, speech, fmt)]
    if program.sponsor_by_referral:
        found.append(
            speech.say(
                "A friend whom you brought and who becomes an ambassador is one of yours, once their first order is"
                " final."
            )
        )
    return found


def _rule(rule: SponsorRule, program: Program, speech: Speech, fmt: Format) -> list[str]:
    shares = ", ".join(share(one, fmt) for one in rule.levels)
    if len(rule.levels) == 1:
        found = [speech.say("Of orders of ambassadors whom you brought you get %(share)s.", share=shares)]
    else:
        found = [
            speech.say(
                "Of orders of ambassadors whom you brought, and of those whom they brought in turn, you get by level:"
                " %(shares)s.",
                shares=shares,
            )
        ]
    if rule.which == "first":
        found.append(speech.say("Only a friend’s first order counts."))
    elif rule.span is not None:
        found.append(span_text(rule.span, speech))
    if rule.most_basis_points < sum(rule.levels):
        most = share(rule.most_basis_points, fmt)
        found.append(speech.say("All levels together get at most %(share)s of an order.", share=most))
    if rule.active_days is not None:
        found.append(
            speech.count(
                "Only who is active gets it: with an order of their own friends in the last %(n)s day that is final.",
                "Only who is active gets it: with an order of their own friends in the last %(n)s days that is final.",
                rule.active_days,
                n=fmt.number(rule.active_days),
            )
        )
    if rule.when is not None:
        found += when_texts(rule.when, program, speech, fmt)
    if rule.limits.per_order_minor is not None:
        most = money(rule.limits.per_order_minor, program.currency, fmt)
        found.append(speech.say("All levels together get at most %(most)s for one order.", most=most))
    return found + expiry(rule, speech, fmt)
