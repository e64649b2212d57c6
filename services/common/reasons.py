"""Why an order was attributed, or was not, in a few words and with an icon: one table for every list, chart and page.

The sentences that explain one order with its names and dates are attribution's own (`decisions/schemas/clauses.py`).
"""

from typing import Final, NamedTuple

from services.common.words import Translator, _


class Reason(NamedTuple):
    """One reason: a name short enough for a list's cell and a filter, and its icon."""

    name: str
    icon: str


REASONS: Final[dict[str, Reason]] = {
    # What won.
    "code": Reason(_("Promo code"), "ticket"),
    "click": Reason(_("Click"), "link"),
    "customer": Reason(_("Known customer"), "users"),
    # Nothing named an ambassador in time.
    "no_evidence": Reason(_("Nothing named an ambassador"), "search"),
    "before_connection": Reason(_("Before the connection"), "clock"),
    "click_too_old": Reason(_("Click too old"), "clock"),
    "click_after_order": Reason(_("Click after the order"), "clock"),
    "click_taken": Reason(_("Click of another customer"), "users"),
    "token_malformed": Reason(_("Unreadable token"), "key-round"),
    "token_forged": Reason(_("Forged token"), "key-round"),
    "token_other_store": Reason(_("Token of another store"), "store"),
    "code_unknown": Reason(_("Unknown code"), "ticket"),
    "code_without_ambassador": Reason(_("Code of the store itself"), "store"),
    "customer_window_over": Reason(_("Friend won too long ago"), "clock"),
    # Something did, and was refused.
    "click_by_bot": Reason(_("Click by software"), "link"),
    "click_prefetched": Reason(_("Link loaded ahead"), "link"),
    "click_embedded": Reason(_("Link loaded by a page"), "link"),
    "code_made_later": Reason(_("Code made after the order"), "clock"),
    "code_retired": Reason(_("Code withdrawn"), "ticket"),
    "code_expired": Reason(_("Code expired"), "clock"),
    "code_too_old": Reason(_("Code too old"), "clock"),
    "code_used_up": Reason(_("Code used up"), "ticket"),
    "kind_not_counted": Reason(_("Kind not accepted"), "ticket"),
    "program_paused": Reason(_("Program paused"), "megaphone"),
    "program_archived": Reason(_("Program ended"), "megaphone"),
    "ambassador_blocked": Reason(_("Ambassador blocked"), "lock"),
    "ambassador_erased": Reason(_("Ambassador gone"), "users"),
    "self_referral": Reason(_("Own purchase"), "wallet"),
    "not_new_customer": Reason(_("Not a new customer"), "shopping-bag"),
    "below_minimum": Reason(_("Below the minimum"), "coins"),
    "joined_before": Reason(_("Had joined before"), "users"),
    # What is waited for.
    "unpaid": Reason(_("Not paid yet"), "banknote"),
    "order_not_settled": Reason(_("The order is not final yet"), "clock"),
    "program_unknown": Reason(_("Program not here yet"), "megaphone"),
    "cancelled": Reason(_("Order cancelled"), "undo-2"),
}


def reason_text(reason: str, speech: Translator) -> str:
    """A reason in words; one of a newer build is shown as it is, readable."""
    known = REASONS.get(reason)
    return speech.say(known.name) if known else reason.replace("_", " ").capitalize()


def reason_icon(reason: str) -> str:
    """The icon beside it; none beside one of a newer build."""
    known = REASONS.get(reason)
    return known.icon if known else ""
