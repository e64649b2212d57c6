"""The console's pages of ambassadors: a list, one person and their erasure, and names for pages of other services."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from services.common.channels import channel_text
from services.kernel.errors import Invalid
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, viewer
from services.kernel.http.pages import Cursor, Page, page_of
from services.links.ambassadors import actions, sql
from services.links.ambassadors.api.rest import download, portal_of
from services.links.ambassadors.sql import Filter, Member
from services.links.links import sql as links
from services.links.links.schemas import share_url
from services.links.links.sql import Link
from services.links.programs import sql as programs
from services.links.stores import actions as stores
from services.links.stores.api import reader_of
from services.ui import Chip, Choice, Column, Fact, Format, Name, Pagination, Row, Speech, Table

router = APIRouter(include_in_schema=False)

HOME = "/console/links/ambassadors"
_PAGE = 25
_TRAIL = 20
_MOST_NAMES = 500
_LINKS = 50

Sort = Literal["newest", "name"]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a reader stands in the list: the filter, and the cursors of the pages walked so far."""

    q: str
    program: str
    sort: Sort
    trail: tuple[str, ...]
    number: int

    def href(self, **changes: Any) -> str:
        """The list with some of it changed; a change of the filter begins at the first page."""
        now = {"q": self.q, "program": self.program, "sort": self.sort, "trail": "", "page": 0, **changes}
        kept = {name: value for name, value in now.items() if value and value != "newest"}
        return f"{HOME}?{urlencode(kept)}" if kept else HOME


@router.get(HOME)
async def get_list(
    request: Request,
    call: Annotated[Call, viewer("ambassadors:read")],
    q: Annotated[str, Query(max_length=120)] = "",
    program: Annotated[str, Query(max_length=64)] = "",
    sort: Sort = "newest",
    trail: Annotated[str, Query(max_length=4000)] = "",
    page: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    format: Literal["html", "csv"] = "html",
    lang: str = "",
) -> Response:
    """Ambassadors by search, program and order; as CSV all that the filter finds."""
    place = _Place(q.strip(), program, sort, tuple(filter(None, trail.split(".")))[-_TRAIL:], page)
    chosen = Filter(program_id=program or None, search=place.q or None)
    after = cursors.decode(place.trail[-1], str) if place.trail else None
    if format == "csv":
        return await download(call, chosen, sql.by_name if sort == "name" else sql.newest)
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        rows, found = await sql.page(tx, call.store_id, chosen, after[0] if after else None, by=sort, limit=_PAGE + 1)
        known = await programs.names(tx, call.store_id)
        reader = reader_of(request, own, tx.now)
    speech, fmt = reader.speech, reader.fmt
    shown = list(rows[:_PAGE])
    return reader.page(
        "ambassadors/list.html",
        title=speech.say("Ambassadors"),
        q=place.q,
        keep={name: value for name, value in (("program", program), ("sort", sort)) if value and value != "newest"},
        table=_table(shown, place, speech, fmt),
        programs=[Choice(speech.say("All programs"), href=place.href(program=""), current=not program)]
        + [
            Choice(one.name, href=place.href(program=one.program_id), current=one.program_id == program)
            for one in known
        ],
        filters=_filters(place, {one.program_id: one.name for one in known}),
        clear_href=place.href(q="", program=""),
        csv_href=place.href(format="csv"),
        paging=_paging(place, rows, found, speech, fmt),
        filtered=bool(place.q or program),
    )


@router.get("/console/links/names")
async def get_names(
    call: Annotated[Call, viewer("ambassadors:read")],
    ids: Annotated[str, Query(max_length=20_000, description="Ambassador ids or codes, separated by commas.")] = "",
) -> dict[str, str]:
    """Names behind ambassador ids and codes, for pages of services that may not know them."""
    wanted = list(dict.fromkeys(filter(None, ids.split(","))))
    if len(wanted) > _MOST_NAMES:
        raise Invalid.field("ids", f"These are {len(wanted)}: ask for at most {_MOST_NAMES} at once.")
    async with call.transaction() as tx:
        return await sql.names(tx, call.store_id, wanted)


@router.post(HOME + "/{ambassador_id}/erase")
async def post_erase(ambassador_id: str, call: Annotated[Call, viewer("ambassadors:write")]) -> Response:
    """Erases the person."""
    async with call.transaction() as tx:
        await actions.erase(tx, call.store_id, ambassador_id)
    return Response(status_code=303, headers={"location": f"{HOME}/{ambassador_id}"})


@router.get(HOME + "/{ambassador_id}")
async def get_one(
    ambassador_id: str,
    request: Request,
    call: Annotated[Call, viewer("ambassadors:read")],
    cursor: Cursor = None,
    lang: str = "",
) -> Response:
    """One ambassador: the person, their links from behind a cursor, code, QR code, and the address of the portal."""
    start = cursors.decode(cursor, str)
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        member = await actions.get(tx, call.store_id, ambassador_id)
        theirs = await links.page(
            tx, call.store_id, before=start[0] if start else None, ambassador_id=ambassador_id, limit=_LINKS + 1
        )
        reader = reader_of(request, own, tx.now)
    speech, fmt = reader.speech, reader.fmt
    page = page_of(theirs, _LINKS, show=lambda link: link, after=lambda link: (link.link_id,))
    person = member.ambassador
    base_url = call.ctx.settings.base_url
    return reader.page(
        "ambassadors/one.html",
        title=person.name or member.code,
        member=member,
        chip=_chip(member, speech),
        erased=person.status == "erased",
        url=share_url(base_url, member.slug),
        shown_url=share_url(base_url, member.slug).partition("://")[2],
        portal_url=portal_of(call, ambassador_id),
        files=[
            Choice(kind.upper(), href=f"/v1/links/{person.link_id}/qr.{kind}?size=1024")
            for kind in ("svg", "png", "pdf")
        ],
        facts=[
            Fact(speech.say("E-mail"), person.email),
            Fact(speech.say("Phone"), person.phone),
            Fact(speech.say("Customer id"), person.external_id),
            Fact(speech.say("Program"), Name(member.program_name, href=f"/console/links/programs/{person.program_id}")),
            Fact(speech.say("Group"), person.group_name),
            Fact(speech.say("Joined"), fmt.moment(person.created_at)),
        ],
        links=_links(page.data, speech, fmt),
        paging=_paging_of_links(f"{HOME}/{ambassador_id}", page, cursor, speech, fmt),
    )


def _links(shown: list[Link], speech: Speech, fmt: Format) -> Table:
    return Table(
        name=speech.say("Links"),
        columns=[
            Column("url", speech.label("head", "Link")),
            Column("channel", speech.label("head", "Channel")),
            Column("made", speech.label("head", "Made"), minor=True),
        ],
        rows=[
            Row(
                cells={
                    "url": Name(f"/r/{link.slug}", below=link.destination or ""),
                    "channel": channel_text(link.channel, speech) if link.channel else None,
                    "made": fmt.date(link.created_at),
                }
            )
            for link in shown
        ],
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


def _table(shown: list[Member], place: _Place, speech: Speech, fmt: Format) -> Table:
    return Table(
        name=speech.say("Ambassadors"),
        listing=True,
        columns=[
            Column(
                "name",
                speech.label("head", "Ambassador"),
                sort_href=place.href(sort="name"),
                sorted="ascending" if place.sort == "name" else "",
            ),
            Column("program", speech.label("head", "Program"), minor=True),
            Column("group", speech.label("head", "Group"), minor=True),
            Column("link", speech.label("head", "Link")),
            Column(
                "joined",
                speech.label("head", "Joined"),
                figure=True,
                sort_href=place.href(sort="newest"),
                sorted="descending" if place.sort == "newest" else "",
            ),
        ],
        rows=[_row(member, speech, fmt) for member in shown],
    )


def _row(member: Member, speech: Speech, fmt: Format) -> Row:
    person = member.ambassador
    joined = fmt.ago(person.created_at)
    return Row(
        cells={
            "name": Name(
                person.name or member.code,
                below=member.code,
                href=f"{HOME}/{person.ambassador_id}",
                chip=None if person.status == "active" else _chip(member, speech),
            ),
            "program": member.program_name,
            "group": person.group_name,
            "link": f"/r/{member.slug}",
            "joined": joined,
        },
        key_figure=joined,
        facts=[text for text in (person.group_name, member.program_name) if text],
    )


def _filters(place: _Place, names: Mapping[str, str]) -> list[Choice]:
    found = []
    if place.q:
        found.append(Choice(f"“{place.q}”", href=place.href(q="")))
    if place.program:
        found.append(Choice(names.get(place.program, place.program), href=place.href(program="")))
    return found


def _paging(place: _Place, rows: Any, found: int, speech: Speech, fmt: Format) -> Pagination:
    first = place.number * _PAGE + 1
    last = first + min(len(rows), _PAGE) - 1
    text = speech.say(
        "%(first)s–%(last)s of %(all)s", first=fmt.number(first), last=fmt.number(last), all=fmt.number(found)
    )
    more = len(rows) > _PAGE
    mark = cursors.encode(rows[_PAGE - 1].ambassador.ambassador_id) if more else ""
    following = place.href(trail=".".join((*place.trail, mark)), page=place.number + 1) if more else ""
    before = ""
    if place.trail:
        # A trail that was cut to its end leads back to the beginning of the list.
        back = place.number - 1 if len(place.trail) > 1 else 0
        before = place.href(trail=".".join(place.trail[:-1]), page=back)
    return Pagination(text if found else speech.say("Nobody"), previous=before, next=following)


def _chip(member: Member, speech: Speech) -> Chip:
    match member.ambassador.status:
        case "active":
            return Chip(speech.label("chip", "Active"), "good", "disc")
        case "blocked":
            return Chip(speech.label("chip", "Blocked"), "bad", "cross")
        case "erased":
            return Chip(speech.label("chip", "Erased"), "neutral", "dash")
