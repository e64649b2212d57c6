"""How the books are put into words: accounts and movements."""

from services.rewards.ledger.domain import Account, Movement
from services.rewards.ledger.sql import Line
from services.rewards.pages import Reader
from services.ui import Speech


def account_label(speech: Speech, account: str) -> str:
    """The name of a kind of account."""
    return {
        Account.PROGRAM_EXPENSE: speech.say("Programs’ expense"),
        Account.AMBASSADOR_PENDING: speech.say("Ambassadors, pending"),
        Account.AMBASSADOR_AVAILABLE: speech.say("Ambassadors, available"),
        Account.AMBASSADOR_IN_PAYOUT: speech.say("Ambassadors, in payout"),
        Account.AMBASSADOR_PAID: speech.say("Ambassadors, paid out"),
        Account.FRIEND_PENDING: speech.say("Friends, pending"),
        Account.FRIEND_AVAILABLE: speech.say("Friends, available"),
        Account.AMBASSADOR_RESERVED: speech.say("Ambassadors, reserved"),
        Account.AMBASSADOR_USED: speech.say("Ambassadors, used"),
        Account.FRIEND_RESERVED: speech.say("Friends, reserved"),
        Account.FRIEND_USED: speech.say("Friends, used"),
    }[Account(account)]


def movement_label(speech: Speech, movement: str) -> str:
    """The name of a movement."""
    return {
        Movement.GRANT: speech.say("Granted"),
        Movement.RAISE: speech.say("Raised"),
        Movement.CLAW_BACK: speech.say("Taken back"),
        Movement.RELEASE: speech.say("Released"),
        Movement.RESERVE: speech.say("Set aside for a payout"),
        Movement.UNRESERVE: speech.say("Available again"),
        Movement.PAY_OUT: speech.say("Paid out"),
        Movement.RETURN: speech.say("Came back"),
        Movement.EXPIRE: speech.say("Expired"),
        Movement.RESTORE: speech.say("Expiry undone"),
        Movement.SET_ASIDE: speech.say("Reserved for a purchase"),
        Movement.USE: speech.say("Spent"),
        Movement.LET_GO: speech.say("Not spent: available again"),
        Movement.GIVE_BACK: speech.say("Returned after it was spent"),
        Movement.JOIN: speech.say("Joined: a contact is a customer’s"),
    }[Movement(movement)]


def movement_text(reader: Reader, line: Line) -> str:
    """One line of a beneficiary's account: what happened, and how much."""
    amount = reader.amount(abs(line.amount_minor), line.unit)
    return f"{movement_label(reader.speech, line.movement)}: {amount}"
