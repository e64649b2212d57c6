"""When somebody is notified of what, and by which channel. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from services.links.notices.domain.occasions import ABOUT
from services.links.preferences.domain import Preferences, Sent, after_quiet, next_digest

DAY = timedelta(hours=24)


class Waiting(Protocol):
    """What waits to be sent."""

    @property
    def notice_id(self) -> str: ...
    @property
    def occasion(self) -> str: ...
    @property
    def due(self) -> datetime: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def failed(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """How somebody can be reached, and wants to be."""

    wish: Preferences
    zone: ZoneInfo
    channels: frozenset[Sent]
    """Those that lead to them today."""
    got: int = 0
    """Messages within the last day, and when the first of them came."""
    first_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What becomes of what waits for one person."""

    now: tuple[str, ...] = ()
    """Sent at once, as one message."""
    later: Mapping[str, datetime] = field(default_factory=dict)


def plan(person: Person, waiting: Sequence[Waiting], now: datetime) -> Plan:
    """What is sent now, and when to look at the others that are due."""
    ready: list[str] = []
    later: dict[str, datetime] = {}
    for one in waiting:
        if one.due > now:
            continue
        moment = _collected(person, one)
        if moment > now:
            later[one.notice_id] = moment
        else:
            ready.append(one.notice_id)
    if ready and (wait := _may(person, now)) > now:
        return Plan(later={**later, **dict.fromkeys(ready, wait)})
    return Plan(now=tuple(ready), later=later)


def channels(person: Person, notices: Collection[Waiting]) -> tuple[Sent, ...]:
    """By which channels somebody is notified of these: the one that they chose, else mail, else whatever leads to them;
    mail beside it where they want it so. None of a person who reads their page only, or to whom nothing leads.
    """
    wish, left = person.wish, person.channels.difference(*(one.failed for one in notices))
    if wish.channel == "portal":
        return ()
    order: tuple[Sent, ...] = (wish.channel, "email", "telegram", "sms")
    first = next((one for one in order if one in left), None)
    if first is None:
        return ()
    too = wish.mail_too == "everything" or (wish.mail_too == "money" and any(map(_is_money, notices)))
    return (first, "email") if too and first != "email" and "email" in left else (first,)


def alarms(waiting: Sequence[Waiting], now: datetime) -> tuple[Waiting, ...]:
    """What is due and guards somebody's account: nothing that they chose puts it off."""
    return tuple(one for one in waiting if one.due <= now and is_alarm(one.occasion))


def alarm_channels(reach: Collection[Sent], notices: Collection[Waiting]) -> tuple[Sent, ...]:
    """By which channels somebody is notified of these: mail and bot together, as far as they lead to them, since who
    got hold of one may not have the other; a phone where neither does.
    """
    left = frozenset(reach).difference(*(one.failed for one in notices))
    both: tuple[Sent, ...] = tuple(one for one in ("email", "telegram") if one in left)
    return both or (("sms",) if "sms" in left else ())


def is_alarm(occasion: str) -> bool:
    """Whether an occasion guards somebody's account."""
    about = ABOUT.get(occasion)  # type: ignore[call-overload]  # of a newer build there is none
    return about is not None and about.alarm


def _is_money(one: Waiting) -> bool:
    about = ABOUT.get(one.occasion)  # type: ignore[call-overload]  # of a newer build there is none
    return about is not None and about.money


def _collected(person: Person, one: Waiting) -> datetime:
    """The collection that it belongs to, where there is one; else since when it may be sent."""
    every = person.wish.digest
    about = ABOUT.get(one.occasion)  # type: ignore[call-overload]  # of a newer build there is none
    if every == "none" and about is not None and about.collected:
        every = "daily"
    return one.created_at if every == "none" else next_digest(every, one.created_at, person.zone)


def _may(person: Person, now: datetime) -> datetime:
    """Since when a person may get one message more."""
    if person.got >= person.wish.most_a_day and person.first_at is not None:
        now = max(now, person.first_at + DAY)
    return after_quiet(person.wish, now, person.zone)
