"""The console's pages of announcements: written as a draft, looked at, counted and tried, and then sent."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Final, get_args
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from contracts.fields import Role
from services.kernel.errors import AppError, Invalid
from services.kernel.http.call import Call, viewer
from services.links.notices.actions import announce
from services.links.notices.actions.compose import nobody
from services.links.notices.api.announcements import AnnouncementIn
from services.links.notices.domain import filling
from services.links.notices.domain.occasions import Words
from services.links.notices.sql import announcements as sql
from services.links.notices.sql.announcements import Announcement, Counts
from services.links.notices.work import announced
from services.links.programs import sql as programs
from services.links.programs.domain.words import role
from services.links.stores import actions as stores
from services.links.stores.api import reader_of
from services.ui import LANGUAGES, Chip, Choice, Column, Fact, Name, Reader, Row, Speech, Table, mistakes

router = APIRouter(include_in_schema=False)

HOME: Final = "/console/links/announcements"
_ONE: Final = f"{HOME}/{{announcement_id}}"
_WORDS: Final = ("subject", "body", "label")
_DAYS: Final = ("joined_from", "joined_until", "shared_from", "shared_until")


@router.get(HOME)
async def get_list(request: Request, call: Annotated[Call, viewer("ambassadors:read")], lang: str = "") -> Response:
    """The newest announcements, with how many were notified and came by them."""
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        found = await sql.page(tx, call.store_id, before=None, count=100)
        counts = await sql.counts(tx, call.store_id, found)
        reader = reader_of(request, own, tx.now)
        now = tx.now
    speech = reader.speech
    columns = [
        Column("subject", speech.label("head", "Announcement")),
        Column("state", speech.label("head", "State")),
        Column("next", speech.label("head", "Next"), minor=True),
        Column("people", speech.label("head", "For"), figure=True),
        Column("told", speech.label("head", "Told"), figure=True),
        Column("used", speech.label("head", "Came by it"), figure=True),
    ]
    sample = nobody(call.ctx, own, speech.language, now).values
    rows = [_row(one, counts[one.announcement_id], reader, sample) for one in found]
    title = speech.say("Announcements")
    return reader.page(
        "notices/announcements.html",
        title=title,
        table=Table(title, columns, rows, listing=True) if rows else None,
        new=f"{HOME}/new",
        may_change="ambassadors:write" in call.caller.scopes,
    )


def _row(one: Announcement, counts: Counts, reader: Reader, sample: Mapping[str, str]) -> Row:
    fmt = reader.fmt
    href = f"{HOME}/{one.announcement_id}"
    return Row(
        {
            "subject": Name(_subject(one, reader.speech.language, sample), href=href),
            "state": _chip(one, reader.speech),
            "next": fmt.moment(one.next_at) if one.next_at is not None else None,
            "people": fmt.number(counts.people),
            "told": fmt.number(counts.notified),
            "used": fmt.number(counts.used),
        },
        facts=[_chip(one, reader.speech).label, f"{fmt.number(counts.notified)} / {fmt.number(counts.people)}"],
    )


def _subject(one: Announcement, language: str, sample: Mapping[str, str]) -> str:
    texts = one.texts.get(language) or next(iter(one.texts.values()))
    return filling.subject(Words(**texts), sample)


def _chip(one: Announcement, speech: Speech) -> Chip:
    match one.state:
        case "draft":
            return Chip(speech.label("chip", "Draft"), "neutral", "ring")
        case "scheduled":
            return Chip(speech.label("chip", "Scheduled"), "good", "half")
        case "ended":
            return Chip(speech.label("chip", "Ended"), "neutral", "disc")
        case "stopped":
            return Chip(speech.label("chip", "Stopped"), "neutral", "dash")


@router.get(f"{HOME}/new")
async def get_new(request: Request, call: Annotated[Call, viewer("ambassadors:write")], lang: str = "") -> Response:
    """The form of a new one."""
    return await _form(request, call, {})


@router.post(HOME)
async def post_new(request: Request, call: Annotated[Call, viewer("ambassadors:write")]) -> Response:
    """Keeps a draft."""
    return await _save(request, call, None)


@router.get(_ONE)
async def get_one(
    announcement_id: str, request: Request, call: Annotated[Call, viewer("ambassadors:read")], lang: str = ""
) -> Response:
    """One announcement: what people see, for how many it is now, and what came of it."""
    return await _show(request, call, announcement_id)


@router.get(f"{_ONE}/edit")
async def get_edit(
    announcement_id: str, request: Request, call: Annotated[Call, viewer("ambassadors:write")], lang: str = ""
) -> Response:
    """The form of a draft; of what was started, the form of a new one with the same words."""
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        one = await announce.get(tx, call.store_id, announcement_id)
    draft = one.announcement_id if one.state == "draft" else None
    return await _form(request, call, _typed(one, ZoneInfo(own.timezone)), draft=draft)


@router.post(f"{_ONE}/edit")
async def post_edit(
    announcement_id: str, request: Request, call: Annotated[Call, viewer("ambassadors:write")]
) -> Response:
    """Keeps a draft anew."""
    return await _save(request, call, announcement_id)


@router.post(_ONE)
async def post_one(
    announcement_id: str, request: Request, call: Annotated[Call, viewer("ambassadors:write")]
) -> Response:
    """Starts a draft, sends it for a try, throws it away, or stops what was started: as the button says."""
    form = {name: str(value)[:64] for name, value in (await request.form()).items()}
    store_id, where = call.store_id, f"{HOME}/{announcement_id}"
    try:
        async with call.transaction() as tx:
            match form.get("do"):
                case "start":
                    await announce.start(tx, store_id, announcement_id)
                case "stop":
                    await announce.stop(tx, store_id, announcement_id)
                case "drop":
                    await announce.drop(tx, store_id, announcement_id)
                    where = HOME
                case _:
                    who, language = form.get("ambassador_id", "").strip(), form.get("language", "")
                    await announce.send_try(tx, store_id, announcement_id, who, language)
    except AppError as error:
        return await _show(request, call, announcement_id, wrong=error, status=error.status)
    return Response(status_code=303, headers={"location": where})


async def _save(request: Request, call: Call, announcement_id: str | None) -> Response:
    form = {name: str(value)[:6_000] for name, value in (await request.form()).items()}
    async with call.transaction() as tx:
        zone = ZoneInfo((await stores.get(tx, call.store_id)).timezone)
        before = None if announcement_id is None else await announce.get(tx, call.store_id, announcement_id)
    if before is not None and before.state != "draft":
        announcement_id = None  # it was started meanwhile: what was written here becomes a draft of its own
    try:
        body = AnnouncementIn.model_validate(_read(form, zone))
        async with call.transaction() as tx:
            made = await announce.keep_draft(tx, call.store_id, announcement_id, body.draft())
    except (ValidationError, Invalid) as error:
        return await _form(request, call, form, draft=announcement_id, refused=error)
    return Response(status_code=303, headers={"location": f"{HOME}/{made.announcement_id}"})


def _read(form: Mapping[str, str], zone: ZoneInfo) -> dict[str, Any]:
    """The form as the API takes it. A day is the store's, from its midnight on."""
    texts = {}
    for language in LANGUAGES:
        words = {field: form.get(f"{field}_{language}", "").replace("\r\n", "\n").strip() for field in _WORDS}
        if any(words.values()):
            texts[language] = words
    segment: dict[str, Any] = {name: form[name] for name in ("program_id", "role", "group") if form.get(name)}
    segment |= {name: _day(form[name], zone) for name in _DAYS if form.get(name)}
    if form.get("clicked") in ("yes", "no"):
        segment["clicked"] = form["clicked"] == "yes"
    whole: dict[str, Any] = {"texts": texts, "segment": segment}
    whole |= {name: _number(form[name].strip()) for name in ("every_weeks", "times") if form.get(name, "").strip()}
    if form.get("until"):
        whole["until"] = _day(form["until"], zone)
    if form.get("at"):
        whole["at"] = _moment(form["at"], zone)
    return whole


def _number(text: str) -> int | str:
    """What is no number of a sensible length stays as it was written, and is refused as that."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else text


def _day(text: str, zone: ZoneInfo) -> str:
    try:
        return datetime.combine(date.fromisoformat(text), time(), zone).isoformat()
    except ValueError:
        return text


def _moment(text: str, zone: ZoneInfo) -> str:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).isoformat()
    except ValueError:
        return text


def _typed(one: Announcement, zone: ZoneInfo) -> dict[str, str]:
    """A draft as the form shows it."""
    form = {f"{field}_{language}": str(text) for language, words in one.texts.items() for field, text in words.items()}
    for name, value in one.segment.items():
        form[name] = datetime.fromisoformat(value).astimezone(zone).date().isoformat() if name in _DAYS else str(value)
    if "clicked" in one.segment:
        form["clicked"] = "yes" if one.segment["clicked"] else "no"
    form |= {name: str(getattr(one, name)) for name in ("every_weeks", "times") if getattr(one, name) is not None}
    if one.until is not None:
        form["until"] = one.until.astimezone(zone).date().isoformat()
    if one.next_at is not None:
        form["at"] = one.next_at.astimezone(zone).strftime("%Y-%m-%dT%H:%M")
    return form


async def _form(
    request: Request,
    call: Call,
    form: Mapping[str, str],
    *,
    draft: str | None = None,
    refused: ValidationError | Invalid | None = None,
) -> Response:
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        named = await programs.names(tx, call.store_id)
        reader = reader_of(request, own, tx.now)
    say, wrong = reader.speech.say, mistakes(reader.speech, refused)
    first = own.locale[:2] if own.locale[:2] in LANGUAGES else "en"
    languages = sorted(LANGUAGES, key=lambda code: code != first)
    known = {f"texts.{code}.{field}" for code in languages for field in _WORDS}
    known |= {"every_weeks", "times", "until", "at", *(f"segment.{name}" for name in (*_DAYS, "group"))}
    roles = [Choice(role(one, reader.speech), value=one, current=one == form.get("role")) for one in get_args(Role)]
    listed = [Choice(one.name, value=one.program_id, current=one.program_id == form.get("program_id")) for one in named]
    clicked = {"": say("Everybody"), "yes": say("A friend opened their link"), "no": say("Nobody opened it yet")}
    return reader.page(
        "notices/announcement_form.html",
        status=422 if wrong else 200,
        title=say("Change the draft") if draft else say("New announcement"),
        action=f"{HOME}/{draft}/edit" if draft else HOME,
        back=f"{HOME}/{draft}" if draft else HOME,
        form=form,
        wrong=wrong,
        others=[text for field, text in wrong.items() if field not in known],
        writing=[(code, LANGUAGES[code], code == first or bool(form.get(f"body_{code}"))) for code in languages],
        programs=[Choice(say("All programs"), value=""), *listed],
        roles=[Choice(say("Everybody"), value=""), *roles],
        clicked=[Choice(text, value=code, current=code == form.get("clicked", "")) for code, text in clicked.items()],
        clock=own.timezone,
    )


async def _show(
    request: Request, call: Call, announcement_id: str, *, wrong: AppError | None = None, status: int = 200
) -> Response:
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        one = await announce.get(tx, call.store_id, announcement_id)
        counts = (await sql.counts(tx, call.store_id, [one]))[one.announcement_id]
        people = await sql.count(tx, call.store_id, one.segment)
        reader = reader_of(request, own, tx.now)
        now = tx.now
    letters = [
        announced(call.ctx, nobody(call.ctx, own, language, now), Words(**words))
        for language, words in one.texts.items()
    ]
    return reader.page(
        "notices/announcement.html",
        status=status,
        title=_subject(one, reader.speech.language, nobody(call.ctx, own, reader.speech.language, now).values),
        here=f"{HOME}/{announcement_id}",
        one=one,
        chip=_chip(one, reader.speech),
        facts=_facts(one, counts, people, reader),
        letters=letters,
        languages=[Choice(LANGUAGES[code], value=code) for code in one.texts if code in LANGUAGES],
        wrong=" ".join(mistakes(reader.speech, wrong).values()),
        may_change="ambassadors:write" in call.caller.scopes,
    )


def _facts(one: Announcement, counts: Counts, people: int, reader: Reader) -> list[Fact]:
    say, fmt = reader.speech.say, reader.fmt
    found = [Fact(say("In the segment now"), fmt.number(people))]
    if one.next_at is not None or one.state == "draft":
        found.append(Fact(say("Next"), say("At once") if one.next_at is None else fmt.moment(one.next_at)))
    if one.every_weeks is not None:
        weeks = reader.speech.count("every %(n)s week", "every %(n)s weeks", one.every_weeks)
        ends = [say("at most %(n)s times", n=one.times)] if one.times is not None else []
        ends += [say("until %(day)s", day=fmt.date(one.until - timedelta(seconds=1)))] if one.until else []
        found.append(Fact(say("Repeated"), ", ".join((weeks, *ends))))
    if one.runs:
        found += [
            Fact(say("For"), fmt.number(counts.people)),
            Fact(say("Told"), fmt.number(counts.notified)),
            Fact(say("Came by it"), fmt.number(counts.used)),
        ]
    return found
