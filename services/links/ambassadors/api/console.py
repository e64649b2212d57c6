"""The console's directory of ambassadors with its search, erasing one, and names for pages of other services."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from services.kernel.errors import Invalid
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, viewer
from services.links.ambassadors import actions, sql
from services.links.ambassadors.api.rest import download
from services.links.ambassadors.sql import Filter, Member
from services.links.ambassadors.words import status_chip
from services.links.codes import sql as codes
from services.links.keys import sql as keys
from services.links.links import sql as links
from services.links.pages import AMBASSADORS, results_page
from services.links.programs import sql as programs
from services.links.stores import actions as stores
from services.links.stores.api import reader_of
from services.ui import Choice, Column, Format, Name, Pagination, Row, Speech, Table

router = APIRouter(include_in_schema=False)

HOME = "/console/links/ambassadors"
_PAGE = 25
_TRAIL = 20
_MOST_NAMES = 500
_MOST_FOUND = 100
"""Of a search; their ids stand in an address."""

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
        nav_current=AMBASSADORS,
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
        may_count="metrics:read" in call.caller.scopes,
    )


@router.get(HOME + "/search")
async def get_search(
    call: Annotated[Call, viewer("ambassadors:read")],
    q: Annotated[str, Query(max_length=120)] = "",
    back: Annotated[str, Query(max_length=9000)] = "",
) -> Response:
    """Finds people for the list of what they brought, which knows no names: leads back to it with the ids of whom the
    search finds, the newest ones, and how many they are.
    """
    place, text = results_page(back), q.strip()
    if text:
        async with call.transaction() as tx:
            rows, found = await sql.page(tx, call.store_id, Filter(search=text), None, by="newest", limit=_MOST_FOUND)
        ids = ",".join(member.ambassador.ambassador_id for member in rows)
        query = urlencode({"q": text, "who": ids or "nobody", "found": found}, safe=",")
        place = f"{place}{'&' if '?' in place else '?'}{query}"
    return Response(status_code=303, headers={"location": place})


@router.get("/console/links/names")
async def get_names(
    call: Annotated[Call, viewer("ambassadors:read")],
    ids: Annotated[str, Query(max_length=20_000, description="Ids or promo codes, separated by commas.")] = "",
) -> dict[str, str]:
    """What is behind ids, for pages of services that may not know it: names of ambassadors, also by their codes; what
    links, codes and keys are called, for who may read these.
    """
    wanted = list(dict.fromkeys(filter(None, ids.split(","))))
    if len(wanted) > _MOST_NAMES:
        raise Invalid.field("ids", f"These are {len(wanted)}: ask for at most {_MOST_NAMES} at once.")
    async with call.transaction() as tx:
        found = await sql.names(tx, call.store_id, wanted)
        for scope, called in (("links:read", links.called), ("codes:read", codes.called), ("keys:read", keys.called)):
            if scope in call.caller.scopes:
                found |= await called(tx, call.store_id, wanted)
    return found


@router.post(HOME + "/{ambassador_id}/erase")
async def post_erase(ambassador_id: str, call: Annotated[Call, viewer("ambassadors:write")]) -> Response:
    """Erases the person."""
    async with call.transaction() as tx:
        await actions.erase(tx, call.store_id, ambassador_id)
    return Response(status_code=303, headers={"location": f"{HOME}/{ambassador_id}"})


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
                chip=None if person.status == "active" else status_chip(person.status, speech),
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
