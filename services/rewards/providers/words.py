"""How providers are put into words: what is wrong with one, what came of a try."""

from services.rewards.providers.domain.port import Kind
from services.rewards.providers.sql import Account
from services.ui import Chip, Speech


def kind_label(speech: Speech, kind: Kind) -> str:
    """A provider's name."""
    return {"http": speech.say("Your own endpoint"), "paypal": speech.say("PayPal")}[kind]


def chip_of(speech: Speech, account: Account | None) -> Chip:
    """Whether it is set up, and whether it answers."""
    if account is None:
        return Chip(speech.label("chip", "Not set up"), "neutral", "dash")
    if account.trouble is not None:
        return Chip(speech.label("chip", "Takes nothing"), "bad", "cross")
    if account.heard_at is None:
        return Chip(speech.label("chip", "Not called yet"), "neutral", "ring")
    return Chip(speech.label("chip", "Ready"), "good", "disc")


def trouble_text(speech: Speech, why: str) -> str:
    """Why a provider took nothing, or was not understood."""
    known = {
        "credentials": speech.say("PayPal does not know these credentials."),
        "no_payouts": speech.say("PayPal has not allowed this app to pay out: turn Payouts on for it there."),
        "no_secret": speech.say("The secret cannot be opened any more: give it anew."),
        "status_401": speech.say("It refused the signature: give both sides the same secret."),
        "status_404": speech.say("Nothing is at this address, or it does not say “unknown” of what it does not know."),
        "timeout": speech.say("It did not answer in time."),
        "unreachable": speech.say("It cannot be reached."),
        "address_refused": speech.say("Its address is not public."),
        "tls": speech.say("Its certificate cannot be trusted."),
        "unreadable": speech.say("Its answer cannot be read."),
        "knows_unknown": speech.say("It says that it paid what there never was."),
        "busy": speech.say("It wants to be left in peace for a while. Try again later."),
        "duplicate": speech.say("PayPal knows the batch and does not say its number. Its webhook will, or look there."),
    }
    return known.get(why) or speech.say("It answered what is no answer (%(what)s).", what=why)
