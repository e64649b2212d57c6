"""The console's list of ambassadors by what they brought, and the figures of one for their page."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, get_args

from fastapi import APIRouter, Query, Request, Response
from markupsafe import Markup

from services.analytics.pages import PAGES
from services.analytics.slices import sql as slices
from services.analytics.slices.domain import Calendar
from services.analytics.standings import actions, sql
from services.analytics.standings.api.asked import LIST, Asked, day
from services.analytics.standings.api.rest import calendar_of, download, place
from services.analytics.standings.domain import Activity, Sort, Standing, Status
from services.analytics.standings.schemas import last_active
from services.kernel.db import Tx
from services.kernel.errors import Invalid, NotFound
from services.kernel.http.call import Call, viewer
from services.kernel.http.pages import Cursor, page_of
from services.ui import Chip, Choice, Column, Fact, Name, Pagination, Reader, Row, Speech, Table

router = APIRouter(include_in_schema=False)

_ROWS: Final = 25
_MOST_GROUPS: Final = 100
_MOST_LINKS: Final = 200
_PEOPLE: Final = "/console/links/ambassadors"


@router.get(LIST)
async def list_page(
    request: Request,
    call: Annotated[Call, viewer("metrics:read", else_to=("ambassadors:read", _PEOPLE))],
    cursor: Cursor = None,
    lang: str = "",
) -> Response:
    """Ambassadors by any figure, narrowed; as CSV all that the filters leave. Who may read people and no figures is led
    to links' list of them.
    """
    asked = Asked.read(request.query_params)
    async with call.transaction() as tx:
        calendar = await calendar_of(tx, call.store_id)
        chosen, wrong = asked.chosen(calendar)
        found = await actions.page(tx, call.store_id, chosen, place(cursor, chosen.sort), count=_ROWS + 1)
        programs = {one.program_id: one.name for one in await slices.versions(tx, call.store_id)}
        groups = await sql.groups(tx, call.store_id, count=_MOST_GROUPS)
        reader = _reader(request, calendar, tx)
    if request.query_params.get("format") == "csv":
        return await download(call, calendar, chosen)
    speech, may_group = reader.speech, "ambassadors:write" in call.caller.scopes
    page = page_of(found, _ROWS, show=lambda one: one, after=lambda one: one.place(chosen.sort))
    return reader.page(
        "standings/list.html",
        freshness=reader.read_now(),
        title=speech.say("Ambassadors"),
        table=_table(page.data, asked, calendar, programs, reader, choose=may_group),
        asked=asked.kept,
        may_search="ambassadors:read" in call.caller.scopes,
        searched_in=asked.href(without="q"),
        left_out=_left_out(asked, reader),
        filters=asked.filters,
        groups=groups,
        sorts=[Choice(label, value=one, current=one == asked.sort) for one, label in _sorts(speech).items()],
        kept={name: text for name, text in asked.kept.items() if name != "sort"},
        menus=_menus(asked, programs, groups, speech),
        days_of=speech.say("Days of %(zone)s", zone=calendar.zone.key),
        wrong=speech.say("“%(text)s” are no days, so whoever joined at any time is shown.", text=wrong)
        if wrong
        else "",
        active=_active(asked, programs, reader),
        clear_href=asked.cleared(),
        csv_href=asked.href(format="csv"),
        may_group=may_group,
        moved=_moved(request.query_params.get("moved", ""), reader),
        here=asked.href(cursor=cursor or ""),
        paging=Pagination(
            speech.count(
                "%(n)s ambassador on this page",
                "%(n)s ambassadors on this page",
                len(page.data),
                n=reader.fmt.number(len(page.data)),
            ),
            previous=asked.href() if cursor else "",
            next=asked.href(cursor=page.next_cursor) if page.next_cursor else "",
        ),
    )


@router.get(LIST + "/{ambassador_id}")
async def figures(
    request: Request, ambassador_id: str, call: Annotated[Call, viewer("metrics:read")], lang: str = ""
) -> Response:
    """What one ambassador brought: a fragment of their page."""
    async with call.transaction() as tx:
        calendar = await calendar_of(tx, call.store_id)
        reader = _reader(request, calendar, tx)
        try:
            one = await actions.one(tx, call.store_id, ambassador_id)
        except NotFound:
            return reader.page("standings/figures.html", facts=[])
    speech, fmt = reader.speech, reader.fmt
    active = last_active(one)
    return reader.page(
        "standings/figures.html",
        facts=[
            Fact(speech.say("Clicks"), fmt.number(one.clicks)),
            Fact(speech.say("Friends who came"), fmt.number(one.friends)),
            Fact(speech.say("Orders"), fmt.number(one.orders)),
            Fact(speech.say("Revenue"), fmt.money(one.revenue_minor, calendar.currency), strong=True),
            Fact(speech.say("Rewards"), _rewards(one, calendar, reader)),
            Fact(speech.say("Last activity"), fmt.moment(active) if active else None),
        ],
    )


@router.get("/console/analytics/link-clicks")
async def link_clicks(
    request: Request,
    call: Annotated[Call, viewer("metrics:read")],
    ids: Annotated[str, Query(max_length=20_000, description="Ids of links, separated by commas.")] = "",
) -> dict[str, str]:
    """How often each of some links was clicked by people, in the reader's digits: for pages of links."""
    wanted = list(dict.fromkeys(filter(None, ids.replace("\0", "").split(","))))
    if len(wanted) > _MOST_LINKS:
        raise Invalid.field("ids", f"These are {len(wanted)}: ask for at most {_MOST_LINKS} at once.")
    async with call.transaction() as tx:
        calendar = await calendar_of(tx, call.store_id)
        found = await sql.clicks_of_links(tx, call.store_id, wanted)
        fmt = _reader(request, calendar, tx).fmt
    return {link_id: fmt.number(found.get(link_id, 0)) for link_id in wanted}


def _reader(request: Request, calendar: Calendar, tx: Tx) -> Reader:
    return Reader(PAGES, request, store=calendar.name, locale=calendar.locale, zone=calendar.zone, now=tx.now)


def _sorts(speech: Speech) -> dict[Sort, str]:
    return {
        "clicks": speech.label("head", "Clicks"),
        "friends": speech.label("head", "Friends"),
        "orders": speech.label("head", "Orders"),
        "revenue": speech.label("head", "Revenue"),
        "rewards": speech.label("head", "Rewards"),
        "balance": speech.label("head", "Available"),
        "active": speech.label("head", "Active"),
        "joined": speech.label("head", "Joined"),
    }


def _left_out(asked: Asked, reader: Reader) -> str:
    """That a search found more people than an address has room for."""
    if not asked.left_out:
        return ""
    number, here = reader.fmt.number, len(asked.among or ())
    return reader.speech.say(
        "These are the %(here)s newest of %(all)s found. Write more of the name.",
        here=number(here),
        all=number(here + asked.left_out),
    )


def _moved(count: str, reader: Reader) -> str:
    """That groups were set a moment ago, which the list shows some seconds later."""
    if not count.isdecimal() or len(count) > 4:
        return ""
    number = int(count)
    return reader.speech.count(
        "%(n)s ambassador is in another group now. The list shows it in some seconds.",
        "%(n)s ambassadors are in another group now. The list shows it in some seconds.",
        number,
        n=reader.fmt.number(number),
    )


def _table(
    found: Sequence[Standing],
    asked: Asked,
    calendar: Calendar,
    programs: Mapping[str, str],
    reader: Reader,
    *,
    choose: bool,
) -> Table:
    speech = reader.speech
    columns = [Column("name", speech.label("head", "Ambassador"))]
    for sort, label in _sorts(speech).items():
        money = sort in {"revenue", "rewards", "balance"}
        columns.append(
            Column(
                sort,
                f"{label}, {reader.fmt.currency(calendar.currency)}" if money else label,
                figure=True,
                minor=sort == "joined",
                sort_href=asked.sorted_by(sort),
                sorted="" if sort != asked.sort else "ascending" if asked.order == "asc" else "descending",
            )
        )
    if choose:
        columns.append(Column("choose", speech.label("head", "Select"), pick=True))
    return Table(
        speech.say("Ambassadors"),
        columns,
        [_row(one, asked.sort, calendar, programs, reader) for one in found],
        listing=True,
        names_src="/console/links/names",
    )


def _row(one: Standing, sort: Sort, calendar: Calendar, programs: Mapping[str, str], reader: Reader) -> Row:
    fmt, active = reader.fmt, last_active(one)
    cells = {
        "clicks": fmt.number(one.clicks),
        "friends": fmt.number(one.friends),
        "orders": fmt.number(one.orders),
        "revenue": fmt.amount(one.revenue_minor, calendar.currency, whole=True),
        "rewards": fmt.amount(one.reward_minor, calendar.currency, whole=True),
        "balance": fmt.amount(one.available_minor, calendar.currency, whole=True),
        "active": fmt.ago(active) if active else None,
        "joined": fmt.date(one.joined_at.astimezone(calendar.zone)),
    }
    if one.points:
        cells["rewards"] = f"{cells['rewards']} + {_points(one.points, reader)}"
    # On a phone no head says the currency.
    with_currency = {
        "revenue": fmt.money(one.revenue_minor, calendar.currency, whole=True),
        "rewards": _rewards(one, calendar, reader),
        "balance": fmt.money(one.available_minor, calendar.currency, whole=True),
    }
    facts = {
        "orders": reader.speech.count("%(n)s order", "%(n)s orders", one.orders, n=cells["orders"]),
        "friends": reader.speech.count("%(n)s friend", "%(n)s friends", one.friends, n=cells["friends"]),
        "revenue": with_currency["revenue"],
    }
    below = [part for part in (one.group_name, programs.get(one.program_id)) if part]
    return Row(
        {
            "name": Name(
                one.code or one.ambassador_id,
                below=" · ".join(below),
                href=f"{_PEOPLE}/{one.ambassador_id}",
                fill=one.ambassador_id,
                chip=None if one.status == "active" else chip(one.status, reader.speech),
            ),
            **cells,
            "choose": Markup('<input type="checkbox" name="who" value="{}" aria-label="{}">').format(
                one.ambassador_id, reader.speech.say("Select %(code)s", code=one.code or one.ambassador_id)
            ),
        },
        key_figure=with_currency.get(sort) or cells[sort] or "–",
        facts=[fact for name, fact in facts.items() if name != sort],
    )


def _points(points: int, reader: Reader) -> str:
    return reader.speech.count("%(n)s point", "%(n)s points", points, n=reader.fmt.number(points))


def _rewards(one: Standing, calendar: Calendar, reader: Reader) -> str:
    money = reader.fmt.money(one.reward_minor, calendar.currency)
    return f"{money} + {_points(one.points, reader)}" if one.points else money


def chip(status: Status, speech: Speech) -> Chip:
    """Whether somebody takes part."""
    return {
        "active": Chip(speech.label("chip", "Active"), "good", "disc"),
        "blocked": Chip(speech.label("chip", "Blocked"), "bad", "cross"),
        "erased": Chip(speech.label("chip", "Erased"), "neutral", "dash"),
    }[status]


def _activities(speech: Speech) -> dict[Activity, str]:
    return {
        "recent": speech.say("Active within 30 days"),
        "quiet": speech.say("Quiet for 30 days"),
        "never": speech.say("Never active"),
    }


def _menus(
    asked: Asked, programs: Mapping[str, str], groups: Sequence[str], speech: Speech
) -> list[tuple[str, list[Choice]]]:
    statuses = {one: chip(one, speech).label for one in get_args(Status)}
    menus = [
        (speech.say("Program"), "program", dict(programs)),
        (speech.say("Group"), "group", {one: one for one in groups}),
        (speech.say("Status"), "status", statuses),
        (speech.say("Activity"), "activity", _activities(speech)),
    ]
    return [
        (
            label,
            [
                Choice(text, href=asked.href(**{name: value}), current=asked.kept.get(name) == value)
                for value, text in values.items()
            ],
        )
        for label, name, values in menus
        if values
    ]


def _active(asked: Asked, programs: Mapping[str, str], reader: Reader) -> list[Choice]:
    speech, kept = reader.speech, asked.filters
    statuses = {one: chip(one, speech).label for one in get_args(Status)}
    labels = {
        "program": programs.get(kept.get("program", ""), kept.get("program", "")),
        "group": kept.get("group", ""),
        "q": f"“{kept.get('q', '')}”",
        "status": statuses.get(kept.get("status", ""), ""),
        "activity": _activities(speech).get(kept.get("activity", ""), ""),  # type: ignore[call-overload]  # text
        "from": speech.say("Joined from %(day)s", day=_written(kept.get("from", ""), reader)),
        "to": speech.say("Joined to %(day)s", day=_written(kept.get("to", ""), reader)),
    }
    return [Choice(labels[name], href=asked.href(without=name)) for name in kept]


def _written(text: str, reader: Reader) -> str:
    known = day(text)
    return reader.fmt.date(known) if known else text
