"""Plans in plain words, to an ambassador: what they get for a period in which they reach their target. Pure."""

from contracts.gifts import Fixed
from contracts.plans import PlanRule
from contracts.program import Program
from services.links.programs.domain.conditions import expiry
from services.links.programs.domain.parts import fixed, share
from services.ui import Format, Speech


def plan_terms(program: Program, speech: Speech, fmt: Format) -> list[str]:
    """Each plan of a program in sentences."""
    found = []
    for rule in program.plan_rewards:
        period = {
            "month": speech.say("Each month"),
            "quarter": speech.say("Each quarter"),
            "year": speech.say("Each year"),
        }[rule.on.period]
        what = _given(rule, program, speech, fmt)
        found.append(
            {
                "revenue": speech.say(
                    "%(period)s: %(what)s if what your friends spend reaches the target that the store set you;"
                    " below it nothing.",
                    period=period,
                    what=what,
                ),
                "orders": speech.say(
                    "%(period)s: %(what)s if the number of your friends’ orders reaches the target that the store set"
                    " you; below it nothing.",
                    period=period,
                    what=what,
                ),
                "friends": speech.say(
                    "%(period)s: %(what)s if the number of friends who buy reaches the target that the store set you;"
                    " below it nothing.",
                    period=period,
                    what=what,
                ),
            }[rule.on.of]
        )
        found += expiry(rule, speech, fmt)
    return found


def _given(rule: PlanRule, program: Program, speech: Speech, fmt: Format) -> str:
    if not isinstance(rule.give, Fixed):
        return speech.say("%(share)s of what was sold", share=share(rule.give.basis_points, fmt))
    return fixed(rule.give, rule.pay_as, program.currency, speech, fmt)
