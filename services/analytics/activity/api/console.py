"""The console's page of activity: who did what, when, on what."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from markupsafe import Markup

from services.analytics.activity.actions import lines
from services.analytics.activity.api import words
from services.analytics.activity.api.words import HOME, Known
from services.analytics.activity.domain import Line
from services.analytics.activity.sql import Filter
from services.analytics.pages import PAGES
from services.analytics.slices import sql as slices
from services.common.audit import ACTIONS, action_icon, action_text
from services.kernel.db import ALL_STORES, Tx
from services.kernel.errors import NotFound
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, viewer
from services.kernel.http.fields import FIRST_YEAR, LAST_YEAR
from services.kernel.http.pages import Cursor
from services.ui import Choice, Column, Name, Pagination, Reader, Row, Table

router = APIRouter(include_in_schema=False)

_NAMES: Final = "/console/links/names"
_ROWS: Final = 50
_KINDS: Final = ("member", "key", "operator", "ambassador", "system")
_Text = Annotated[str, Query(max_length=255, pattern=r"^[^\x00]*$")]


@router.get(HOME)
async def activity_page(
    request: Request,
    call: Annotated[Call, viewer("audit:read")],
    first: Annotated[str, Query(alias="from", max_length=32)] = "",
    last: Annotated[str, Query(alias="to", max_length=32)] = "",
    actor: _Text = "",
    action: _Text = "",
    subject: _Text = "",
    each: Annotated[str, Query(max_length=1)] = "",
    cursor: Cursor = None,
    lang: str = "",
) -> Response:
    """What was done in the store, the newest first. `from` and `to` are days where the store is. What somebody did many
    times stands there once, unless `each` is asked for, or one thing that it was done to.
    """
    asked = {"from": first, "to": last, "actor": actor, "action": action, "subject": subject, "each": each}
    kept = {name: value.strip() for name, value in asked.items() if value.strip()}
    after = cursors.decode(cursor, datetime, str)
    async with call.transaction(stores=[ALL_STORES]) as tx:
        calendar = (await slices.calendars(tx, [call.store_id])).get(call.store_id)
        if calendar is None:
            raise NotFound("There is no such store here yet; try again in a moment.")
        reader = Reader(PAGES, request, store=calendar.name, locale=calendar.locale, zone=calendar.zone, now=tx.now)
        wanted = Filter(
            since=_midnight(kept.get("from", ""), reader),
            until=_midnight(kept.get("to", ""), reader, days=1),
            actor=kept.get("actor"),
            action=kept.get("action"),
            subject=kept.get("subject"),
        )
        folded = "each" not in kept and wanted.subject is None
        found, next_place = await lines(tx, call.store_id, wanted, before=after, count=_ROWS, folded=folded)
        known = await _known(tx, call.store_id, calendar.name, found)
    speech = reader.speech
    return reader.page(
        "activity/list.html",
        freshness=reader.read_now(),
        title=speech.say("Activity"),
        table=_table(found, known, kept, reader),
        asked=asked,
        kept=kept,
        actors=_choices(kept, "actor", {kind: words.kind_text(kind, speech) for kind in _KINDS}),
        actions=_choices(kept, "action", {one: action_text(one, speech) for one in ACTIONS}),
        active=_active(kept, reader),
        days_of=speech.say("Days of %(zone)s", zone=reader.zone.key),
        clear_href=HOME,
        csv_href=_csv_href(wanted),
        paging=Pagination(
            speech.count("%(n)s entry on this page", "%(n)s entries on this page", len(found)),
            previous=_href(kept) if cursor else "",
            next=_href({**kept, "cursor": cursors.encode(*next_place)}) if next_place else "",
        ),
    )


async def _known(tx: Tx, store_id: str, store: str, found: Sequence[Line]) -> Known:
    """What the page calls its things: programs by name, codes and ambassadors by code."""
    ids = {ident for line in found for ident in (line.note.subject, line.note.actor_id)}
    programs = {version.program_id: version.name for version in await slices.versions(tx, store_id)}
    codes = await slices.codes_by_id(tx, store_id, (ident for ident in ids if ident.startswith("cod_")))
    ambassadors = await slices.codes_of(tx, store_id, (ident for ident in ids if ident.startswith("amb_")))
    return Known(store, programs, {**codes, **ambassadors})


def _table(found: Sequence[Line], known: Known, kept: Mapping[str, str], reader: Reader) -> Table:
    speech, fmt = reader.speech, reader.fmt
    rows = []
    for line in found:
        note = line.note
        text, when = action_text(note.action, speech), fmt.moment(note.at, seconds=True)
        subject, changed = words.on_what(note, known, speech), words.changes(note, reader)
        href = ""
        if line.since is not None:
            href = _each(line, kept, reader)
            text, changed = f"{text} × {fmt.number(line.count)}", ""
            when = _period(line.since, note.at, reader)
            subject = Name(speech.say("Show each"), href=href)
        what = Name(text, below=when, href=href, icon=action_icon(note.action))
        actor = words.who(note, known, speech)
        rows.append(
            Row(
                {"what": what, "who": actor, "on": subject, "change": changed or None},
                key_figure=actor.text,
                facts=[one for one in ("" if href else _filled(subject), changed) if one],
            )
        )
    columns = [
        Column("what", speech.label("head", "Action")),
        Column("who", speech.label("head", "By")),
        Column("on", speech.label("head", "On")),
        Column("change", speech.label("head", "Change")),
    ]
    return Table(speech.say("Activity"), columns, rows, listing=True, names_src=_NAMES)


def _period(since: datetime, at: datetime, reader: Reader) -> str:
    fmt = reader.fmt
    first, last = fmt.moment(since, seconds=True), fmt.moment(at, seconds=True)
    if first == last:
        return last
    return f"{first} – {fmt.time(at, seconds=True) if fmt.date(since) == fmt.date(at) else last}"


def _filled(name: Name) -> str | Markup:
    """A name as one line, with the place that another service fills."""
    place = Markup('{} <span class="detail" data-name="{}"></span>')
    return place.format(name.text, name.fill) if name.fill else name.text


def _each(line: Line, kept: Mapping[str, str], reader: Reader) -> str:
    """The address that lists what a line folds, one by one."""
    note = line.note
    days = {
        name: moment.astimezone(reader.zone).date().isoformat()
        for name, moment in (("from", line.since), ("to", note.at))
        if moment
    }
    actor = note.session_id or note.actor_id
    return _href({**kept, **days, "actor": actor, "action": note.action, "each": "1"})


def _choices(kept: Mapping[str, str], name: str, labels: Mapping[str, str]) -> list[Choice]:
    return [
        Choice(text, href=_href({**kept, name: value}), current=kept.get(name) == value)
        for value, text in labels.items()
    ]


def _active(kept: Mapping[str, str], reader: Reader) -> list[Choice]:
    speech = reader.speech
    labels = {
        "from": speech.say("From %(day)s", day=_written(kept.get("from", ""), reader)),
        "to": speech.say("To %(day)s", day=_written(kept.get("to", ""), reader)),
        "actor": words.actor_text(kept.get("actor", ""), speech),
        "action": action_text(kept.get("action", ""), speech),
        "subject": kept.get("subject", ""),
        "each": speech.say("Each by itself"),
    }
    return [
        Choice(labels[name], href=_href({other: value for other, value in kept.items() if other != name}))
        for name in kept
    ]


def _href(parameters: Mapping[str, str]) -> str:
    return f"?{urlencode(parameters)}" if parameters else HOME


def _csv_href(wanted: Filter) -> str:
    pairs = {
        "from": wanted.since and wanted.since.isoformat(),
        "to": wanted.until and wanted.until.isoformat(),
        "actor": wanted.actor,
        "action": wanted.action,
        "subject": wanted.subject,
    }
    return f"/v1/audit?{urlencode({**{name: value for name, value in pairs.items() if value}, 'format': 'csv'})}"


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year < LAST_YEAR else None


def _written(text: str, reader: Reader) -> str:
    day = _day(text)
    return reader.fmt.date(day) if day else text


def _midnight(text: str, reader: Reader, *, days: int = 0) -> datetime | None:
    """The beginning of a day, or of one so many days later; None for what is no day."""
    day = _day(text)
    return datetime.combine(day + timedelta(days=days), time(), reader.zone) if day else None
