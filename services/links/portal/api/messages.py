"""The portal's page of news, and of how an ambassador wants to be notified of it."""

from typing import Final, get_args

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from services.common.portal_bar import SHARE, portal_bar
from services.common.portal_session import to_sign_in
from services.kernel.context import Context
from services.kernel.errors import Conflict, NotFound
from services.kernel.http.call import CONTEXT
from services.kernel.http.limits import limit
from services.links.activity import sql as activity
from services.links.looks import actions as looks
from services.links.notices.actions.compose import latest, reader_of
from services.links.notices.api.preferences import mail_state, sms_state
from services.links.notices.sql import announcements
from services.links.pages import PAGES
from services.links.people import actions as people
from services.links.people.sql import mail_of
from services.links.portal.api.sign_in import QUIET, worn_here
from services.links.portal.api.visitor import visitor
from services.links.preferences import actions as preferences
from services.links.preferences import sql
from services.links.preferences.domain import Channel, Digest, MailToo, Preferences
from services.links.preferences.schemas import PreferencesIn
from services.links.stores import actions as stores
from services.links.stores.domain import time_zones, zone_names
from services.links.telegram import actions as telegram
from services.links.telegram import sql as bots
from services.ui import Choice, Speech

router = APIRouter(include_in_schema=False)

HOME: Final = "/p/messages"
_MOST: Final = (1, 2, 3, 5, 10, 20)


@router.get(HOME)
async def get_messages(request: Request, lang: str = "") -> Response:
    """What is new, and how the ambassador is notified of it."""
    return await _page(request)


@router.post(HOME, dependencies=[limit("portal-messages", per_minute=30)])
async def post_messages(request: Request) -> Response:
    """Keeps what the ambassador chose; with `resume`, mails to their address are wanted again."""
    ctx: Context = request.scope[CONTEXT]
    session = await visitor(ctx, request)
    form = {name: str(value)[:64] for name, value in (await request.form()).items()}
    hours = {name: _number(form.get(name, "").strip()) for name in ("quiet_from", "quiet_to")}
    zone = form.get("zone", "")
    try:
        async with ctx.db.transaction([session.store_id], actor=session.principal) as tx:
            person = await people.present(tx, session.store_id, session.ambassador_id)
            before = await preferences.wish_of(tx, session.store_id, session.ambassador_id)
            chosen = PreferencesIn(
                channel=form.get("channel", before.channel),  # type: ignore[arg-type]  # it is looked at here
                digest=form.get("digest", before.digest),  # type: ignore[arg-type]
                mail_too=form.get("mail_too", before.mail_too),  # type: ignore[arg-type]
                most_a_day=_number(form.get("most_a_day", str(before.most_a_day))),  # type: ignore[arg-type]
                zone=zone or (before.zone if "zone" not in form else None),
                quiet_from=hours["quiet_from"],  # type: ignore[arg-type]
                quiet_to=hours["quiet_to"],  # type: ignore[arg-type]
            )
            await sql.put_preferences(tx, session.store_id, session.ambassador_id, chosen.wish())
            own = mail_of(person.contact_hashes)
            if form.get("resume") and own is not None:
                await sql.lift(tx, session.store_id, own, reason="unsubscribed")
            tx.note("ambassador.changed", on=session.ambassador_id, after={"changed": "preferences"})
    except ValidationError:
        return await _page(request, wrong="zone" if zone and zone not in time_zones() else "hours", status=422)
    return Response(status_code=303, headers={"location": HOME})


def _number(text: str) -> int | str | None:
    """What is no number stays as it was written, and is refused as that."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 3 else text or None


@router.post(f"{HOME}/telegram", dependencies=[limit("portal-telegram", per_minute=10)])
async def post_telegram(request: Request) -> Response:
    """Shows where the store's bot is, which connects whoever opens it there: once, and soon. A page with a link: of a
    redirect Chromium would ask whether the page's policy lets a form lead there, and it does not.
    """
    ctx: Context = request.scope[CONTEXT]
    session = await visitor(ctx, request)
    try:
        async with ctx.db.transaction([session.store_id], actor=session.principal) as tx:
            await people.present(tx, session.store_id, session.ambassador_id)
            url = await telegram.start_url(tx, session.store_id, session.ambassador_id)
            look = worn_here(await looks.get(tx, session.store_id))
            store = await stores.get(tx, session.store_id)
    except Conflict:
        return Response(status_code=303, headers={"location": HOME})
    speech = PAGES.speech(PAGES.language(request, default=store.locale[:2]))
    return PAGES.render(
        request,
        "portal/telegram.html",
        language=speech.language,
        headers={**QUIET, "content-security-policy": look.policy},
        style=look.style,
        logo=look.logo,
        title=speech.label("button", "Connect Telegram"),
        store=store.name,
        url=url,
    )


@router.get("/p/news/{notice_id}")
async def get_announced(notice_id: str, request: Request, lang: str = "") -> Response:
    """Where an announcement leads: the news of who is signed in, and a note that it was used if it was sent to them."""
    ctx: Context = request.scope[CONTEXT]
    session = await visitor(ctx, request)
    async with ctx.db.transaction([session.store_id], actor=session.principal) as tx:
        await announcements.use(tx, session.store_id, session.ambassador_id, notice_id)
    return Response(status_code=303, headers={"location": HOME, "cache-control": "no-store"})


@router.post("/p/shared", dependencies=[limit("portal-shared", per_minute=60)])
async def post_shared(request: Request) -> Response:
    """The page says that its link was shared or copied just now."""
    ctx: Context = request.scope[CONTEXT]
    session = await visitor(ctx, request)
    async with ctx.db.transaction([session.store_id], actor=session.principal) as tx:
        await activity.shared(tx, session.store_id, session.ambassador_id)
    return Response(status_code=204)


async def _page(request: Request, *, wrong: str = "", status: int = 200) -> Response:
    ctx: Context = request.scope[CONTEXT]
    session = await visitor(ctx, request)
    async with ctx.db.transaction([session.store_id], actor=session.principal) as tx:
        reader = await reader_of(ctx, tx, session.store_id, session.ambassador_id)
        if reader is None or reader.person is None:
            raise to_sign_in(request) from NotFound("There is no such ambassador.")
        language = PAGES.language(request, default=reader.speech.language)
        reader = await reader_of(ctx, tx, session.store_id, session.ambassador_id, language=language) or reader
        wish = await preferences.wish_of(tx, session.store_id, session.ambassador_id)
        bot = await bots.get(tx, session.store_id)
        by_sms = reader.person is not None and await sms_state(tx, reader.person) == "ok"
        mail = await mail_state(tx, reader.person) if reader.person else "none"
        look = worn_here(await looks.get(tx, session.store_id))
        updates = await latest(ctx, tx, reader)
    speech, connected = reader.speech, bool(reader.person and reader.person.telegram)
    return PAGES.render(
        request,
        "portal/messages.html",
        status=status,
        language=reader.speech.language,
        headers={"content-security-policy": look.policy},
        style=look.style,
        logo=look.logo,
        title=speech.say("News"),
        bar=portal_bar(speech, SHARE),
        store=reader.store.name,
        updates=updates,
        channels=_channels(wish, speech, telegram=connected, sms=by_sms),
        mails_too=_mails_too(wish, speech) if connected or by_sms else [],
        digests=_digests(wish, speech),
        hours={name: _hours(getattr(wish, name), speech) for name in ("quiet_from", "quiet_to")},
        zones=_zones(wish, speech, store=reader.store.timezone),
        most=_most(wish, speech),
        wrong={wrong: _wrong(wrong, speech)},
        stopped=mail == "unsubscribed",
        bot=bot is not None and bot.state == "active" and not connected,
    )


def _channels(wish: Preferences, speech: Speech, *, telegram: bool, sms: bool) -> list[Choice]:
    names: dict[Channel, str] = {
        "email": speech.say("E-mail"),
        "telegram": "Telegram",
        "sms": speech.say("SMS"),
        "portal": speech.say("Only on this page"),
    }
    leads = {"telegram": telegram, "sms": sms}
    shown = [one for one in get_args(Channel) if one in names and leads.get(one, True)]
    return [Choice(names[one], value=one, current=one == wish.channel) for one in shown]


def _mails_too(wish: Preferences, speech: Speech) -> list[Choice]:
    names: dict[MailToo, str] = {
        "none": speech.say("Nothing"),
        "money": speech.say("What is about money"),
        "everything": speech.say("Everything"),
    }
    return [Choice(names[one], value=one, current=one == wish.mail_too) for one in get_args(MailToo)]


def _digests(wish: Preferences, speech: Speech) -> list[Choice]:
    names: dict[Digest, str] = {
        "none": speech.say("At once"),
        "daily": speech.say("Once a day, at nine"),
        "weekly": speech.say("Each Monday, at nine"),
    }
    return [Choice(names[one], value=one, current=one == wish.digest) for one in get_args(Digest)]


def _wrong(field: str, speech: Speech) -> str:
    if field == "zone":
        return speech.say("Choose a time zone of the list.")
    return speech.say("Choose both hours, or neither.")


def _zones(wish: Preferences, speech: Speech, *, store: str) -> list[Choice]:
    """The first is nobody's choice: a script of the page puts the browser's zone in its place."""
    own = Choice(speech.say("The store’s: %(zone)s", zone=store), value="", current=wish.zone is None)
    return [own, *(Choice(name, value=name, current=name == wish.zone) for name in zone_names())]


def _most(wish: Preferences, speech: Speech) -> list[Choice]:
    numbers = sorted({*_MOST, wish.most_a_day})
    return [
        Choice(speech.count("%(n)s message", "%(n)s messages", most), value=str(most), current=most == wish.most_a_day)
        for most in numbers
    ]


def _hours(chosen: int | None, speech: Speech) -> list[Choice]:
    every = [Choice(f"{hour}:00", value=str(hour), current=hour == chosen) for hour in range(24)]
    return [Choice(speech.say("no quiet hours"), value="", current=chosen is None), *every]
