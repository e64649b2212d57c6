"""A statement as a spreadsheet, and as the rows of a page."""

from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

from fastapi import Response

from services.common.money import in_units
from services.common.words import Translatable, _
from services.kernel.errors import Invalid
from services.kernel.http.pages import csv_response
from services.rewards.pages import Reader
from services.rewards.rules.domain import POINTS
from services.rewards.statements.actions import Statement
from services.rewards.statements.domain import Moved, Standing
from services.rewards.statements.words import what_text
from services.ui import Choice, Column, Name, RangePicker, Row, Table

MOST: Final = 10_000
"""Lines of a spreadsheet."""
_COLUMNS: Final = (
    "day",
    "what",
    "order",
    "amount",
    "balance",
    "on_hold",
    "available",
    "in_payout",
    "unit",
    "set",
    "reserved",
)

Named = Callable[[Moved], str]
"""What the reader may call a movement's order; empty where there is none."""


def sheet(reader: Reader, statement: Statement, order_of: Named) -> Response:
    """As CSV: the opening balance, the lines, the closing balance. Raises `Invalid` if there are too many lines."""
    if statement.more:
        mend = Translatable(_("More than %(most)s lines: ask for a shorter period."), most=MOST)
        raise Invalid.field("from", mend, code="too_long")
    say, unit = reader.speech.say, statement.unit
    currency = None if unit == POINTS else unit

    def row(day: object, what: str, standing: Standing, moved: Moved | None = None) -> tuple[object, ...]:
        amounts = (standing.balance, standing.pending, standing.available, standing.in_payout)
        return (
            day,
            what,
            order_of(moved) if moved else "",
            in_units(moved.amount, currency) if moved else None,
            *(in_units(one, currency) for one in amounts),
            unit,
            moved.number if moved else None,
            in_units(standing.reserved, currency),
        )

    rows = [row(statement.first, say("Opening balance"), statement.opening)]
    for line in statement.lines:
        day = line.moved.at.astimezone(reader.zone).date()
        rows.append(row(day, what_text(reader, line.moved, ""), line.after, line.moved))
    rows.append(row(statement.last, say("Closing balance"), statement.closing))
    return csv_response(rows, _COLUMNS, filename=f"statement-{statement.first}-{statement.last}-{unit}")


def table(reader: Reader, statement: Statement, order_of: Named, *, begins: bool) -> Table:
    """As a page lists it; `begins` on its first page, where the opening balance stands."""
    speech, unit = reader.speech, statement.unit

    def row(what: str, standing: Standing, day: str, moved: Moved | None = None) -> Row:
        amount = reader.figure(moved.amount, unit) if moved and moved.amount else ""
        return Row(
            cells={
                "what": Name(what, below=day),
                "amount": amount,
                "available": reader.figure(standing.available, unit),
                "balance": reader.figure(standing.balance, unit),
            },
            key_figure=reader.figure(standing.balance, unit),
            facts=(amount,) if amount else (),  # the day stands below the name already
        )

    rows = [row(speech.say("Opening balance"), statement.opening, reader.fmt.date(statement.first))] if begins else []
    for line in statement.lines:
        what = what_text(reader, line.moved, order_of(line.moved))
        rows.append(row(what, line.after, reader.fmt.moment(line.moved.at), line.moved))
    if not statement.more:
        rows.append(row(speech.say("Closing balance"), statement.closing, reader.fmt.date(statement.last)))
    return Table(
        name=speech.say("Statement, %(unit)s", unit=reader.unit_name(unit)),
        listing=True,
        columns=[
            Column("what", speech.label("head", "Movement")),
            Column("amount", speech.label("head", "Amount"), figure=True),
            Column("available", speech.label("head", "Available"), figure=True, minor=True),
            Column("balance", speech.label("head", "Balance"), figure=True),
        ],
        rows=rows,
    )


def picker(reader: Reader, statement: Statement, kept: dict[str, str]) -> RangePicker:
    """The choice of the period; `kept` are the page's other parameters."""
    return RangePicker(
        reader.fmt.period(statement.first, statement.last),
        statement.first.isoformat(),
        statement.last.isoformat(),
        zone=reader.speech.say("Days in %(zone)s", zone=reader.zone.key),
        keep=kept,
    )


def unit_choices(reader: Reader, statement: Statement, page: str) -> list[Choice]:
    """The units to choose among."""
    days = {"from": statement.first.isoformat(), "to": statement.last.isoformat()}
    return [
        Choice(reader.unit_name(one), href=f"{page}?{urlencode({'unit': one, **days})}", current=one == statement.unit)
        for one in statement.units
    ]
