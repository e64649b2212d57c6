"""What the program's form says: its labels, what can be chosen, and what is wrong, in the reader's language."""

from collections.abc import Mapping, Sequence

from contracts.memberships import MOST as MOST_MEMBERSHIPS
from services.common.channels import channel_text
from services.links.programs.domain import form as forms
from services.links.programs.domain import (
    form_events,
    form_memberships,
    form_rows,
    form_terms,
    form_texts,
    form_tiers,
    words,
)
from services.ui import LANGUAGES, Choice, Speech


def sentence(word: str, speech: Speech) -> str:
    """What a word of the form's reading means."""
    match word:
        case "required":
            return speech.say("This is needed.")
        case "amount":
            return speech.say("Write an amount such as 10 or 7.50.")
        case "percent":
            return speech.say("At most 100. Write 12 for %(share)s.", share="12%")
        case "above_nothing":
            return speech.say("More than 0. Choose “nothing” if there is no reward.")
        case "rises":
            return speech.say("More than the tier before it.")
        case "name_twice":
            return speech.say("Another tier has this name.")
        case "membership_twice":
            return speech.say("Another membership has this name.")
        case "membership_unknown":
            return speech.say("The program has no such membership. Add it under “Memberships”.")
        case "bought_by":
            return speech.say("Write products or an event, one of the two.")
        case "lasts":
            return speech.say("Write days or months, one of the two.")
        case "tier_name":
            return speech.say("At most 40 letters.")
        case "privileges":
            return speech.say("At most 10, each of 160 letters at most.")
        case "times":
            return speech.say("Write a number such as 1.5, at most 10.")
        case "above_zero":
            return speech.say("More than 0.")
        case "event_name":
            return speech.say("Small Latin letters, digits, points and _, 40 at most, such as signup.")
        case "day":
            return speech.say("Write a day such as 2027-03-08.")
        case "countries":
            return speech.say("Write countries’ codes of two letters, such as MD, RO.")
        case "ends_early":
            return speech.say("This is before the first day.")
        case "goods_twice":
            return speech.say("Another row names one of these. Each product and category stands in one row.")
        case "boosts_shares":
            return speech.say("A boost is added to a share; this rule gives none.")
        case "notice_late":
            return speech.say("Fewer days than it can be used.")
        case "per_percent":
            return speech.say("Only a fixed amount or points can be for each so much of the price.")
        case "sponsor_levels":
            return speech.say("At most ten shares such as 5; 2.5; 1, each above 0.")
        case "sponsor_falls":
            return speech.say("Each level gets less than the one before.")
        case "sponsor_sum":
            return speech.say("All levels together get more than the order: say how much at most.")
        case "sponsor_most":
            return speech.say("At least the share of the first level, at most 100.")
        case "currency":
            return speech.say("Write the three letters of a currency, such as EUR.")
        case _:
            return speech.say("Write a whole number, %(span)s.", span=word)


def words_sentence(field: str, speech: Speech) -> str:
    """What a text of the store's own may be; no other check is made of it."""
    if field.endswith(f"_{form_texts.HASHTAGS}"):
        return speech.say(
            "At most ten hashtags of letters, digits and _, each of at most 50 signs, not of digits alone."
        )
    if field.endswith("_share"):
        return speech.say("At most 300 letters; of braces only {store}, {offer} and {code}.")
    if field.endswith("_text"):
        return speech.say("At most 400 letters; of braces only {name}, {store} and {offer}.")
    return speech.say("At most 90 letters; of braces only {name}, {store} and {offer}.")


def labels_of(speech: Speech, currency: str) -> dict[str, str]:
    """What the fields of the form are called."""
    return {
        "name": speech.say("Name"),
        "status": speech.say("Status"),
        "currency": speech.say("Currency"),
        "landing_url": speech.say("Landing page"),
        "landing": speech.say("Share links open"),
        **{f"utm_{name}": f"utm_{name}" for name in ("source", "medium", "campaign")},
        "friend_benefit": speech.say("The friend gets"),
        "discount_kind": speech.say("Discount"),
        "discount_amount": speech.say("Off the goods, %(currency)s or %%", currency=currency),
        "discount_which": speech.say("Discount on"),
        "friend_kind": speech.say("Credit"),
        "friend_amount": speech.say("Credit, %(currency)s or %%", currency=currency),
        "friend_which": speech.say("For which orders"),
        "friend_pay_as": speech.say("Paid as"),
        "ambassador_kind": speech.say("The ambassador gets"),
        "ambassador_amount": speech.say("Amount, %(currency)s or %%", currency=currency),
        "ambassador_which": speech.say("For which orders"),
        "ambassador_pay_as": speech.say("Paid as"),
        "hold_days": speech.say("Hold, days"),
        "per_order": speech.say("At most for one order, %(currency)s", currency=currency),
        "per_month": speech.say("Rewards a month at most"),
        "click_window_days": speech.say("Click window, days"),
        "code_window_days": speech.say("Code window, days"),
        "customer_window_days": speech.say("Friends stay bound, days"),
        "new_customers_only": speech.say("New customers only"),
        "min_subtotal": speech.say("Smallest order, %(currency)s", currency=currency),
        "budget": speech.say("Budget, %(currency)s", currency=currency),
        "retry_capped": speech.say("Give what the budget or a limit refused once there is room, oldest purchase first"),
        "join": speech.say("Who can join by themselves"),
        "join_code": speech.say("They may wish for a promo code of their own"),
        "terms_version": speech.say("Version of the terms"),
        "terms_text": speech.say("Terms that they agree to"),
        **{field: speech.say("Terms that they agree to") for field in form_texts.TERMS},
        **{f"role_{role}": words.role(role, speech) for role in forms.ROLES},
        **_term_labels(speech, currency),
        **form_rows.labelled(forms.SIDES, _row_labels(speech, currency)),
        **_tier_labels(speech),
        **_membership_labels(speech),
        "cashback_memberships": speech.say("Only holders of these memberships"),
        "cashback_amount": speech.say("Amount, %(currency)s or points", currency=currency),
        "cashback_per": speech.say("For every so much spent, %(currency)s", currency=currency),
        "cashback_pay_as": speech.say("Paid as"),
        "cashback_most": speech.say("Rewards in all at most"),
        "cashback_hold": speech.say("Hold, days"),
        **_expiry_labels("cashback", speech),
        **_sponsor_labels(speech, currency),
        **form_events.labelled(_event_labels(speech, currency)),
        **{form_texts.field_of(one, "title"): speech.say("Title of the page") for one in LANGUAGES},
        **{form_texts.field_of(one, "text"): speech.say("Text below it") for one in LANGUAGES},
        **{form_texts.field_of(one, "share"): speech.say("What ambassadors send along") for one in LANGUAGES},
        **{form_texts.field_of(one, form_texts.HASHTAGS): speech.say("Hashtags") for one in LANGUAGES},
    }


def _term_labels(speech: Speech, currency: str) -> dict[str, str]:
    parts = {
        "span": speech.say("Which order, or how many orders or months"),
        "least": speech.say("Goods for at least, %(currency)s", currency=currency),
        "per": speech.say("The amount for each so much of the price, %(currency)s", currency=currency),
        "products": speech.say("Only with these products"),
        "categories": speech.say("Only with goods of these categories"),
        "groups": speech.say("Only ambassadors in these groups"),
        "countries": speech.say("Only to these countries"),
        "tiers": speech.say("Only ambassadors in these tiers"),
        "buyers": speech.say("Whose orders"),
        "memberships": speech.say("Only ambassadors who hold one of these memberships"),
        "day_first": speech.say("Only orders from"),
        "day_last": speech.say("Only orders until"),
        **{f"channel_{one}": channel_text(one, speech) for one in form_terms.WAYS},
        **{f"role_{one}": words.role(one, speech) for one in form_terms.ROLES},
    }
    return {
        field: text
        for side in forms.SIDES
        for field, text in ({f"{side}_{part}": t for part, t in parts.items()} | _expiry_labels(side, speech)).items()
    }


def _expiry_labels(part: str, speech: Speech) -> dict[str, str]:
    return {
        f"{part}_expires": speech.say("Expires after days"),
        f"{part}_expires_from": speech.say("Days counted from"),
        f"{part}_notice": speech.say("Told so many days before"),
    }


def _row_labels(speech: Speech, currency: str) -> dict[str, dict[str, str]]:
    return {
        "term": {
            "products": speech.say("Products"),
            "categories": speech.say("Categories"),
            "kind": speech.say("Gives"),
            "amount": speech.say("How much, %(currency)s, points or %%", currency=currency),
        },
        "boost": {
            "first": speech.say("Boost from"),
            "last": speech.say("Boost until"),
            "share": speech.say("More by so many per cent of the order"),
            "categories": speech.say("On these categories alone"),
            "groups": speech.say("For these groups alone"),
        },
    }


def _tier_labels(speech: Speech) -> dict[str, str]:
    rows = {
        form_tiers.field_of(row, part): text
        for row in range(form_tiers.MOST)
        for part, text in {
            "name": speech.say("Name of tier %(n)s", n=row + 1),
            "at": speech.say("Begins at"),
            "times": speech.say("Multiplies rewards by"),
            "hold": speech.say("Hold in this tier, days"),
            "privileges": speech.say("What else this tier has"),
        }.items()
    }
    return {
        "tiers_of": speech.say("Tiers by"),
        "tiers_window": speech.say("Counted over"),
        "tiers_days": speech.say("Window, days"),
        "tiers_below": speech.say("When the count falls or a window ends"),
        "tiers_grace": speech.say("Grace, days"),
        **rows,
    }


def _membership_labels(speech: Speech) -> dict[str, str]:
    return {
        form_memberships.field_of(row, part): text
        for row in range(MOST_MEMBERSHIPS)
        for part, text in {
            "name": speech.say("Name of membership %(n)s", n=row + 1),
            "products": speech.say("Bought by these products"),
            "event": speech.say("Or by this event"),
            "days": speech.say("Lasts, days"),
            "months": speech.say("Or months"),
        }.items()
    }


def _sponsor_labels(speech: Speech, currency: str) -> dict[str, str]:
    return {
        "sponsor_levels": speech.say("Shares by level, %"),
        "sponsor_most": speech.say("All levels together at most, %"),
        "sponsor_which": speech.say("For which orders"),
        "sponsor_pay_as": speech.say("Paid as"),
        "sponsor_active": speech.say("Only active ones: an own order within so many days"),
        "sponsor_per_order": speech.say("At most for one order, %(currency)s", currency=currency),
        "sponsor_hold": speech.say("Hold, days"),
        "sponsor_expires": speech.say("Expires after days"),
        "sponsor_by_referral": speech.say("Friends who become ambassadors have who brought them as sponsor"),
    }


def _event_labels(speech: Speech, currency: str) -> dict[str, str]:
    return {
        "on": speech.say("Event"),
        "to": speech.say("Who gets it"),
        "amount": speech.say("Amount, %(currency)s or points", currency=currency),
        "which": speech.say("How often"),
        "pay_as": speech.say("Paid as"),
        "hold_days": speech.say("Hold, days"),
        "per_month": speech.say("Rewards a month at most"),
        "drop": speech.say("Take this rule away"),
    }


def _event_options(speech: Speech, form: Mapping[str, str], rows: Sequence[int]) -> dict[str, list[Choice]]:
    texts = {
        "to": {"ambassador": speech.say("the ambassador"), "friend": speech.say("the friend")},
        "which": {"first": speech.say("once for each friend"), "every": speech.say("each time")},
        "pay_as": _pay_as(speech),
    }
    fields = {form_events.field_of(row, part): choices for row in rows for part, choices in texts.items()}
    return {
        field: [Choice(text, value=value, current=form[field] == value) for value, text in choices.items()]
        for field, choices in fields.items()
    }


def _row_options(speech: Speech, form: Mapping[str, str]) -> dict[str, list[Choice]]:
    gives = {"percent": speech.say("a share"), "fixed": speech.say("a fixed amount for each piece")}
    fields = [
        form_rows.field_of(side, "term", row, "kind")
        for side in forms.SIDES
        for row in form_rows.rows_of(side, "term", form)
    ]
    return {
        field: [Choice(text, value=value, current=form[field] == value) for value, text in gives.items()]
        for field in fields
    }


def _tier_options(speech: Speech, form: Mapping[str, str]) -> dict[str, list[Choice]]:
    fields = {
        "tiers_of": {
            "": speech.say("no tiers"),
            "friends": speech.say("friends who bought"),
            "orders": speech.say("orders of friends"),
            "revenue": speech.say("what friends spent"),
            "clicks": speech.say("clicks on their links"),
            "tenure": speech.say("months since joining"),
        },
        "tiers_window": {
            "ever": speech.say("all time"),
            "month": speech.say("the calendar month"),
            "quarter": speech.say("the calendar quarter"),
            "year": speech.say("the calendar year"),
            "rolling": speech.say("the last days"),
        },
        "tiers_below": {
            "keep": speech.say("the tier is kept"),
            "match": speech.say("the tier follows at once"),
            "one_step": speech.say("one tier lower after days of grace"),
        },
    }
    return {
        field: [Choice(text, value=value, current=form[field] == value) for value, text in choices.items()]
        for field, choices in fields.items()
    }


def _expiry_options(speech: Speech, form: Mapping[str, str]) -> dict[str, list[Choice]]:
    texts = {"release": speech.say("its release"), "activity": speech.say("the last earning or use")}
    return {
        field: [Choice(text, value=value, current=form[field] == value) for value, text in texts.items()]
        for field in (f"{part}_expires_from" for part in (*forms.SIDES, "cashback"))
    }


def _pay_as(speech: Speech) -> dict[str, str]:
    return {"store_credit": speech.say("store credit"), "cash": speech.say("cash"), "points": speech.say("points")}


def _buyers(speech: Speech) -> dict[str, str]:
    return {
        "": speech.say("all buyers’"),
        "new": speech.say("new customers’"),
        "returning": speech.say("of those who had bought before"),
    }


def options_of(speech: Speech, form: Mapping[str, str], rows: Sequence[int]) -> dict[str, list[Choice]]:
    """What can be chosen in each field; `rows` are those of rules for events."""

    def choices(field: str, texts: Mapping[str, str]) -> list[Choice]:
        return [Choice(text, value=value, current=form[field] == value) for value, text in texts.items()]

    gifts = {"fixed": speech.say("a fixed amount"), "percent": speech.say("a share")}
    which = {"first": speech.say("the first order"), "every": speech.say("each order")}
    some = {
        **which,
        "nth": speech.say("one order by its number"),
        "orders": speech.say("the first few orders"),
        "months": speech.say("orders of the first months"),
    }
    pay_as = _pay_as(speech)
    credit = {kind: text for kind, text in pay_as.items() if kind != "cash"}
    return (
        _event_options(speech, form, rows)
        | _row_options(speech, form)
        | _expiry_options(speech, form)
        | {"cashback_pay_as": choices("cashback_pay_as", credit)}
        | {"sponsor_which": choices("sponsor_which", which), "sponsor_pay_as": choices("sponsor_pay_as", pay_as)}
        | _tier_options(speech, form)
        | {f"{side}_buyers": choices(f"{side}_buyers", _buyers(speech)) for side in forms.SIDES}
        | {
            "status": choices(
                "status",
                {
                    "active": speech.label("chip", "Active"),
                    "paused": speech.label("chip", "Paused"),
                    "archived": speech.label("chip", "Archived"),
                },
            ),
            "join": choices(
                "join",
                {
                    "closed": speech.say("nobody"),
                    "confirmed": speech.say("anybody who confirms their address"),
                    "at_once": speech.say("anybody, at once"),
                },
            ),
            "landing": choices(
                "landing", {"page": speech.say("a page of invitation"), "store": speech.say("the store")}
            ),
            "friend_benefit": choices(
                "friend_benefit",
                {
                    "discount": speech.say("a discount at the checkout, by code"),
                    "credit": speech.say("a credit after the hold"),
                    "both": speech.say("both: a discount, and a credit"),
                    "none": speech.say("nothing"),
                },
            ),
            "discount_kind": choices("discount_kind", gifts),
            "discount_which": choices("discount_which", which),
            "friend_kind": choices("friend_kind", gifts),
            "ambassador_kind": choices("ambassador_kind", {**gifts, "none": speech.say("nothing")}),
            **{f"{side}_which": choices(f"{side}_which", some) for side in forms.SIDES},
            **{f"{side}_pay_as": choices(f"{side}_pay_as", pay_as) for side in forms.SIDES},
        }
    )
