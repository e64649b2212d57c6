"""What pages say of rewards, limits, tiers, and the way to milestones."""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import islice
from typing import Final

from services.common.tier_names import times
from services.rewards.balances.actions import Progress, Rank, Used
from services.rewards.grants.domain.reward import Reward
from services.rewards.lots.domain import last_day
from services.rewards.lots.sql.lots import Left
from services.rewards.memberships.actions import Holding
from services.rewards.pages import Reader
from services.rewards.rules.domain import POINTS
from services.ui import Fact

_DAYS_SHOWN: Final = 5


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


def sponsored_by_text(reader: Reader, reward: Reward) -> str:
    """For whose order a sponsor gets it, without naming anybody: "An order on level 2, 3 Dec"."""
    day = reader.fmt.date(reward.placed_at.astimezone(reader.zone))
    return reader.speech.say("An order on level %(n)s, %(day)s", n=reward.level, day=day)


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


def expiry_facts(reader: Reader, left: Sequence[Left], unit: str) -> list[Fact]:
    """What is left of a unit and expires, by the last day on which it can be used; the next days first. What an idle
    holder loses stands by itself.
    """
    by_day: dict[tuple[date, bool], int] = {}
    for one in left:
        if one.unit == unit:
            key = (last_day(one.expires_at, reader.zone), one.idle)
            by_day[key] = by_day.get(key, 0) + one.amount
    say = reader.speech.say
    return [
        Fact(
            say("Can be used until %(day)s, and longer if some is earned or used", day=reader.fmt.date(day, year=True))
            if idle
            else say("Can be used until %(day)s", day=reader.fmt.date(day, year=True)),
            reader.amount(amount, unit),
        )
        for (day, idle), amount in islice(by_day.items(), _DAYS_SHOWN)
    ]


def given_text(reader: Reader, progress: Progress) -> str:
    """What the next step of a milestone gives."""
    rule = progress.rule
    return reader.amount(rule.give.amount_minor, POINTS if rule.pay_as == "points" else progress.currency)


def progress_text(reader: Reader, progress: Progress) -> str:
    """How far the next step of a milestone is: "3 of 5 friends"."""
    rule = progress.rule
    if progress.next is None:
        return reader.speech.say("Reached")
    return _so_far(reader, rule.on.of, progress.so_far, rule.on.size, progress.currency)


def rank_title(reader: Reader, rank: Rank) -> str:
    """The tier that somebody is in: "Silver, ×1.5"."""
    if rank.tier is None:
        return reader.speech.say("No tier yet")
    return f"{rank.tier.name}, {times(rank.tier.multiplier_basis_points, reader.fmt)}"


def rank_text(reader: Reader, rank: Rank) -> str:
    """How far the next tier is, and when somebody falls: "Gold, ×2: 12 of 20 friends"."""
    say, found = reader.speech.say, []
    if rank.tier is not None and rank.tier.privileges:
        found.append(say("With it: %(what)s", what="; ".join(rank.tier.privileges)))
    if rank.next is not None:
        name = f"{rank.next.name}, {times(rank.next.multiplier_basis_points, reader.fmt)}"
        found.append(f"{name}: {_so_far(reader, rank.tiers.measure, rank.count, rank.next.at, rank.currency)}")
    else:
        found.append(say("The highest tier"))
    if rank.standing.falls_at is not None:
        day = reader.fmt.date(rank.standing.falls_at.astimezone(reader.zone))
        found.append(say("One tier lower from %(day)s, unless the count is back by then", day=day))
    return ". ".join(found)


def membership_facts(reader: Reader, holdings: Sequence[Holding], now: datetime) -> list[Fact]:
    """Until when somebody holds what they bought, or when that ended; nothing of what was undone before it began."""
    say, found = reader.speech.say, []
    for one in holdings:
        if one.held is not None:
            moment = reader.fmt.moment(one.held.until.astimezone(reader.zone))
            text = say("Member until %(moment)s", moment=moment)
            if one.held.until <= now:
                text = say("Ended %(moment)s", moment=moment)
            elif one.held.since > now:
                text = say("Member from %(moment)s", moment=reader.fmt.moment(one.held.since.astimezone(reader.zone)))
            found.append(Fact(one.membership, text))
    return found


def _so_far(reader: Reader, of: str, count: int, size: int, currency: str) -> str:
    speech, fmt = reader.speech, reader.fmt
    so_far, n = fmt.number(count), fmt.number(size)
    if of == "friends":
        return speech.count("%(so_far)s of %(n)s friend", "%(so_far)s of %(n)s friends", size, n=n, so_far=so_far)
    if of == "orders":
        return speech.count("%(so_far)s of %(n)s order", "%(so_far)s of %(n)s orders", size, n=n, so_far=so_far)
    if of == "clicks":
        return speech.count("%(so_far)s of %(n)s click", "%(so_far)s of %(n)s clicks", size, n=n, so_far=so_far)
    if of == "tenure":
        return speech.count("%(so_far)s of %(n)s month", "%(so_far)s of %(n)s months", size, n=n, so_far=so_far)
    spent, goal = (reader.amount(minor, currency) for minor in (count, size))
    return speech.say("%(spent)s of %(goal)s in friends’ orders", spent=spent, goal=goal)
