"""The console's mailbox: every mail with its outcome; in a demo that sends none, the mails themselves to read."""

from datetime import datetime
from typing import Annotated, Final, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from services.kernel.errors import NotFound
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, viewer
from services.kernel.http.pages import Cursor, page_of
from services.links.mail import sql, words
from services.links.mail.sql import Channel, Mail
from services.links.mail.work import Composers
from services.links.settings import smtp_settings
from services.links.stores import actions as stores
from services.links.stores.api import reader_of
from services.ui import Choice, Column, Name, Pagination, Reader, Row, Table

HOME: Final = "/console/links/mailbox"
_ROWS: Final = 50


def routes(composers: Composers) -> APIRouter:
    """The pages, given the composers of all kinds of mails."""
    router = APIRouter(include_in_schema=False)

    @router.get(HOME)
    async def get_mailbox(
        request: Request,
        call: Annotated[Call, viewer("ambassadors:read")],
        channel: str = "",
        cursor: Cursor = None,
        lang: str = "",
    ) -> Response:
        """The log of messages, the newest first; of one channel, or of all."""
        before = cursors.decode(cursor, datetime, str)
        chosen = channel if channel in get_args(Channel) else None
        async with call.transaction() as tx:
            own = await stores.get(tx, call.store_id)
            found = await sql.page(tx, call.store_id, before=before, count=_ROWS + 1, channel=chosen)
            reader = reader_of(request, own, tx.now)
        page = page_of(found, _ROWS, show=lambda mail: mail, after=lambda mail: (mail.created_at, mail.mail_id))
        speech = reader.speech
        return reader.page(
            "mail/list.html",
            title=speech.say("Mailbox"),
            table=_table(page.data, reader, readable=_readable(call)),
            readable=_readable(call),
            channels=[
                Choice(speech.say("All channels"), href=HOME, current=chosen is None),
                *(
                    Choice(label, href=_at(channel=one), current=one == chosen)
                    for one, label in words.channels(speech).items()
                ),
            ],
            relay=smtp_settings().host is not None,
            paging=Pagination(
                speech.count("%(n)s mail on this page", "%(n)s mails on this page", len(page.data), n=len(page.data)),
                previous=_at(channel=chosen) if cursor else "",
                next=_at(channel=chosen, cursor=page.next_cursor) if page.next_cursor else "",
            ),
        )

    @router.get(f"{HOME}/{{mail_id}}")
    async def get_letter(
        mail_id: str, request: Request, call: Annotated[Call, viewer("ambassadors:write")], lang: str = ""
    ) -> Response:
        """A mail as its reader would see it. Whoever reads it can sign in by it: only a demo shows it."""
        if not _readable(call):
            raise NotFound("Mails are kept nowhere: they are in the mailboxes of whom they were sent to.")
        async with call.transaction() as tx:
            mail = await sql.get(tx, call.store_id, mail_id)
            composer = composers.get(mail.kind) if mail else None
            letter = await composer(call.ctx, tx, mail) if mail and composer else None
            own = await stores.get(tx, call.store_id)
            reader = reader_of(request, own, tx.now)
        if letter is None or mail is None or mail.state != "kept":
            say = reader.speech.say
            return reader.page("mail/gone.html", status=404, title=say("There is nothing to read any more"))
        return reader.page("mail/read.html", title=letter.subject, letter=letter)

    return router


def _at(**query: str | None) -> str:
    given = urlencode({name: value for name, value in query.items() if value})
    return f"{HOME}?{given}" if given else HOME


def _readable(call: Call) -> bool:
    return call.ctx.settings.demo and smtp_settings().host is None


def _table(mails: list[Mail], reader: Reader, *, readable: bool) -> Table:
    speech, fmt = reader.speech, reader.fmt
    rows = []
    for mail in mails:
        href = f"{HOME}/{mail.mail_id}" if readable and mail.state == "kept" else ""
        what = words.kind_text(mail.kind, speech)
        if mail.channel != "email":
            what = f"{what}, {words.channels(speech)[mail.channel]}"
        about = Name(what, below=fmt.moment(mail.created_at), href=href)
        who = None
        if mail.ambassador_id is not None:
            href = f"/console/links/ambassadors/{mail.ambassador_id}"
            who = Name(mail.ambassador_id, href=href, fill=mail.ambassador_id)
        chip, why = words.chip(mail, speech), words.reason_text(mail, speech)
        rows.append(Row({"about": about, "who": who, "state": chip, "why": why or None}, facts=[why] if why else []))
    columns = [
        Column("about", speech.label("head", "Mail")),
        Column("who", speech.label("head", "To")),
        Column("state", speech.label("head", "Outcome")),
        Column("why", speech.label("head", "Why"), minor=True),
    ]
    return Table(speech.say("Mailbox"), columns, rows, listing=True, names_src="/console/links/names")
