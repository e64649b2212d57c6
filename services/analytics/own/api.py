"""The portal's page of results, and the first steps of a newcomer."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from services.analytics.own import actions, sql
from services.analytics.own.actions import Results
from services.analytics.own.domain import Estimate, Sums
from services.analytics.pages import PAGES
from services.analytics.slices.domain import Calendar
from services.analytics.slices.sql import calendars
from services.common.channels import WITHOUT_CLICKS, channel_icon, channel_text
from services.common.money import half_up
from services.common.portal_bar import RESULTS, portal_bar
from services.common.portal_session import read_portal_visitor
from services.common.store_look import look_of
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.errors import Unavailable
from services.kernel.http.call import CONTEXT
from services.ui import Column, Name, Reader, Row, Table

router = APIRouter(include_in_schema=False)

FIRST_STEPS: Final = "/p/first-steps"
LINK_RESULTS: Final = "/p/link-results"
NEXT_PAGES: Final = "/p/next-pages"
_MOST_LINKS: Final = 200
_POINTS: Final = "points"


@router.get(RESULTS)
async def get_results(request: Request, lang: str = "") -> Response:
    """What came of the ambassador's sharing lately, by channel, beside the middle of the program."""
    ctx: Context = request.scope[CONTEXT]
    who = read_portal_visitor(ctx, request)
    async with ctx.db.transaction([who.store_id], actor=who.principal) as tx:
        calendar = await _calendar(tx, who.store_id)
        found = await actions.results(tx, calendar, who.ambassador_id)
        reader = _reader(request, calendar, tx)
    speech = reader.speech
    since = reader.fmt.date(found.since)
    return reader.page(
        "own/results.html",
        title=speech.say("Your results"),
        style=look_of(who.store_id),
        bar=portal_bar(speech, RESULTS),
        since=speech.say("Since %(day)s.", day=since),
        totals=_totals(reader, found),
        alone=found.middle is None,
        channels=_channels(reader, found),
        estimate=_estimate(reader, found.estimate, found.currency),
        program=found.ambassador.program_id,
    )


@router.get(FIRST_STEPS)
async def get_first_steps(request: Request) -> Response:
    """What a newcomer has done and what comes next: a fragment of the portal's first page."""
    ctx: Context = request.scope[CONTEXT]
    who = read_portal_visitor(ctx, request)
    async with ctx.db.transaction([who.store_id], actor=who.principal) as tx:
        calendar = await _calendar(tx, who.store_id)
        total = await actions.total_of(tx, calendar, who.ambassador_id)
        reader = _reader(request, calendar, tx)
    say = reader.speech.say
    return reader.page(
        "own/first_steps.html",
        steps=[
            (say("You are in"), "", True),
            (
                say("Send your link to three people who would like it"),
                say("A message to one person works better than a post for all."),
                total.clicks + total.friends + total.orders > 0,
            ),
            (
                say("The first friend opens it"),
                say("Tell them what you like about the store."),
                total.clicks + total.friends + total.orders > 0,
            ),
            (say("The first friend buys"), say("You see it here a moment later, and why it counts."), total.orders > 0),
            (
                say("Your first reward"),
                say("It waits until the friend keeps the order for good."),
                any(total.rewards.values()),
            ),
        ],
    )


@router.get(LINK_RESULTS)
async def get_link_results(
    request: Request, ids: Annotated[str, Query(max_length=20_000, description="Ids of links, with commas.")] = ""
) -> dict[str, str]:
    """What came of each of the ambassador's links, in a line: for the portal's page of links. Nothing for others'."""
    ctx: Context = request.scope[CONTEXT]
    who = read_portal_visitor(ctx, request)
    wanted = list(dict.fromkeys(filter(None, ids.replace("\0", "").split(","))))[:_MOST_LINKS]
    async with ctx.db.transaction([who.store_id], actor=who.principal) as tx:
        calendar = await _calendar(tx, who.store_id)
        await actions.present(tx, who.store_id, who.ambassador_id)
        found = await sql.by_link(tx, who.store_id, who.ambassador_id, wanted)
        reader = _reader(request, calendar, tx)
    label, number = reader.speech.label, reader.fmt.number
    return {
        link_id: " · ".join(
            f"{name}: {number(count)}"
            for name, count in (
                (label("head", "Clicks"), sums.clicks),
                (label("head", "Friends"), sums.friends),
                (label("head", "Orders"), sums.orders),
            )
        )
        for link_id, sums in found.items()
    }


@router.get(NEXT_PAGES)
async def get_next_pages(request: Request) -> Response:
    """Pages whose friends buy, each with a button that makes the ambassador's own link to it: a fragment of the
    portal. No name, no sum, and no page of which fewer than several others' friends speak.
    """
    ctx: Context = request.scope[CONTEXT]
    who = read_portal_visitor(ctx, request)
    async with ctx.db.transaction([who.store_id], actor=who.principal) as tx:
        calendar = await _calendar(tx, who.store_id)
        found = await actions.pages_to_share(tx, calendar, who.ambassador_id)
        reader = _reader(request, calendar, tx)
    return reader.page("own/next_pages.html", pages=[(page, page.partition("://")[2]) for page in found])


async def _calendar(tx: Tx, store_id: str) -> Calendar:
    found = (await calendars(tx, [store_id])).get(store_id)
    if found is None:
        raise Unavailable("The store is not known here yet.")
    return found


def _reader(request: Request, calendar: Calendar, tx: Tx) -> Reader:
    return Reader(PAGES, request, store=calendar.name, locale=calendar.locale, zone=calendar.zone, now=tx.now)


def _money(reader: Reader, amount: int, unit: str) -> str:
    if unit == _POINTS:
        return reader.speech.count("%(n)s point", "%(n)s points", amount, n=reader.fmt.number(amount))
    return reader.fmt.money(amount, unit)


def _rewards(reader: Reader, sums: Sums, currency: str) -> str:
    units = sorted({*(unit for unit, amount in sums.rewards.items() if amount), currency})
    return ", ".join(_money(reader, sums.rewards.get(unit, 0), unit) for unit in units)


def _totals(reader: Reader, found: Results) -> Table:
    """Own figures, and the middle beside them where it may be shown."""
    speech, number, middle, total = reader.speech, reader.fmt.number, found.middle, found.total
    columns = [Column("what", speech.label("head", "Metric")), Column("own", speech.label("head", "You"), figure=True)]
    if middle is not None:
        columns.append(Column("middle", speech.label("head", "The middle"), figure=True))
    lines = [
        (speech.say("Clicks"), number(total.clicks), middle and number(middle.clicks)),
        (speech.say("Friends who came"), number(total.friends), middle and number(middle.friends)),
        (speech.say("Orders"), number(total.orders), middle and number(middle.orders)),
        (
            speech.say("Rewards"),
            _rewards(reader, total, found.currency),
            middle and _money(reader, middle.reward_minor, found.currency),
        ),
    ]
    rows = [Row({"what": what, "own": own, "middle": other or None}) for what, own, other in lines]
    return Table(speech.say("Your results"), columns, rows)


def _channels(reader: Reader, found: Results) -> Table:
    speech, number = reader.speech, reader.fmt.number
    ranked = sorted(
        found.channels.items(), key=lambda item: (-item[1].orders, -item[1].friends, -item[1].clicks, item[0])
    )
    return Table(
        speech.say("By channel"),
        [
            Column("channel", speech.label("head", "Channel")),
            Column("clicks", speech.label("head", "Clicks"), figure=True),
            Column("friends", speech.label("head", "Friends"), figure=True),
            Column("orders", speech.label("head", "Orders"), figure=True),
        ],
        [
            Row(
                {
                    "channel": Name(
                        channel_text(channel, speech),
                        below=_middle_of(reader, channel, found.middles.get(channel)),
                        icon=channel_icon(channel),
                    ),
                    "clicks": None if channel in WITHOUT_CLICKS else number(sums.clicks),
                    "friends": None if channel in WITHOUT_CLICKS else number(sums.friends),
                    "orders": number(sums.orders),
                }
            )
            for channel, sums in ranked
        ],
    )


def _middle_of(reader: Reader, channel: str, middle: Sums | None) -> str:
    if middle is None:
        return ""
    label, number = reader.speech.label, reader.fmt.number
    figures = [] if channel in WITHOUT_CLICKS else [("Clicks", middle.clicks), ("Friends", middle.friends)]
    text = " · ".join(
        f"{label('head', name)}: {number(count)}" for name, count in (*figures, ("Orders", middle.orders))
    )
    return reader.speech.say("The middle: %(figures)s", figures=text)


def _estimate(reader: Reader, found: Estimate | None, currency: str) -> dict[str, str] | None:
    """What may come, and what is assumed."""
    if found is None:
        return None
    say, fmt = reader.speech.say, reader.fmt
    orders = half_up(found.orders)
    return {
        "text": say(
            "100 more clicks: about %(money)s, from about %(orders)s purchases.",
            money=_money(reader, found.reward_minor, currency),
            orders=fmt.number(orders),
        ),
        "assumes": say(
            "Assumed: one click of %(clicks)s leads to a purchase, and a purchase brings %(each)s on average.",
            clicks=fmt.number(found.clicks_per_order),
            each=_money(reader, found.reward_per_order_minor, currency),
        ),
        "by": say("As with you, in the same time.")
        if found.own
        else say(
            "As with all ambassadors of the program together, in the same time: of yours there is too little yet."
        ),
    }
