"""What pages say of rewards, limits, and the way to milestones."""

from services.rewards.balances.actions import Progress, Used
from services.rewards.grants.domain.reward import Reward
from services.rewards.pages import Reader
from services.rewards.rules.domain import POINTS


def brings_text(reader: Reader, reward: Reward) -> str:
    """What an order brings, and since or from when."""
    say, amount = reader.speech.say, reader.amount(reward.target_minor, reward.unit)
    if reward.target_minor == 0:
        return say("taken back, %(amount)s left", amount=amount)
    if reward.waits_for is not None:
        return say("%(amount)s, the store is looking at it", amount=amount)
    day = reader.fmt.date((reward.released_at or reward.available_at).astimezone(reader.zone))
    if reward.released_at is not None:
        return say("%(amount)s, yours since %(day)s", amount=amount, day=day)
    return say("%(amount)s, yours on %(day)s", amount=amount, day=day)


def used_text(reader: Reader, used: Used) -> str:
    """How much of a limit is used in the period that is running."""
    say = reader.speech.say
    if used.limit.count is not None:
        so_far, most = reader.fmt.number(used.tally.count), reader.fmt.number(used.limit.count)
    else:
        so_far = reader.amount(used.tally.amount_minor, used.unit)
        most = reader.amount(used.limit.amount_minor or 0, used.unit)
    return {
        "day": say("Today %(used)s of at most %(most)s", used=so_far, most=most),
        "week": say("This week %(used)s of at most %(most)s", used=so_far, most=most),
        "month": say("This month %(used)s of at most %(most)s", used=so_far, most=most),
        "year": say("This year %(used)s of at most %(most)s", used=so_far, most=most),
        "ever": say("So far %(used)s of at most %(most)s", used=so_far, most=most),
    }[used.limit.period]


def given_text(reader: Reader, progress: Progress) -> str:
    """What the next step of a milestone gives."""
    rule = progress.rule
    return reader.amount(rule.give.amount_minor, POINTS if rule.pay_as == "points" else progress.currency)


def progress_text(reader: Reader, progress: Progress) -> str:
    """How far the next step of a milestone is: "3 of 5 friends"."""
    speech, fmt, rule = reader.speech, reader.fmt, progress.rule
    if progress.next is None:
        return speech.say("Reached")
    size, so_far = rule.on.size, fmt.number(progress.so_far)
    if rule.on.of == "friends":
        return speech.count(
            "%(so_far)s of %(n)s friend", "%(so_far)s of %(n)s friends", size, n=fmt.number(size), so_far=so_far
        )
    if rule.on.of == "orders":
        return speech.count(
            "%(so_far)s of %(n)s order", "%(so_far)s of %(n)s orders", size, n=fmt.number(size), so_far=so_far
        )
    spent, goal = (reader.amount(minor, progress.currency) for minor in (progress.so_far, size))
    return speech.say("%(spent)s of %(goal)s in friends’ orders", spent=spent, goal=goal)
