"""Polls on a connection's page: how far one has come, what no delivery had reported, and the button that asks now."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Path, Response

from services.connectors.accounts import actions as accounts
from services.connectors.polls import actions, sql
from services.connectors.polls.api import words as shown
from services.connectors.polls.sql import Day, Gap, Poll
from services.connectors.slices import sql as slices
from services.kernel.db import Tx
from services.kernel.errors import Conflict
from services.kernel.http.call import Call, viewer
from services.ui import Chip, Column, Fact, Reader, Row, Table

router = APIRouter(include_in_schema=False)

_PAGE: Final = "/console/connectors/connections"
_ROWS: Final = 10
_SHOWN: Final = timedelta(days=30)
ConnectionId = Annotated[str, Path(max_length=64)]


@dataclass(frozen=True, slots=True)
class Part:
    """What a connection's page shows of its poll."""

    chip: Chip
    running: bool
    notice: str
    facts: list[Fact]
    days: Table
    gaps: Table


@router.post(_PAGE + "/{connection_id}/poll")
async def poll_form(connection_id: ConnectionId, call: Annotated[Call, viewer("orders:write")]) -> Response:
    """Asks the platform now. Without access there is nobody to ask, and the page says so already."""
    try:
        async with call.transaction() as tx:
            await actions.ask(tx, call.store_id, connection_id)
    except Conflict:
        pass
    return Response(status_code=303, headers={"location": f"{_PAGE}/{quote(connection_id, safe='')}"})


async def part(tx: Tx, reader: Reader, store_id: str, connection_id: str) -> Part | None:
    """What the page shows; None for a connection that is not polled."""
    poll = await actions.standing(tx, await accounts.get(tx, store_id, connection_id))
    if poll is None:
        return None
    zone = (await slices.shop(tx, store_id)).timezone
    days = await sql.days(tx, store_id, connection_id, since=tx.now - _SHOWN, zone=zone)
    gaps = await sql.gaps(tx, store_id, connection_id, before=None, count=_ROWS)
    return Part(
        chip=shown.state_chip(reader.speech, poll),
        running=poll.state == "running",
        notice=shown.reason_text(reader.speech, poll),
        facts=_facts(reader, poll, tx.offset),
        days=_days(reader, days),
        gaps=_gaps(reader, gaps),
    )


def _facts(reader: Reader, poll: Poll, offset: timedelta) -> list[Fact]:
    speech, fmt = reader.speech, reader.fmt
    facts = [Fact(speech.say("All is found that changed before"), fmt.moment(poll.reached_at + offset))]
    if poll.ended_at is not None:
        facts.append(Fact(speech.say("Last looked"), fmt.moment(poll.ended_at)))
    if poll.next_at is not None:
        facts.append(Fact(speech.say("Looks again"), fmt.moment(poll.next_at)))
    if poll.began_at is not None:
        facts.append(Fact(speech.say("Looked at"), fmt.number(poll.found)))
    return facts


def _days(reader: Reader, days: list[Day]) -> Table:
    speech, fmt = reader.speech, reader.fmt
    return Table(
        name=speech.say("By day"),
        columns=[
            Column("day", speech.label("head", "Day")),
            Column("missed", speech.label("head", "Missed"), figure=True),
            Column("changed", speech.label("head", "Changed"), figure=True),
            Column("late", speech.label("head", "Late"), figure=True),
        ],
        rows=[
            Row(
                cells={
                    "day": fmt.date(date.fromisoformat(one.day)),
                    "missed": fmt.number(one.missed),
                    "changed": fmt.number(one.changed),
                    "late": fmt.number(one.late),
                },
                key_figure=fmt.number(one.missed + one.changed),
                facts=[fmt.date(date.fromisoformat(one.day))],
            )
            for one in days
        ],
    )


def _gaps(reader: Reader, gaps: list[Gap]) -> Table:
    speech, fmt = reader.speech, reader.fmt
    return Table(
        name=speech.say("Orders"),
        columns=[
            Column("order", speech.label("head", "Order")),
            Column("kind", speech.label("head", "Status")),
            Column("found", speech.label("head", "Found")),
        ],
        rows=[
            Row(
                cells={
                    "order": one.order_id,
                    "kind": shown.gap_chip(speech, one),
                    "found": fmt.moment(one.found_at),
                },
                key_figure=shown.gap_chip(speech, one).label,
                facts=[fmt.moment(one.found_at)],
            )
            for one in gaps
        ],
        listing=True,
    )
