"""Imports on a connection's page: how far one has come, and the button that begins one."""

from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Path, Response

from services.connectors.accounts.sql import Account
from services.connectors.history import actions, sql
from services.connectors.history.api import words as shown
from services.connectors.polls.actions import pollable
from services.kernel.db import Tx
from services.kernel.errors import Conflict
from services.kernel.http.call import Call, viewer
from services.ui import Chip, Fact, Reader

router = APIRouter(include_in_schema=False)

_PAGE: Final = "/console/connectors/connections"
ConnectionId = Annotated[str, Path(max_length=64)]


@dataclass(frozen=True, slots=True)
class Part:
    """What a connection's page shows of its import. Without a chip there was none."""

    chip: Chip | None
    running: bool
    notice: str
    facts: list[Fact]


@router.post(_PAGE + "/{connection_id}/history")
async def history_form(connection_id: ConnectionId, call: Annotated[Call, viewer("orders:write")]) -> Response:
    """Begins an import, or lets one go on. Without access there is nobody to ask, and the page says so already."""
    try:
        async with call.transaction() as tx:
            await actions.ask(tx, call.store_id, connection_id)
    except Conflict:
        pass
    return Response(status_code=303, headers={"location": f"{_PAGE}/{quote(connection_id, safe='')}"})


async def part(tx: Tx, reader: Reader, account: Account) -> Part | None:
    """What the page shows; None for a connection whose platform nobody can ask."""
    history = await sql.one(tx, account.store_id, account.account_id)
    if history is None:
        return Part(None, running=False, notice="", facts=[]) if pollable(account) else None
    speech, fmt = reader.speech, reader.fmt
    facts = [
        Fact(speech.say("Looked at"), fmt.number(history.found)),
        Fact(speech.say("Orders from before"), fmt.number(history.taken)),
    ]
    if history.unreadable:
        facts.append(Fact(speech.say("Could not be read"), fmt.number(history.unreadable)))
    if history.ended_at is not None:
        facts.append(Fact(speech.say("Ended"), fmt.moment(history.ended_at)))
    return Part(
        chip=shown.state_chip(speech, history),
        running=history.state == "running",
        notice=shown.reason_text(speech, history),
        facts=facts,
    )
