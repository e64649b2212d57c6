"""The console's page of a store's codes at one checkout."""

from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Path, Request, Response

from services.connectors.accounts import actions as accounts
from services.connectors.pages import reader_of
from services.connectors.platforms.domain.registry import PLATFORMS
from services.connectors.store_codes import words as shown
from services.connectors.store_codes.actions import carry, summary
from services.connectors.store_codes.actions.summary import Summary
from services.connectors.store_codes.domain.port import APPLY_CODES, CARRY_CODES, STATES, State
from services.connectors.store_codes.sql import codes
from services.connectors.store_codes.sql.codes import Shown
from services.kernel.errors import NotFound
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, viewer
from services.kernel.http.pages import Cursor, page_of
from services.ui import Choice, Column, Name, Pagination, Reader, Row, Table

router = APIRouter(include_in_schema=False)

_CONNECTIONS: Final = "/console/connectors/connections"
_ROWS: Final = 25
ConnectionId = Annotated[str, Path(max_length=64)]


@router.get(_CONNECTIONS + "/{connection_id}/codes")
async def codes_page(
    connection_id: ConnectionId,
    call: Annotated[Call, viewer("codes:read")],
    state: str = "",
    cursor: Cursor = None,
) -> Response:
    """What became of each code."""
    start = cursors.decode(cursor, str)
    only: State | None = state if state in STATES else None
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        account = await accounts.get(tx, call.store_id, connection_id)
        found = (await summary.of_store(tx, call.store_id, connection_id)).get(connection_id)
        after = start[0] if start else None
        rows = await codes.page(tx, call.store_id, connection_id, state=only, after=after, count=_ROWS + 1)
    speech, page = reader.speech, page_of(rows, _ROWS, show=lambda one: one, after=lambda one: (one.code_id,))
    found = found or Summary(on=False, problem=None, counts={})
    here = f"{_CONNECTIONS}/{quote(connection_id, safe='')}"
    title = PLATFORMS[account.platform].title
    kept = f"&state={only}" if only else ""
    return reader.page(
        "store_codes/codes.html",
        freshness=reader.read_now(),
        title=speech.say("Codes at the checkout"),
        nav_current=_CONNECTIONS,
        back=here,
        platform=title,
        base=f"{here}/codes",
        on=found.on,
        problem=shown.problem_text(speech, found.problem) if found.on else "",
        refused=found.counts.get("refused", 0),
        can=(can := account.platform in CARRY_CODES),
        applies=found.applies if account.platform in APPLY_CODES else None,
        applied=shown.applied_text(speech, account.platform, applies=found.applies, hosts=found.hosts),
        may_change=can and "codes:write" in call.caller.scopes,
        chosen=shown.state_chip(speech, only).label if only else speech.label("filter", "All codes"),
        states=[
            Choice(speech.label("filter", "All codes"), href="?", current=only is None),
            *(
                Choice(
                    f"{shown.state_chip(speech, one).label} · {reader.fmt.number(found.counts.get(one, 0))}",
                    href=f"?state={one}",
                    current=one == only,
                )
                for one in STATES
            ),
        ],
        table=_table(reader, page.data),
        paging=Pagination(
            "",
            previous=f"?{kept[1:]}" if cursor else "",
            next=f"?cursor={page.next_cursor}{kept}" if page.next_cursor else "",
        ),
    )


def _table(reader: Reader, rows: list[Shown]) -> Table:
    speech, fmt = reader.speech, reader.fmt
    return Table(
        name=speech.say("Codes at the checkout"),
        columns=[
            Column("code", speech.label("head", "Code")),
            Column("state", speech.label("head", "Status")),
            Column("at", speech.label("head", "Since")),
            Column("reason", speech.label("head", "Reason"), minor=True),
        ],
        rows=[
            Row(
                cells={
                    "code": Name(one.code),
                    "state": (chip := shown.state_chip(speech, one.state)),
                    "at": fmt.moment(one.changed_at),
                    "reason": (why := shown.reason_text(speech, one.reason, one.holder)) or "–",
                },
                key_figure=chip.label,
                facts=[why or fmt.moment(one.changed_at)],
            )
            for one in rows
        ],
        listing=True,
    )


@router.post(_CONNECTIONS + "/{connection_id}/codes")
async def turn_form(
    connection_id: ConnectionId, request: Request, call: Annotated[Call, viewer("codes:write")]
) -> Response:
    """Lets the connection carry codes, or no longer; or lets links apply them."""
    form = await request.form()
    async with call.transaction() as tx:
        account = await accounts.get(tx, call.store_id, connection_id)
        if account.platform not in CARRY_CODES:
            raise NotFound("Kith cannot put codes there.")
        if "applies" in form:
            await carry.switch(tx, account, applies=form["applies"] == "1" and account.platform in APPLY_CODES)
        else:
            await carry.turn(tx, account, on=form.get("on") == "1")
    return _back(connection_id)


@router.post(_CONNECTIONS + "/{connection_id}/codes/retry")
async def retry_form(connection_id: ConnectionId, call: Annotated[Call, viewer("codes:write")]) -> Response:
    """Asks the shop once more for what it refused."""
    async with call.transaction() as tx:
        await accounts.get(tx, call.store_id, connection_id)
        await carry.try_again(tx, call.store_id, connection_id)
    return _back(connection_id)


def _back(connection_id: str) -> Response:
    return Response(status_code=303, headers={"location": f"{_CONNECTIONS}/{quote(connection_id, safe='')}/codes"})
