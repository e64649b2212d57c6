"""How a statement's lines are put into words: what moved, and why."""

from services.common.event_names import deed_text
from services.common.milestone_names import milestone_text
from services.rewards.grants.api.words import sponsor_label
from services.rewards.pages import Reader
from services.rewards.rules.domain import Reason
from services.rewards.statements.domain import Moved


def what_text(reader: Reader, moved: Moved, order: str) -> str:
    """What moved and why: "Reward granted, order 10482", "Reward granted, a friend’s sign-up", "Reward granted,
    milestone: 5 friends". `order` is what the reader may call the order.
    """
    say = reader.speech.say
    if moved.reason == Reason.GOODWILL:
        text = say("Given by the store")
    elif moved.movement in ("grant", "raise"):
        text = say("Reward granted") if moved.movement == "grant" else say("Reward raised")
    elif moved.movement == "claw_back":
        unnamed = moved.event_name is not None and moved.reason in (Reason.NOT_ATTRIBUTED, Reason.REASSIGNED)
        text = say("Taken back: it counts for you no longer") if unnamed else _taken_back(reader, moved.reason)
    elif moved.movement == "release":
        text = say("No longer on hold")
    elif moved.item is not None:
        text = _redeemed(reader, moved.movement)
    else:
        text = {
            "reserve": say("Set aside for a payout"),
            "unreserve": say("Payout called off: available again"),
            "pay_out": say("Paid out"),
            "return": say("Payout came back"),
            "expire": say("Expired"),
            "restore": say("Expiry undone"),
            "set_aside": say("Reserved for a purchase"),
            "use": say("Spent"),
            "let_go": say("Not spent: available again"),
            "give_back": say("Returned after it was spent"),
        }.get(moved.movement, moved.movement)
    source = order if moved.event_name is None else deed_text(moved.event_name, reader.speech)
    if moved.item is not None:
        source = moved.item
    if moved.milestone is not None:
        source = milestone_text(moved.milestone, moved.currency or "", reader.speech, reader.fmt)
    found = f"{text}, {source}" if source else text
    return found if moved.sponsor_level is None else f"{found}, {sponsor_label(reader.speech, moved.sponsor_level)}"


def _redeemed(reader: Reader, movement: str) -> str:
    say = reader.speech.say
    return {
        "set_aside": say("Redeemed"),
        "use": say("Redeemed: sent or done"),
        "let_go": say("Redemption cancelled: available again"),
        "give_back": say("Redemption taken back: available again"),
    }.get(movement, movement)


def _taken_back(reader: Reader, reason: str) -> str:
    say = reader.speech.say
    return {
        Reason.PARTLY_REFUNDED: say("Taken back in part: the order was refunded in part"),
        Reason.REFUNDED: say("Taken back: the order was refunded"),
        Reason.CANCELLED: say("Taken back: the order was cancelled"),
        Reason.EVENT_CANCELLED: say("Taken back: it was called off"),
        Reason.NOT_REACHED: say("Taken back: orders that counted fell away"),
        Reason.NOT_FIRST_EVENT: say("Taken back: an earlier one counts"),
        Reason.NOT_ATTRIBUTED: say("Taken back: the order does not count any more"),
        Reason.REASSIGNED: say("Taken back: the order belongs to somebody else"),
        Reason.REJECTED_BY_PERSON: say("Taken back: the store rejected it"),
        Reason.REFUSED_BY_STORE: say("Taken back: the store rejected it"),
        Reason.TAKEN_BACK: say("Taken back: the store had given it by hand"),
    }.get(Reason(reason) if reason in set(Reason) else Reason.GRANTED, say("Taken back"))
