"""The console's page of month closes: what was closed, and one button for the month that comes next."""

from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Query, Response

from services.kernel.errors import Conflict, Invalid
from services.kernel.http.call import Call, viewer
from services.rewards.closing import actions, sql
from services.rewards.closing.api.rest import download
from services.rewards.closing.domain import MONTH, first_day
from services.rewards.closing.sql import MonthClose
from services.rewards.ledger.api.words import account_label
from services.rewards.pages import Reader, reader_of
from services.ui import Column, Name, Row, Table

router = APIRouter(include_in_schema=False)

PAGE = "/console/rewards/month-closes"


@router.get(PAGE)
async def closes_page(
    call: Annotated[Call, viewer("rewards:read")], file: Annotated[str, Query(pattern=f"{MONTH}|^$")] = ""
) -> Response:
    """All closed months, the newest first; with `file` that month's file, as it was kept."""
    if file:
        return await download(call, file)
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        found = await sql.closes(tx, call.store_id)
        due = await actions.next_month(tx, call.store_id)
    say, fmt = reader.speech.say, reader.fmt
    over = due.from_ is not None and reader.now >= due.from_
    month = fmt.month(first_day(due.month)) if due.month else ""
    return reader.page(
        "closing/closes.html",
        freshness=reader.read_now(),
        title=say("Month close"),
        nav_current="/console/rewards/ledger",
        may_close=over and "rewards:write" in call.caller.scopes,
        next=due.month,
        next_name=month,
        waits=say("%(month)s can be closed from %(moment)s on.", month=month, moment=fmt.moment(due.from_))
        if due.from_ is not None and not over
        else "",
        closes=_table(reader, found),
        totals=[(unit, table) for unit, table in _totals(reader, found[0])] if found else [],
        totals_of=fmt.month(first_day(found[0].month)) if found else "",
    )


@router.post(PAGE)
async def close_form(call: Annotated[Call, viewer("rewards:write")]) -> Response:
    """The button's dialog: `month` is the one that was shown."""
    try:
        form = dict(parse_qsl((await call.request.body()).decode("utf-8", "strict"), max_num_fields=5))
    except ValueError:
        raise Invalid.field("month", "The form cannot be read.") from None
    try:
        async with call.transaction() as tx:
            await actions.close(tx, call.store_id, form.get("month", ""))
    except Conflict as error:
        if error.code != "already_closed":  # a second press of the same button changes nothing
            raise
    return Response(status_code=303, headers={"location": PAGE})


def _table(reader: Reader, found: list[MonthClose]) -> Table:
    speech, fmt = reader.speech, reader.fmt
    return Table(
        name=speech.say("Closed months"),
        listing=True,
        columns=[
            Column("month", speech.label("head", "Month")),
            Column("entries", speech.label("head", "Entries"), figure=True),
            Column("upto", speech.label("head", "Up to set"), figure=True),
            Column("hash", speech.label("head", "Hash"), minor=True),
            Column("file", speech.label("head", "File")),
        ],
        rows=[
            Row(
                cells={
                    "month": Name(
                        fmt.month(first_day(one.month)),
                        below=speech.say("closed on %(moment)s", moment=fmt.moment(one.closed_at)),
                        href=_file(one),  # on a phone the column of files is not there
                    ),
                    "entries": fmt.number(one.entries),
                    "upto": f"{one.last_number}",
                    "hash": one.last_hash.hex()[:12],
                    "file": Name("CSV", below=f"SHA-256 {one.csv_sha256.hex()[:12]}…", href=_file(one)),
                },
                key_figure=fmt.number(one.entries),
                facts=(f"SHA-256 {one.csv_sha256.hex()[:12]}…",),
            )
            for one in found
        ],
    )


def _file(one: MonthClose) -> str:
    return f"{PAGE}?file={one.month}"


def _totals(reader: Reader, close: MonthClose) -> list[tuple[str, Table]]:
    speech = reader.speech
    columns = [
        Column("account", speech.label("head", "Account")),
        Column("opening", speech.label("head", "Before"), figure=True),
        Column("debits", speech.label("head", "Debits"), figure=True),
        Column("credits", speech.label("head", "Credits"), figure=True),
        Column("closing", speech.label("head", "After"), figure=True),
    ]
    found = []
    for unit in sorted({one.unit for one in close.totals}):
        rows = [
            Row(
                cells={
                    "account": account_label(speech, one.account),
                    **{
                        name: reader.figure(getattr(one, name), unit)
                        for name in ("opening", "debits", "credits", "closing")
                    },
                }
            )
            for one in close.totals
            if one.unit == unit
        ]
        name = reader.unit_name(unit)
        found.append((name, Table(name=name, columns=columns, rows=rows)))
    return found
