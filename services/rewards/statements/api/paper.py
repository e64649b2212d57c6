"""A statement on paper: PDF."""

import asyncio
from typing import Final

from fastapi import Response

from services.common.words import Translatable, _
from services.kernel.errors import Invalid
from services.rewards.pages import Reader
from services.rewards.statements.actions import Statement
from services.rewards.statements.api.sheet import MOST, Named
from services.rewards.statements.domain import Moved, Standing
from services.rewards.statements.words import what_text
from services.ui.paper import Paper, PaperColumn, PaperRow, printed

MOST_PRINTED: Final = 1_000
"""Lines of a statement on paper, about thirty pages: more is a spreadsheet's work."""


def lines_of(format: str, page: int) -> int:
    """How many lines are read at once for a way to show them; `page` on a page."""
    return {"csv": MOST, "pdf": MOST_PRINTED}.get(format, page)


def order_named(reader: Reader) -> Named:
    """Orders by their own numbers, for the store's people."""
    return lambda moved: reader.speech.say("order %(id)s", id=moved.order_id) if moved.order_id else ""


async def paper(reader: Reader, statement: Statement, order_of: Named, *, store: str, whose: str) -> Response:
    """As PDF: opening balance, each movement with the balance after it, closing balance. Raises `Invalid` if there
    are too many lines.
    """
    if statement.more:
        mend = Translatable(_("More than %(most)s lines: ask for a shorter period, or for CSV."), most=MOST_PRINTED)
        raise Invalid.field("from", mend, code="too_long")
    body = await asyncio.to_thread(printed, _paper(reader, statement, order_of, store=store, whose=whose))
    name = f"statement-{statement.first}-{statement.last}-{statement.unit}.pdf"
    return Response(
        body,
        media_type="application/pdf",
        headers={
            "cache-control": "private, no-store",
            "content-disposition": f'attachment; filename="{name}"',
            "x-content-type-options": "nosniff",
        },
    )


def _paper(reader: Reader, statement: Statement, order_of: Named, *, store: str, whose: str) -> Paper:
    speech, fmt, unit = reader.speech, reader.fmt, statement.unit
    say = speech.say

    def row(day: str, what: str, standing: Standing, moved: Moved | None = None) -> PaperRow:
        amount = reader.figure(moved.amount, unit) if moved and moved.amount else ""
        figures = (reader.figure(one, unit) for one in (standing.available, standing.balance))
        return PaperRow((day, what, amount, *figures), strong=moved is None)

    return Paper(
        store=store,
        title=say("Statement, %(unit)s", unit=reader.unit_name(unit)),
        facts=[
            fmt.period(statement.first, statement.last),
            *([whose] if whose else []),
            say("The balance is what the store owes: on hold, available, reserved and in payout."),
            say("Made on %(moment)s", moment=fmt.moment(reader.now)),
        ],
        columns=[
            PaperColumn(speech.label("head", "Day"), 13),
            PaperColumn(speech.label("head", "Movement"), 42),
            PaperColumn(speech.label("head", "Amount"), 15, figure=True),
            PaperColumn(speech.label("head", "Available"), 15, figure=True),
            PaperColumn(speech.label("head", "Balance"), 15, figure=True),
        ],
        rows=[
            row(fmt.date(statement.first), say("Opening balance"), statement.opening),
            *(
                row(
                    fmt.date(line.moved.at), what_text(reader, line.moved, order_of(line.moved)), line.after, line.moved
                )
                for line in statement.lines
            ),
            row(fmt.date(statement.last), say("Closing balance"), statement.closing),
        ],
        page_of=lambda number, of: say("Page %(number)s of %(of)s", number=fmt.number(number), of=fmt.number(of)),
    )
