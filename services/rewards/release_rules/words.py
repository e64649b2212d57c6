"""How rules for releasing, and answers to questions, are put into words."""

from services.rewards.release_rules.domain import Way
from services.ui import Speech


def way_label(speech: Speech, way: Way) -> str:
    """What a rule does."""
    return {
        "automatic": speech.say("By themselves, when the hold is over"),
        "by_hand": speech.say("By hand: somebody approves each"),
        "ask": speech.say("Once our server was asked and let it pass"),
    }[way]


def answer_text(speech: Speech, outcome: str, status: int | None) -> str:
    """What became of a question."""
    known = {
        "allowed": speech.say("Let pass"),
        "refused": speech.say("Refused"),
        "waiting": speech.say("No answer yet"),
        "no_answer": speech.say("Neither let pass nor refused"),
        "contradiction": speech.say("The status lets pass, the body refuses"),
        "no_secret": speech.say("No secret to sign with"),
        "no_address": speech.say("No address"),
        "internal": speech.say("Failed on our side"),
        "timeout": speech.say("No answer in time"),
        "unreachable": speech.say("Not reachable"),
        "tls": speech.say("No secure connection"),
        "address_refused": speech.say("Not a public address"),
    }
    text = known.get(outcome, outcome.replace("_", " "))
    return f"{text} ({status})" if status is not None else text
