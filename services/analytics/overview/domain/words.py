"""What machine words are called on the page: reasons."""

from services.analytics.catalog.domain import _
from services.kernel.pages.locales import Speech

REASONS = {
    "no_evidence": _("Nothing named an ambassador"),
    "click_too_old": _("Click older than the window"),
    "click_after_order": _("Click came after the order"),
    "click_taken": _("Click was somebody else’s"),
    "click_by_bot": _("A robot clicked"),
    "click_prefetched": _("The link was only prefetched"),
    "click_embedded": _("A page loaded the link by itself"),
    "token_malformed": _("Click token unreadable"),
    "token_forged": _("Click token not genuine"),
    "token_other_store": _("Click token of another store"),
    "code_unknown": _("Unknown promo code"),
    "code_without_ambassador": _("Promo code of the store itself"),
    "code_made_later": _("Promo code made after the order"),
    "code_retired": _("Promo code retired"),
    "code_expired": _("Promo code expired"),
    "code_used_up": _("Promo code used up"),
    "program_paused": _("The program was paused"),
    "program_archived": _("The program had ended"),
    "kind_not_counted": _("Proof that the program does not count"),
    "ambassador_blocked": _("Ambassador blocked"),
    "ambassador_erased": _("Ambassador no longer there"),
    "self_referral": _("Own code or link used"),
    "not_new_customer": _("Had bought before"),
    "below_minimum": _("Under the minimum"),
}
"""Reason of a decision without an ambassador → what people call it."""


def reason_text(reason: str, speech: Speech) -> str:
    """A reason in words; a new one is shown as it is, readable."""
    known = REASONS.get(reason)
    return speech.say(known) if known else reason.replace("_", " ").capitalize()
