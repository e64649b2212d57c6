"""Why a candidate won or lost, as clauses: each can follow a colon ("Rejected: …") or stand alone as a sentence.

The messages are English and the keys of the catalogues; names, codes and links come as values and are never declined.
"""

from typing import Final


def _(message: str) -> str:
    """Marks a message for the catalogues."""
    return message


CLAUSES: Final[dict[str, str]] = {
    # Why somebody won.
    "won_code_first": _("promo code %(code)s was entered at checkout, and this is the friend’s first paid order"),
    "won_code": _("promo code %(code)s was entered at checkout"),
    "won_click": _("the click on %(link)s was %(span)s before the order, within the window of %(window)s"),
    "won_click_now": _("the click on %(link)s came together with the order"),
    "won_customer": _("an earlier order won this friend, and later orders stay with the same ambassador"),
    # Why nobody was found.
    "no_evidence": _("no click, promo code or earlier referral is known for this order"),
    "before_connection": _("it was placed before the store was connected, so it only says who has bought before"),
    "click_too_old": _("the click on %(link)s was %(span)s before the order, the window is %(window)s"),
    "click_after_order": _("the click on %(link)s came after the order"),
    "click_taken": _("the click on %(link)s serves another customer, who was identified first"),
    "customer_window_over": _("this friend was won %(span)s before the order, and stays bound for %(window)s"),
    "code_unknown": _("%(code)s is no promo code of any program"),
    "code_without_ambassador": _("promo code %(code)s belongs to no ambassador"),
    "token_malformed": _("the click token that came along cannot be read"),
    "token_forged": _("the click token that came along has no valid signature"),
    "token_other_store": _("the click token that came along was made for another store"),
    # Why somebody was refused.
    "not_new_code": _(
        "code %(code)s was entered, but the first paid order was already on %(date)s; this program rewards new"
        " customers only"
    ),
    "not_new_click": _(
        "the click on %(link)s counts, but the first paid order was already on %(date)s; this program rewards new"
        " customers only"
    ),
    "not_new_told": _("the store says that this customer is not new; this program rewards new customers only"),
    "self_referral": _("the buyer and the ambassador are the same person: %(who)s"),
    "below_minimum": _("the subtotal of %(subtotal)s is below the program’s minimum of %(least)s"),
    "code_expired": _("promo code %(code)s expired on %(date)s"),
    "code_too_old": _("promo code %(code)s was made longer before the order than the window of %(window)s"),
    "code_retired": _("promo code %(code)s had been withdrawn before the order"),
    "code_used_up": _("promo code %(code)s had no use left"),
    "code_made_later": _("promo code %(code)s was made after the order"),
    "program_paused": _("the program was paused when the order was placed"),
    "program_archived": _("the program had ended when the order was placed"),
    "kind_not_counted": _("the program does not accept this kind of proof"),
    "ambassador_blocked": _("the ambassador is blocked: %(who)s"),
    "ambassador_erased": _("the ambassador had left before the order"),
    "click_by_bot": _("the click on %(link)s was made by software, not by a person"),
    "click_prefetched": _("the browser loaded %(link)s ahead, and nobody opened it"),
    "click_embedded": _("a page loaded %(link)s by itself, in a frame or as a picture; nobody clicked"),
    # What is waited for.
    "unpaid": _("the order is not paid yet"),
    "program_unknown": _("the program of this click or code has not reached us yet"),
    # What was kept as a note.
    "program_stopped_after_click": _("the program stopped on %(date)s, after the click"),
    "ambassador_unknown": _("the ambassador’s details have not reached us yet"),
    "currency_mismatch": _("the order is in %(order)s, the program in %(program)s: attributed, not rewarded"),
    # What a passed check says.
    "passed_window": _("the click was within the window of %(window)s"),
    "passed_code": _("the code was valid when the order was placed"),
    "passed_own_purchase": _("customer id, e-mail and phone differ from the ambassador’s"),
    "passed_new_customer": _("no paid order before this one"),
    "passed_new_customer_won": _("order no. %(number)s of a friend whom this ambassador won"),
    "passed_minimum": _("%(subtotal)s, at least %(least)s"),
    # What a candidate could have done.
    "outranked_code": _("promo code %(code)s was entered at checkout; without the winner it would have counted"),
    "outranked_click": _(
        "the click was %(span)s before the order, within the window of %(window)s; without the winner it would"
        " have counted"
    ),
    "older_program": _("it would have counted without the winner: of two programs of equal rank the older one wins"),
    "outranked_customer": _("an earlier order won this friend; without the winner that would have counted"),
}
"""By reason code, or by a name that `explain` makes of a reason and its circumstances."""

# `why` is the clause; a language whose sentence begins anew takes `Why`, with its first letter large.
VERDICTS: Final[dict[str, str]] = {
    "attributed": _("Attributed to %(who)s: %(why)s."),
    "unattributed": _("No ambassador: %(why)s."),
    "rejected": _("Rejected: %(why)s."),
    "pending": _("Waiting: %(why)s."),
    "cancelled": _("Cancelled. Before that: %(before)s"),
}
