"""The console's page of activity: who did what, when, on what."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from services.analytics.activity import sql
from services.analytics.activity.api import words
from services.analytics.activity.sql import Filter, Note
from services.analytics.pages import PAGES
from services.analytics.slices.sql import calendars
from services.common.audit import ACTIONS, action_text
from services.kernel.db import ALL_STORES
from services.kernel.errors import NotFound
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, viewer
from services.kernel.http.fields import FIRST_YEAR, LAST_YEAR
from services.kernel.http.pages import Cursor, page_of
from services.ui import Choice, Column, Name, Pagination, Reader, Row, Table

router = APIRouter(include_in_schema=False)

HOME: Final = "/console/analytics/activity"
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
    cursor: Cursor = None,
    lang: str = "",
) -> Response:
    """What was done in the store, the newest first. `from` and `to` are days where the store is."""
    asked = {"from": first, "to": last, "actor": actor, "action": action, "subject": subject}
    kept = {name: value.strip() for name, value in asked.items() if value.strip()}
    after = cursors.decode(cursor, datetime, str)
    async with call.transaction(stores=[ALL_STORES]) as tx:
        calendar = (await calendars(tx, [call.store_id])).get(call.store_id)
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
        found = await sql.page(tx, call.store_id, wanted, before=after, count=_ROWS + 1)
    page = page_of(found, _ROWS, show=lambda note: note, after=lambda note: (note.at, note.audit_id))
    speech = reader.speech
    return reader.page(
        "activity/list.html",
        freshness=reader.read_now(),
        title=speech.say("Activity"),
        table=_table(page.data, reader),
        asked=asked,
        kept=kept,
        actors=_choices(kept, "actor", {kind: words.kind_text(kind, speech) for kind in _KINDS}),
        actions=_choices(kept, "action", {one: action_text(one, speech) for one in ACTIONS}),
        active=_active(kept, reader),
        days_of=speech.say("Days of %(zone)s", zone=reader.zone.key),
        clear_href=HOME,
        csv_href=_csv_href(wanted),
        paging=Pagination(
            speech.count("%(n)s entry on this page", "%(n)s entries on this page", len(page.data)),
            previous=_href(kept) if cursor else "",
            next=_href({**kept, "cursor": page.next_cursor}) if page.next_cursor else "",
        ),
    )


def _table(notes: Sequence[Note], reader: Reader) -> Table:
    speech, fmt = reader.speech, reader.fmt
    rows = []
    for note in notes:
        what = Name(action_text(note.action, speech), below=fmt.moment(note.at, seconds=True))
        actor, subject, changed = words.who(note, speech), words.on_what(note), words.changes(note, reader)
        rows.append(
            Row(
                {"what": what, "who": actor, "on": subject, "change": changed or None},
                key_figure=actor.text,
                facts=[text for text in (subject.text, changed) if text],
            )
        )
    columns = [
        Column("what", speech.label("head", "Action")),
        Column("who", speech.label("head", "By")),
        Column("on", speech.label("head", "On")),
        Column("change", speech.label("head", "Change")),
    ]
    return Table(speech.say("Activity"), columns, rows, listing=True, names_src=_NAMES)


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
        "actor": words.kind_text(kept.get("actor", ""), speech),
        "action": action_text(kept.get("action", ""), speech),
        "subject": kept.get("subject", ""),
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
