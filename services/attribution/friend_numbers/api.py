"""The orders of one ambassador's friends for whoever runs the program: a fragment of the ambassador's page."""

from typing import Annotated, Final
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Path, Response

from services.attribution.decisions.api import words
from services.attribution.decisions.api.asked import LIST
from services.attribution.decisions.api.console import reader_of
from services.attribution.friend_numbers import actions
from services.attribution.friend_numbers.actions import FriendOrder
from services.attribution.slices import sql as slices_sql
from services.common.reasons import reason_text
from services.kernel.http.call import Call, viewer
from services.ui import Chip, Column, Name, Reader, Row, Table
from services.ui.parts import Cell

router = APIRouter(include_in_schema=False)

_ROWS: Final = 10


@router.get("/console/attribution/friends/{ambassador_id}")
async def friends(
    ambassador_id: Annotated[str, Path(max_length=256)], call: Annotated[Call, viewer("orders:read")], lang: str = ""
) -> Response:
    """The newest orders that name the ambassador, also those that do not count for them, each with its reason."""
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        seen = await actions.friends(tx, call.store_id, ambassador_id, count=_ROWS + 1)
        codes = await slices_sql.code_names(tx, call.store_id, [ambassador_id])
    code = codes.get(ambassador_id)
    return reader.page(
        "friend_numbers/friends.html",
        table=_table(seen[:_ROWS], reader),
        more=f"{LIST}?{urlencode({'ambassador': code})}" if code and seen else "",
    )


def _table(seen: list[FriendOrder], reader: Reader) -> Table:
    speech, fmt = reader.speech, reader.fmt
    rows = []
    for one in seen:
        total = fmt.money(one.order.total_minor, one.order.currency)
        chip, reason = _chip(one, reader), reason_text(one.reason, speech)
        friend = speech.say("friend no. %(number)s", number=fmt.number(one.number))
        order = Name(
            f"#{one.order.order_id}",
            below=f"{fmt.moment(one.order.placed_at)}, {friend}",
            href=f"{LIST}/{quote(one.order.order_id, safe='')}",
        )
        cells: dict[str, Cell] = {"order": order, "status": chip, "reason": reason, "total": total}
        rows.append(Row(cells, key_figure=total, facts=[chip.label, reason]))
    return Table(
        speech.say("Friends’ orders"),
        [
            Column("order", speech.label("head", "Order")),
            Column("status", speech.label("head", "Decision")),
            Column("reason", speech.label("head", "Reason")),
            Column("total", speech.label("head", "Total"), figure=True),
        ],
        rows,
        listing=True,
    )


def _chip(one: FriendOrder, reader: Reader) -> Chip:
    """What became of the order for this ambassador."""
    body, speech = one.body, reader.speech
    if body.cancelled or (one.own and body.refunded_minor):
        return words.money_chip(speech, body)
    if not one.own and body.status == "attributed":
        return Chip(speech.label("chip", "Another’s"), "neutral", "dash")
    return words.status_chip(speech, body.status)
