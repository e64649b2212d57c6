"""How targets are put into words: the plan and its period, and how far somebody is."""

from services.common.milestone_names import plan_period_text
from services.rewards.pages import Reader
from services.rewards.plan_targets.domain import Target


def title(reader: Reader, one: Target) -> str:
    """Which plan and which period: "bonus, Mar 2027"."""
    return f"{one.plan}, {plan_period_text(one.key.period, reader.speech, reader.fmt)}"


def figure(reader: Reader, one: Target, value: int) -> str:
    """Something that the plan counts."""
    return reader.fmt.money(value, one.currency) if one.of == "revenue" else reader.fmt.number(value)


def progress(reader: Reader, one: Target) -> str:
    """How far it is: "€6,500.00 of €10,000.00 in friends’ orders", and the bonus once there is one."""
    so_far = _so_far(reader, one)
    if not one.bonus:
        return so_far
    day = "" if one.available_at is None else reader.fmt.date(one.available_at.astimezone(reader.zone))
    return reader.speech.say(
        "%(so_far)s: %(amount)s, to be used from %(day)s on",
        so_far=so_far,
        amount=reader.amount(one.bonus, one.unit),
        day=day,
    )


def _so_far(reader: Reader, one: Target) -> str:
    speech, so_far, n = reader.speech, figure(reader, one, one.so_far.counted), figure(reader, one, one.target)
    if one.of == "orders":
        return speech.count("%(so_far)s of %(n)s order", "%(so_far)s of %(n)s orders", one.target, n=n, so_far=so_far)
    if one.of == "friends":
        return speech.count("%(so_far)s of %(n)s friend", "%(so_far)s of %(n)s friends", one.target, n=n, so_far=so_far)
    return speech.say("%(spent)s of %(goal)s in friends’ orders", spent=so_far, goal=n)
