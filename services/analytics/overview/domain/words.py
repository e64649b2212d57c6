"""What machine words are called on the page: reasons and channels."""

from services.analytics.metrics.domain.sheets import CHANNEL_NAMES
from services.kernel.pages.locales import Speech

REASONS = {
    "no_evidence": "Nothing named an ambassador",
    "click_too_old": "Click older than the window",
    "click_after_order": "Click came after the order",
    "click_taken": "Click was somebody else’s",
    "click_by_bot": "A robot clicked",
    "click_prefetched": "The link was only prefetched",
    "token_malformed": "Click token unreadable",
    "token_forged": "Click token not genuine",
    "token_other_store": "Click token of another store",
    "code_unknown": "Unknown promo code",
    "code_without_ambassador": "Promo code of the store itself",
    "code_made_later": "Promo code made after the order",
    "code_retired": "Promo code retired",
    "code_expired": "Promo code expired",
    "code_used_up": "Promo code used up",
    "program_paused": "The program was paused",
    "program_archived": "The program had ended",
    "kind_not_counted": "Proof that the program does not count",
    "ambassador_blocked": "Ambassador blocked",
    "ambassador_erased": "Ambassador no longer there",
    "self_referral": "Own code or link used",
    "not_new_customer": "Had bought before",
    "below_minimum": "Under the minimum",
}
"""Reason of a decision without an ambassador → what people call it."""


def reason_text(reason: str, speech: Speech) -> str:
    """A reason in words; a new one is shown as it is, readable."""
    known = REASONS.get(reason)
    return speech.say(known) if known else reason.replace("_", " ").capitalize()


def channel_text(channel: str, speech: Speech) -> str:
    """A channel in words; the store's own channel names are shown as they are."""
    known = CHANNEL_NAMES.get(channel)
    return speech.say(known) if known else channel
