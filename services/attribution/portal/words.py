"""What an ambassador is shown about a friend's order: no name, no amount of the order, no other ambassador."""

from contracts.program import EvidenceKind
from services.attribution.friend_numbers.actions import FriendOrder
from services.common.channels import channel_text
from services.ui import Chip, Reader, Speech


def chip_of(speech: Speech, friend: FriendOrder) -> Chip:
    """Where the order stands, in a word."""
    body = friend.body
    if body.cancelled:
        return Chip(speech.label("chip", "Cancelled"), "bad", "back")
    if friend.own and 0 < body.figures.total_minor <= body.refunded_minor:
        return Chip(speech.label("chip", "Sent back"), "bad", "back")
    if body.status == "pending" and friend.reason in {"unpaid", "program_unknown"}:
        return Chip(speech.label("chip", "Waiting"), "neutral", "ring")
    if not friend.own:
        return Chip(speech.label("chip", "Not counted"), "neutral", "dash")
    if body.settled is None:
        return Chip(speech.label("chip", "Waiting"), "info", "half")
    return Chip(speech.label("chip", "Counts"), "good", "tick")


def reason_of(speech: Speech, friend: FriendOrder) -> str:
    """Why, in a sentence."""
    body = friend.body
    if body.cancelled:
        return speech.say("The order was cancelled, so it brings nothing.")
    if _went_back(friend):
        return speech.say("The friend sent everything back and got the money.")
    text = _won(speech, body.winner.kind) if friend.own and body.winner else _lost(speech, friend.reason)
    if friend.own and body.refunded_minor:
        text = f"{text} {speech.say('A part was sent back since, which lowers the reward.')}"
    return text


def _won(speech: Speech, kind: EvidenceKind) -> str:
    return {
        "code": speech.say("The friend bought with your promo code."),
        "click": speech.say("The friend came by your link."),
        "customer": speech.say("You brought this friend before, and they bought again."),
    }[kind]


def _lost(speech: Speech, reason: str) -> str:
    code = speech.say("Your promo code was not valid when the friend bought.")
    robot = speech.say("Your link was opened by software there, not by a person.")
    return {
        "unpaid": speech.say("The friend has ordered and not paid yet."),
        "program_unknown": speech.say("The order is being looked at. This takes some minutes at most."),
        "self_referral": speech.say("This looks like your own purchase: buyer and ambassador are the same person."),
        "not_new_customer": speech.say("The buyer had bought here before; the program is for new customers."),
        "below_minimum": speech.say("The purchase was smaller than the least that the program asks for."),
        "click_too_old": speech.say("Too long a time lay between the click on your link and the purchase."),
        "customer_window_over": speech.say("The friend had come through you too long before this purchase."),
        "click_after_order": speech.say("Your link was opened after the purchase."),
        "click_taken": speech.say("This click on your link counts for another buyer."),
        "click_by_bot": robot,
        "click_prefetched": robot,
        "click_embedded": robot,
        "code_retired": code,
        "code_expired": code,
        "code_too_old": code,
        "code_used_up": code,
        "code_made_later": code,
        "kind_not_counted": speech.say("The program does not count this way of recommending."),
        "program_paused": speech.say("The program was paused when the friend bought."),
        "program_archived": speech.say("The program had ended when the friend bought."),
        "ambassador_blocked": speech.say("Sharing is paused for your account."),
    }.get(reason, speech.say("Another recommendation counts for this purchase."))


def _went_back(friend: FriendOrder) -> bool:
    """Whether the ambassador's order brings nothing since all of its money went back."""
    return friend.own and 0 < friend.body.figures.total_minor <= friend.body.refunded_minor


def next_of(reader: Reader, friend: FriendOrder) -> str:
    """What happens next, and when."""
    say, body = reader.speech.say, friend.body
    if body.settled is not None:
        return "" if friend.own else say("This is final. If it is wrong, only the store’s goodwill can mend it.")
    if body.cancelled or _went_back(friend):
        return ""
    if body.status == "pending":
        return say("It is decided by itself as soon as the order is paid.") if friend.reason == "unpaid" else ""
    until = friend.order.settle_at
    if until is None:
        return ""
    day = reader.fmt.date(until.astimezone(reader.zone))
    if friend.own:
        return say("Final on %(day)s, if the friend keeps the order.", day=day)
    return say("Final on %(day)s. Until then the store can still decide otherwise.", day=day)


def _channel_of(friend: FriendOrder) -> str | None:
    """How the link was passed on that won, as far as its click said so."""
    won = next((one for one in friend.body.candidates if one.verdict == "won"), None)
    return won.detail.get("channel") if won is not None else None


def way_of(speech: Speech, friend: FriendOrder, slugs: dict[str, str]) -> str:
    """How the friend came, as far as that is one of the ambassador's own ways."""
    winner = friend.body.winner
    if not friend.own or winner is None:
        return ""
    if winner.kind == "code":
        return speech.say("Code %(code)s", code=winner.code or "–")
    if winner.kind == "customer":
        return speech.say("Came again")
    slug, channel = slugs.get(winner.link_id or ""), _channel_of(friend)
    link = speech.say("Link %(slug)s", slug=slug) if slug else ""
    return " · ".join(filter(None, (link, channel_text(channel, speech) if channel else "")))
