"""The console's list of orders: filters, what the filtered orders come to, the table."""

from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Response

from services.attribution.decisions.api import words as shown
from services.attribution.decisions.api.asked import LIST, Asked, Period, period, written
from services.attribution.decisions.api.console import reader_of
from services.attribution.decisions.api.rest import cursor_values, place
from services.attribution.decisions.schemas.out import Status
from services.attribution.decisions.sql import lists, reading
from services.attribution.decisions.sql.lists import Filter, Part, Place
from services.attribution.decisions.sql.orders import OrderRow
from services.attribution.slices import sql as slices_sql
from services.common.codes import fold
from services.common.reasons import reason_text
from services.kernel.db import Tx
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, viewer
from services.kernel.http.pages import Cursor
from services.ui import Choice, Column, Name, Pagination, Reader, Row, Table
from services.ui.parts import Cell

router = APIRouter(include_in_schema=False)

NAMES = "/console/links/names"
SUMMED, SUMMED_OF_NUMBER = 10_000, 2_000
"""More orders than these are not summed for a page; those of a number lie apart and cost more to read."""
_ROWS = 25
_STATUSES: tuple[Status, ...] = ("attributed", "unattributed", "rejected", "pending")


@router.get(LIST)
async def list_page(
    call: Annotated[Call, viewer("orders:read")],
    status: Status | None = None,
    reason: Annotated[str, Query(max_length=64)] = "",
    q: Annotated[str, Query(max_length=200)] = "",
    first: Annotated[str, Query(alias="from", max_length=32)] = "",
    last: Annotated[str, Query(alias="to", max_length=32)] = "",
    ambassador: Annotated[str, Query(max_length=256)] = "",
    program: Annotated[str, Query(max_length=64)] = "",
    cursor: Cursor = None,
) -> Response:
    """All orders, the newest first. `q` is part of an order's number, `ambassador` a promo code."""
    asked = Asked(status=status, reason=reason, q=q, first=first, last=last, ambassador=ambassador, program=program)
    start = place(cursor, asked.number)
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        days = period(asked, reader)
        wanted = await _wanted(tx, call.store_id, asked, days)
        found = Part([])
        totals = ""
        if wanted is not None:
            found = await lists.page(tx, call.store_id, wanted, before=start, count=_ROWS + 1)
            totals = await _totals(tx, call.store_id, wanted, reader) if found.rows else ""
        rows = found.rows
        reasons = await reading.reasons(tx, call.store_id)
        programs = await slices_sql.program_names(tx, call.store_id)
        names = await slices_sql.code_names(tx, call.store_id, [r.ambassador_id for r in rows if r.ambassador_id])
    speech, count, kept = reader.speech, min(len(rows), _ROWS), asked.kept()
    following = _following(found, wanted, asked)
    return reader.page(
        "decisions/list.html",
        freshness=reader.read_now(),
        title=speech.say("Orders"),
        table=_table(rows[:_ROWS], names, reader),
        asked=asked,
        kept=kept,
        statuses=_choices(asked, "status", {one: shown.status_chip(speech, one).label for one in _STATUSES}),
        reasons=_choices(asked, "reason", {one: reason_text(one, speech) for one in reasons}),
        programs=_choices(asked, "program", programs),
        days_of=speech.say("Days of %(zone)s", zone=reader.zone.key),
        wrong=[*([days.wrong] if days.wrong else []), *_unknown(asked, wanted, reader)],
        active=_active(reader, asked, programs),
        totals=totals,
        stopped=_stopped(found.stopped, reader) if found.stopped else "",
        clear_href=LIST,
        csv_href=_csv_href(wanted),
        paging=Pagination(
            speech.count("%(n)s order on this page", "%(n)s orders on this page", count, n=reader.fmt.number(count)),
            previous=asked.href() if cursor else "",
            next=following,
        ),
    )


async def _wanted(tx: Tx, store_id: str, asked: Asked, days: Period) -> Filter | None:
    """The orders asked for; None where the code is nobody's, so that there are none."""
    ambassador_id = None
    if asked.ambassador.strip():
        code = fold(asked.ambassador)
        ambassador_id = await slices_sql.owner_of_code(tx, store_id, code) if code else None
        if ambassador_id is None:
            return None
    return Filter(
        statuses=[asked.status] if asked.status else None,
        reason=asked.reason or None,
        since=days.since,
        until=days.until,
        ambassador_id=ambassador_id,
        program_id=asked.program or None,
        number=asked.number,
    )


def _following(found: Part, wanted: Filter | None, asked: Asked) -> str:
    """The address of the next page: behind the last order that is shown, or where the search stopped."""
    if wanted is None:
        return ""
    after = wanted.place_of(found.rows[_ROWS - 1]) if len(found.rows) > _ROWS else found.stopped
    if after is None:
        return ""
    return asked.href(cursor=cursors.encode(*cursor_values(after, wanted.number)))


def _stopped(at: Place, reader: Reader) -> str:
    return reader.speech.count(
        "Numbers that hold these signs inside were looked for in %(n)s order, back to %(moment)s. “Next” looks further"
        " back; with dates chosen there are fewer to look through.",
        "Numbers that hold these signs inside were looked for among %(n)s orders, back to %(moment)s. “Next” looks"
        " further back; with dates chosen there are fewer to look through.",
        lists.WALKED,
        n=reader.fmt.number(lists.WALKED),
        moment=reader.fmt.moment(at.at),
    )


def _unknown(asked: Asked, wanted: Filter | None, reader: Reader) -> list[str]:
    if wanted is not None:
        return []
    return [reader.speech.say("No ambassador has the code “%(code)s”.", code=asked.ambassador.strip())]


def _choices(asked: Asked, parameter: str, labels: dict[str, str]) -> list[Choice]:
    chosen = asked.kept().get(parameter)
    return [Choice(text, href=asked.href(**{parameter: one}), current=one == chosen) for one, text in labels.items()]


def _active(reader: Reader, asked: Asked, programs: dict[str, str]) -> list[Choice]:
    speech, kept = reader.speech, asked.kept()
    labels = {
        "status": shown.status_chip(speech, kept.get("status", "")).label,
        "reason": reason_text(kept.get("reason", ""), speech),
        "q": speech.say("Order %(id)s", id=kept.get("q", "")),
        "from": speech.say("From %(day)s", day=written(asked.first, reader)),
        "to": speech.say("To %(day)s", day=written(asked.last, reader)),
        "ambassador": kept.get("ambassador", ""),
        "program": programs.get(kept.get("program", ""), kept.get("program", "")),
    }
    return [Choice(labels[name], href=asked.href(without=name)) for name in kept]


async def _totals(tx: Tx, store_id: str, wanted: Filter, reader: Reader) -> str:
    """What the whole list comes to, by currency."""
    speech, fmt = reader.speech, reader.fmt
    most = SUMMED_OF_NUMBER if wanted.number else SUMMED
    totals = await lists.totals(tx, store_id, wanted, most=most)
    if totals is None and wanted.number:
        return speech.say("There are too many orders to sum: choose dates to see what the list comes to.")
    if totals is None:
        return speech.say(
            "The list holds more than %(n)s: narrow it to see what its orders come to.", n=fmt.number(most)
        )
    count = sum(total.orders for total in totals)
    come_to = " + ".join(fmt.money(total.total_minor, total.currency) for total in totals)
    back = " + ".join(fmt.money(total.refunded_minor, total.currency) for total in totals if total.refunded_minor)
    text = speech.count(
        "%(n)s order, %(total)s in all", "%(n)s orders, %(total)s in all", count, n=fmt.number(count), total=come_to
    )
    return f"{text} · {speech.say('refunded: %(total)s', total=back)}" if back else text


def _csv_href(wanted: Filter | None) -> str:
    """The same orders as a file of the API; a code that is nobody's makes no file."""
    if wanted is None:
        return ""
    pairs = {
        "status": wanted.statuses[0] if wanted.statuses else None,
        "reason": wanted.reason,
        "q": wanted.number,
        "from": wanted.since and wanted.since.isoformat(),
        "to": wanted.until and wanted.until.isoformat(),
        "ambassador_id": wanted.ambassador_id,
        "program_id": wanted.program_id,
    }
    return f"/v1/orders?{urlencode({**{name: value for name, value in pairs.items() if value}, 'format': 'csv'})}"


def _table(rows: list[OrderRow], names: dict[str, str], reader: Reader) -> Table:
    speech, fmt = reader.speech, reader.fmt
    shown_rows = []
    for row in rows:
        who = names.get(row.ambassador_id or "", row.ambassador_id or "")
        total = fmt.money(row.total_minor, row.currency)
        reason = reason_text(row.reason, speech)
        href = f"{LIST}/{quote(row.order_id, safe='')}"
        chip = shown.status_chip(speech, row.status)
        cells: dict[str, Cell] = {
            "order": Name(f"#{row.order_id}", below=fmt.moment(row.placed_at), href=href),
            "status": chip,
            "reason": reason,
            "ambassador": Name(who, fill=row.ambassador_id or "") if who else None,
            "total": total,
            "refunded": fmt.money(row.refunded_minor, row.currency) if row.refunded_minor else None,
            "settled": fmt.date(row.settled_at.astimezone(reader.zone)) if row.settled_at else None,
        }
        facts = [chip.label, reason, *([who] if who else [])]
        shown_rows.append(Row(cells, key_figure=total, facts=facts))
    return Table(
        speech.say("Orders"),
        [
            Column("order", speech.label("head", "Order")),
            Column("status", speech.label("head", "Decision")),
            Column("reason", speech.label("head", "Reason")),
            Column("ambassador", speech.label("head", "Ambassador")),
            Column("total", speech.label("head", "Total"), figure=True),
            Column("refunded", speech.label("head", "Refunded"), figure=True, minor=True),
            Column("settled", speech.label("head", "Final"), figure=True, minor=True),
        ],
        shown_rows,
        listing=True,
        names_src=NAMES,
    )
