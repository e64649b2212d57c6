"""How long each kind of proof counts, in words. Pure."""

from collections.abc import Mapping

from contracts.program import Attribution
from services.ui import Speech


def windows(attribution: Attribution, speech: Speech) -> Mapping[str, str]:
    """Label by label, for somebody who runs the program."""
    ever = speech.say("no end")
    code, customer = attribution.code_window_days, attribution.customer_window_days
    return {
        speech.say("Click window"): _days(attribution.click_window_days, speech),
        speech.say("Code window"): _days(code, speech) if code else ever,
        speech.say("Friends stay bound"): _days(customer, speech) if customer else ever,
    }


def _days(count: int, speech: Speech) -> str:
    return speech.count("%(n)s day", "%(n)s days", count)
