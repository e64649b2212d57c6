"""What a program still gives once its budget is used up. Pure."""

from contracts.program import Budget, Program
from contracts.wording import Texts
from services.ui import Speech


def without_money(program: Program) -> Program:
    """The program as pages speak of it while its budget is used up: points stay, and what the shop takes off at the
    checkout. Its budget is 0, by which `used_up` knows it. The store's own words to friends go with a promise to them.
    """
    left = {
        kind: tuple(rule for rule in getattr(program, kind) if rule.pay_as == "points")
        for kind in (
            *("rewards", "event_rewards", "milestone_rewards", "cashback_rewards", "plan_rewards", "sponsor_rewards"),
        )
    }
    changed = {**left, "budget": Budget(amount_minor=0)}
    if friend_loses(program):
        credit = any(rule.to == "friend" for rule in left["rewards"])
        discount = program.discount_served is not None
        changed["friend_benefit"] = ("both" if discount else "credit") if credit else "discount" if discount else "none"
        changed["texts"] = _unpromised(program.texts)
    return program.model_copy(update=changed)


def friend_loses(program: Program) -> bool:
    """Whether a friend was promised money that a used-up budget does not give."""
    return any(rule.to == "friend" and rule.pay_as != "points" for rule in program.rules_served)


def used_up(program: Program) -> bool:
    """Whether nothing in money is left to be given: as `without_money` leaves it."""
    return program.budget is not None and program.budget.amount_minor == 0


def used_up_text(speech: Speech) -> str:
    """That said to ambassadors, and to who may become one."""
    return speech.say("This program’s budget is used up: until the store adds to it, no money is given.")


def _unpromised(texts: Texts | None) -> Texts | None:
    """The hashtags alone: any other word may promise what is gone."""
    if texts is None:
        return None
    kept = {
        language: None if words is None else words.model_copy(update=dict.fromkeys(("title", "text", "share")))
        for language, words in texts
    }
    return texts.model_copy(update=kept)


def retry_text(program: Program, speech: Speech) -> str:
    """What becomes of what the budget or a limit refused, to somebody who runs the program."""
    if program.retry_capped:
        return speech.say("is given once there is room, oldest purchase first")
    return speech.say("is given only if its order changes")
