"""Announcements: made, had in their turns, and stopped."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from services.common.words import Translatable, _
from services.kernel.db import Tx
from services.kernel.due import schedule
from services.kernel.errors import Conflict, FieldError, Invalid, NotFound
from services.kernel.ids import new_id
from services.links.notices.actions.decide import JOB
from services.links.notices.actions.wording import mail_try
from services.links.notices.domain import filling
from services.links.notices.domain.occasions import EVERYWHERE
from services.links.notices.sql import announcements as sql
from services.links.notices.sql.announcements import Announcement
from services.links.stores import actions as stores

TURNS: Final = "links.announcements"
"""The due job that has the turns."""
GRACE: Final = timedelta(minutes=1)
"""How far back a first turn may lie and still be taken as now: clocks differ, and forms know minutes."""
Texts = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What an announcement says by language, to whom, and when."""

    texts: Texts
    segment: Mapping[str, Any]
    at: datetime | None
    """Its first turn; None is as soon as it is started."""
    every_weeks: int | None
    times: int | None
    until: datetime | None


async def make(tx: Tx, store_id: str, wanted: Draft) -> Announcement:
    """Keeps an announcement; its first turn is at its moment, or at once. Raises `Invalid`."""
    return await start(tx, store_id, await _add(tx, store_id, wanted))


async def keep_draft(tx: Tx, store_id: str, announcement_id: str | None, wanted: Draft) -> Announcement:
    """Keeps a new draft, or one anew. Raises `Invalid`, and `Conflict` for what is no draft any more."""
    if announcement_id is None:
        announcement_id = await _add(tx, store_id, wanted)
        tx.note("announcement.drafted", on=announcement_id)
    else:
        when = _check(tx, wanted)
        await draft(tx, store_id, announcement_id)
        if not await sql.change(tx, store_id, announcement_id, **when):
            raise Conflict(Translatable(_("This announcement was started a moment ago.")), code="started")
        tx.note("announcement.changed", on=announcement_id)
    return await get(tx, store_id, announcement_id)


async def _add(tx: Tx, store_id: str, wanted: Draft) -> str:
    columns = _check(tx, wanted)
    announcement_id = new_id("ann", at=tx.now)
    await sql.add(tx, store_id, announcement_id, state="draft", **columns)
    return announcement_id


async def draft(tx: Tx, store_id: str, announcement_id: str) -> Announcement:
    """One that was not started yet. Raises `NotFound`, and `Conflict` for one that was."""
    found = await get(tx, store_id, announcement_id)
    if found.state != "draft":
        raise Conflict(
            Translatable(_("This announcement was started: it can be stopped, and not changed.")), code="started"
        )
    return found


async def start(tx: Tx, store_id: str, announcement_id: str) -> Announcement:
    """Has a draft sent: at its moment, or at once where it names none. Raises `NotFound`, and `Conflict` also for a
    moment that has passed while it was a draft.
    """
    found = await draft(tx, store_id, announcement_id)
    if _has_passed(tx, found.next_at):
        raise Conflict(Translatable(_("Its moment has passed: change when.")), code="passed")
    first = max(found.next_at or tx.now, tx.now)
    if found.until is not None and found.until <= first:
        raise Conflict(Translatable(_("It would be over before it begins: change when.")), code="over")
    if not await sql.start(tx, store_id, announcement_id, next_at=first):
        raise Conflict(Translatable(_("This announcement was started a moment ago.")), code="started")
    await schedule(tx, TURNS, {store_id: first})
    tx.note("announcement.made", on=announcement_id)
    return await get(tx, store_id, announcement_id)


async def drop(tx: Tx, store_id: str, announcement_id: str) -> None:
    """Throws a draft away. Raises `NotFound`, `Conflict`."""
    await draft(tx, store_id, announcement_id)
    if not await sql.drop(tx, store_id, announcement_id):
        raise Conflict(Translatable(_("This announcement was started a moment ago.")), code="started")
    tx.note("announcement.dropped", on=announcement_id)


async def send_try(tx: Tx, store_id: str, announcement_id: str, ambassador_id: str, language: str) -> str:
    """Has it mailed to one ambassador, as it stands; returns the mail's id. Raises `NotFound`, `Erased`, `Invalid`."""
    found = await get(tx, store_id, announcement_id)
    if language not in found.texts:
        raise Invalid.field("language", Translatable(_("It has no words in this language.")))
    return await mail_try(tx, store_id, ambassador_id, f"{announcement_id}:{language}")


async def get(tx: Tx, store_id: str, announcement_id: str) -> Announcement:
    """One announcement. Raises `NotFound`."""
    found = await sql.get(tx, store_id, announcement_id)
    if found is None:
        raise NotFound("There is no such announcement.")
    return found


async def stop(tx: Tx, store_id: str, announcement_id: str) -> Announcement:
    """Has no further turn. Twice is as good as once. Raises `NotFound`, and `Conflict` for one that has ended."""
    found = await get(tx, store_id, announcement_id)
    if found.state == "draft":
        raise Conflict(Translatable(_("This announcement was not started.")), code="not_started")
    if found.state == "ended":
        raise Conflict(Translatable(_("This announcement has had all of its turns.")), code="ended")
    if await sql.stop(tx, store_id, announcement_id):
        tx.note("announcement.stopped", on=announcement_id)
    return await get(tx, store_id, announcement_id)


async def have_turns(tx: Tx, store_id: str) -> datetime | None:
    """Has the turns that are due in a store; when the next one is."""
    zone = ZoneInfo((await stores.get(tx, store_id)).timezone)
    for one in await sql.due(tx, store_id):
        if await sql.notify(tx, one, f"{one.announcement_id}:{one.runs + 1}"):
            await schedule(tx, JOB, {store_id: tx.now})
        await sql.move(tx, one, next_at=next_turn(one, tx.now, zone))
    return await sql.next_due(tx, store_id)


def next_turn(one: Announcement, now: datetime, zone: ZoneInfo) -> datetime | None:
    """When an announcement that has its turn now has the next one, at the same hour of the store's day, also where its
    clocks change; None when it was the last. Turns that nobody was there to have are not made up for.
    """
    if one.every_weeks is None or one.next_at is None or (one.times is not None and one.runs + 1 >= one.times):
        return None
    step, first = timedelta(weeks=one.every_weeks), one.next_at.astimezone(zone)
    number = max(1, (now - one.next_at) // step)
    while (at := (first + step * number).astimezone(UTC)) < now:
        number += 1
    return None if one.until is not None and at >= one.until else at


def _check(tx: Tx, wanted: Draft) -> dict[str, Any]:
    """The draft as it is kept. Raises `Invalid`."""
    wrong = []
    for language, words in wanted.texts.items():
        for field, text in words.items():
            try:
                filling.check(text, EVERYWHERE)
            except filling.BadTemplate as error:
                wrong.append(FieldError(f"texts.{language}.{field}", "bad_template", error.mend))
    if wrong:
        raise Invalid(wrong[0].detail, errors=wrong)
    if _has_passed(tx, wanted.at):
        raise Invalid.field(
            "at", Translatable(_("This moment has passed. Choose a later one, or none to begin at once."))
        )
    if wanted.until is not None and wanted.until <= max(wanted.at or tx.now, tx.now):
        raise Invalid.field("until", Translatable(_("It would be over before it begins.")))
    return {
        "texts": wanted.texts,
        "segment": wanted.segment,
        "next_at": wanted.at,
        "every_weeks": wanted.every_weeks,
        "times": wanted.times,
        "until": wanted.until,
    }


def _has_passed(tx: Tx, at: datetime | None) -> bool:
    return at is not None and at < tx.now - GRACE
