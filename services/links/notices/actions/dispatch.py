"""Notifying people of what waits for them: together where several things wait, by the channel that leads to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from services.kernel.db import Tx
from services.kernel.due import schedule
from services.kernel.ids import new_id
from services.links.mail import actions as mails
from services.links.mail import sql as messages
from services.links.mail.actions import Message
from services.links.mail.sql import Mail
from services.links.notices.actions.decide import JOB
from services.links.notices.domain import plan as planning
from services.links.notices.domain.plan import DAY, Person, Waiting
from services.links.notices.sql import notices as sql
from services.links.notices.sql.notices import Notice
from services.links.people import sql as people
from services.links.people.sql import Ambassador
from services.links.preferences import sql as preferences
from services.links.preferences.domain import Preferences, Sent
from services.links.sms_gateways.actions import setup as sms
from services.links.sms_gateways.actions.setup import lane_of
from services.links.stores import actions as stores

KIND: Final = "notice"
PEOPLE: Final = 200
"""How many people one run notifies."""
FORGET_JOB: Final = "links.old-notices"
KEPT: Final = timedelta(days=180)
"""So long people and support see what somebody was notified of. Then a mark of it stays, so that it is not sent
again.
"""


@dataclass(slots=True)
class _Outcome:
    """What one run does for a store."""

    messages: list[Message] = field(default_factory=list)
    notified: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    later: dict[str, datetime] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)


async def notify(tx: Tx, store_id: str) -> datetime | None:
    """Notifies some people of what is due in a store; returns when there is more to do."""
    waiting = await sql.due(tx, store_id, people=PEOPLE)
    if waiting:
        await schedule(tx, FORGET_JOB, {store_id: tx.now + KEPT})
        await _notify(tx, store_id, waiting)
    return await sql.next_due(tx, store_id)


async def forget(tx: Tx, store_id: str) -> datetime | None:
    """Forgets some of what was sent long ago; returns when there is more to do."""
    oldest = await sql.forget_before(tx, store_id, tx.now - KEPT)
    return None if oldest is None else oldest + KEPT


async def notify_elsewhere(tx: Tx, mail: Mail, reason: str) -> None:
    """Ends a message that cannot be delivered by its channel: what it was about waits again, for another one, unless
    it goes by another one already.
    """
    await messages.end(tx, mail.store_id, mail.mail_id, state="refused", reason=reason)
    await sql.put_back(tx, mail)
    await schedule(tx, JOB, {mail.store_id: tx.now})


async def _notify(tx: Tx, store_id: str, waiting: Sequence[Notice]) -> None:
    ids = sorted({one.ambassador_id for one in waiting})
    known = await people.some(tx, store_id, ids)
    persons = await _persons(tx, store_id, known)
    done = _Outcome()
    for ambassador_id, group in groupby(waiting, key=lambda one: one.ambassador_id):
        theirs, person = list(group), persons.get(ambassador_id)
        if person is None:
            done.gone += [one.notice_id for one in theirs]
            continue
        who = known[ambassador_id]
        if urgent := planning.alarms(theirs, tx.now):
            # Also where mails are not wanted: it warns, and whom it warns may not have asked for that.
            mail: frozenset[Sent] = frozenset({"email"} if who.email else ())
            _message(tx, done, who, urgent, planning.alarm_channels(person.channels | mail, urgent))
        others = [one for one in theirs if one not in urgent]
        chosen = planning.plan(person, others, tx.now)
        done.later |= chosen.later
        if chosen.now:
            ready = [one for one in others if one.notice_id in chosen.now]
            _message(tx, done, who, ready, planning.channels(person, ready))
    await mails.send_all(tx, store_id, done.messages)
    await sql.mark_notified(tx, store_id, done.notified)
    await sql.put_off(tx, store_id, done.later)
    await sql.drop(tx, store_id, done.gone, reason="nobody")


def _message(tx: Tx, done: _Outcome, who: Ambassador, notices: Sequence[Waiting], channels: Sequence[Sent]) -> None:
    """One message, by one channel or two: the first one's id says of both what they are about."""
    ids = [one.notice_id for one in notices]
    if not channels:
        done.notified |= dict.fromkeys(ids, (None, "portal"))
        return
    about = new_id("mai", at=tx.now)
    done.messages += [
        Message(
            mail_id=new_id("mai", at=tx.now) if number else about,
            kind=KIND,
            about=about,
            channel=channel,
            lane=_lane(channel, who),
            ambassador_id=who.ambassador_id,
        )
        for number, channel in enumerate(channels)
    ]
    done.notified |= dict.fromkeys(ids, (about, None))


def _lane(channel: Sent, who: Ambassador) -> str:
    """Who would be held up: a bot that floods stops nobody else, the mails least of all."""
    if channel == "sms":
        return lane_of(who.store_id)
    return f"bot:{(who.telegram or '').partition(':')[0]}" if channel == "telegram" else mails.RELAY


async def _persons(tx: Tx, store_id: str, known: Mapping[str, Ambassador]) -> dict[str, Person]:
    """How each of these people can be reached; nobody who was erased."""
    present = {ident: one for ident, one in known.items() if one.status != "erased"}
    zone = (await stores.get(tx, store_id)).timezone
    wishes = await preferences.of(tx, store_id, present)
    got = await sql.recent(tx, store_id, present, since=tx.now - DAY + timedelta(seconds=1))
    hashes = {ident: people.mail_of(one.contact_hashes) for ident, one in present.items()}
    numbers = [one.sms_hash for one in present.values()]
    barred = await preferences.suppressed(tx, store_id, filter(None, (*hashes.values(), *numbers)))
    by_sms = any(numbers) and await sms.is_open(tx, store_id)
    found = {}
    for ident, one in present.items():
        wish = wishes.get(ident, Preferences())
        channels: set[Sent] = {"email"} if one.email and hashes[ident] not in barred else set()
        if one.telegram is not None:
            channels.add("telegram")
        if one.sms_hash is not None and one.sms_hash not in barred and by_sms:
            channels.add("sms")
        count, first_at = got.get(ident, (0, None))
        found[ident] = Person(
            wish=wish,
            zone=ZoneInfo(wish.zone or zone),
            channels=frozenset(channels),
            got=count,
            first_at=first_at,
        )
    return found
