"""The console's page of one ambassador."""

from collections.abc import Sequence
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from services.common.channels import channel_text
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, viewer
from services.kernel.http.pages import Cursor, Page, page_of
from services.links.ambassadors import actions
from services.links.ambassadors.api.rest import portal_of
from services.links.ambassadors.sql import Member
from services.links.ambassadors.words import status_chip
from services.links.codes import sql as codes
from services.links.codes.sql import Code
from services.links.hosts.hot import share_base
from services.links.links import sql as links
from services.links.links.api.console import HOME as LINK
from services.links.links.schemas import share_url
from services.links.links.sql import Link
from services.links.mail import sql as mails
from services.links.mail import words as mail_words
from services.links.mail.sql import Mail
from services.links.notices.sql import notices
from services.links.pages import AMBASSADORS
from services.links.people.sql import Ambassador
from services.links.profiles import sql
from services.links.profiles.api import words
from services.links.profiles.sql import Double
from services.links.programs.domain import words as program_words
from services.links.stores import actions as stores
from services.links.stores.api import reader_of
from services.ui import LANGUAGES, Chip, Choice, Column, Fact, Format, Name, Pagination, Reader, Row, Speech, Table

router = APIRouter(include_in_schema=False)

HOME: Final = "/console/links/ambassadors"
_LINKS: Final = 50
_CODES: Final = 20
_MESSAGES: Final = 10
_HAPPENINGS: Final = 20
_DOUBLES: Final = 10


@router.get(HOME + "/{ambassador_id}")
async def get_one(
    ambassador_id: str,
    request: Request,
    call: Annotated[Call, viewer("ambassadors:read")],
    cursor: Cursor = None,
    lang: str = "",
) -> Response:
    """One ambassador: who they are, how they share, what they were notified of and what happened; places for their
    figures, balance and friends, which other services fill, and what staff did, each for who may read it. Links from
    behind a cursor.
    """
    start, may = cursors.decode(cursor, str), call.caller.scopes
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        member = await actions.get(tx, call.store_id, ambassador_id)
        person = member.ambassador
        whose = {"ambassador_id": ambassador_id}
        theirs = await links.page(tx, call.store_id, before=start[0] if start else None, limit=_LINKS + 1, **whose)
        owned = await codes.page(tx, call.store_id, limit=_CODES, **whose)
        sent = await mails.page(tx, call.store_id, before=None, count=_MESSAGES, **whose)
        notified = await notices.latest(tx, call.store_id, ambassador_id, count=_HAPPENINGS)
        done = await sql.done_to(tx, call.store_id, ambassador_id, count=_HAPPENINGS) if "audit:read" in may else []
        doubles = [] if person.status == "erased" else await sql.doubles(tx, person, count=_DOUBLES)
        reader = reader_of(request, own, tx.now)
    speech, fmt = reader.speech, reader.fmt
    page = page_of(theirs, _LINKS, show=lambda link: link, after=lambda link: (link.link_id,))
    return reader.page(
        "profiles/one.html",
        nav_current=AMBASSADORS,
        title=person.name or member.code,
        member=member,
        chip=status_chip(person.status, speech),
        erased=person.status == "erased",
        may=may,
        facts=_facts(member, reader),
        notes=(person.notes or "").splitlines(),
        links=_links(page.data, speech, fmt),
        paging=_paging_of_links(f"{HOME}/{ambassador_id}", page, cursor, speech, fmt),
        codes=_codes(owned, member, reader),
        messages=_messages(sent, reader),
        timeline=words.timeline(person, notified, done, reader, count=_HAPPENINGS),
        doubles=_doubles(doubles, person, speech),
        **_sharing(call, member),
    )


def _sharing(call: Call, member: Member) -> dict[str, Any]:
    """Link, QR code and the address of the portal."""
    person = member.ambassador
    url = share_url(share_base(call.ctx, call.store_id), member.slug)
    return {
        "url": url,
        "shown_url": url.partition("://")[2],
        "portal_url": portal_of(call, person.program_id),
        "mailed": person.email is not None,
        "sheet": f"/v1/links/{person.link_id}/print-sheet.pdf" if person.status == "active" else "",
        "files": [
            Choice(kind.upper(), href=f"/v1/links/{person.link_id}/qr.{kind}?size=1024")
            for kind in ("svg", "png", "pdf")
        ],
    }


def _facts(member: Member, reader: Reader) -> list[Fact]:
    speech, fmt, person = reader.speech, reader.fmt, member.ambassador
    say = speech.say
    sponsor = None
    if person.sponsor_id is not None:
        filled = Markup('<a href="{}/{}">{}</a> <span class="detail" data-name="{}"></span>')
        sponsor = filled.format(HOME, person.sponsor_id, say("another ambassador"), person.sponsor_id)
    seldom = [
        Fact(say("Name that friends see"), person.public_name),
        Fact(say("Role"), program_words.role(person.role, speech) if person.role else None),
        Fact(say("Language"), LANGUAGES.get((person.locale or "")[:2], person.locale)),
        Fact(say("Brought by"), sponsor),
        Fact(say("Agreed to the terms"), _agreed(person, fmt)),
    ]
    return [
        Fact(say("E-mail"), person.email),
        Fact(say("Phone"), person.phone),
        Fact(say("Customer id"), person.external_id),
        Fact(say("Program"), Name(member.program_name, href=f"/console/links/programs/{person.program_id}")),
        Fact(say("Group"), person.group_name),
        *(one for one in seldom if one.value is not None),
        Fact(say("Joined"), fmt.moment(person.created_at)),
    ]


def _agreed(person: Ambassador, fmt: Format) -> str | None:
    if person.terms_version is None or person.terms_at is None:
        return None
    return f"{person.terms_version}, {fmt.moment(person.terms_at)}"


def _links(shown: list[Link], speech: Speech, fmt: Format) -> Table:
    return Table(
        name=speech.say("Links"),
        columns=[
            Column("url", speech.label("head", "Link")),
            Column("channel", speech.label("head", "Channel")),
            Column("clicks", speech.label("head", "Clicks"), figure=True),
            Column("made", speech.label("head", "Made"), minor=True),
        ],
        rows=[
            Row(
                cells={
                    "url": Name(f"/r/{link.slug}", below=link.destination or "", href=f"{LINK}/{link.link_id}"),
                    "channel": channel_text(link.channel, speech) if link.channel else None,
                    "clicks": Markup('<span data-name="{}">–</span>').format(link.link_id),
                    "made": fmt.date(link.created_at),
                }
            )
            for link in shown
        ],
        names_src="/console/analytics/link-clicks",
    )


def _paging_of_links(home: str, page: Page[Link], cursor: str | None, speech: Speech, fmt: Format) -> Pagination | None:
    """None where one page holds all links."""
    if cursor is None and page.next_cursor is None:
        return None
    count = len(page.data)
    return Pagination(
        speech.count("%(n)s link on this page", "%(n)s links on this page", count, n=fmt.number(count)),
        previous=home if cursor else "",
        next=f"{home}?{urlencode({'cursor': page.next_cursor})}" if page.next_cursor else "",
    )


def _codes(owned: Sequence[Code], member: Member, reader: Reader) -> Table:
    speech = reader.speech
    return Table(
        speech.say("Promo codes"),
        [
            Column("code", speech.label("head", "Code")),
            Column("state", speech.label("head", "Status")),
            Column("made", speech.label("head", "Made"), figure=True, minor=True),
        ],
        [
            Row(
                {
                    "code": Name(
                        one.code, below=speech.say("personal") if one.code_id == member.ambassador.code_id else ""
                    ),
                    "state": _code_chip(one, reader),
                    "made": reader.fmt.date(one.created_at),
                }
            )
            for one in owned
        ],
    )


def _code_chip(code: Code, reader: Reader) -> Chip:
    if code.retired:
        return Chip(reader.speech.label("chip", "Retired"), "neutral", "dash")
    return Chip(reader.speech.label("chip", "Valid"), "good", "disc")


def _messages(sent: Sequence[Mail], reader: Reader) -> Table:
    speech, fmt = reader.speech, reader.fmt
    channels = mail_words.channels(speech)
    return Table(
        speech.say("Messages"),
        [Column("about", speech.label("head", "Message")), Column("state", speech.label("head", "Outcome"))],
        [
            Row(
                {
                    "about": Name(
                        f"{mail_words.kind_text(one.kind, speech)}, {channels.get(one.channel, one.channel)}",
                        below=fmt.moment(one.created_at),
                    ),
                    "state": mail_words.chip(one, speech),
                }
            )
            for one in sent
        ],
    )


def _doubles(found: list[Double], person: Ambassador, speech: Speech) -> list[dict[str, object]]:
    return [
        {
            "id": one.ambassador_id,
            "name": Name(
                one.name or one.code,
                below=words.common_of(one, speech)
                if one.program_id == person.program_id
                else f"{words.common_of(one, speech)}, {speech.say('in another program')}",
                href=f"{HOME}/{one.ambassador_id}",
                chip=None if one.status == "active" else status_chip(one.status, speech),
            ),
            "may_block": one.status == "active" and one.program_id == person.program_id,
        }
        for one in found
    ]
