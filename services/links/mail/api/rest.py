"""The log of mails by the API."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, viewer
from services.kernel.http.pages import Cursor, Limit, Page, page_or_csv
from services.links.mail import sql
from services.links.mail.schemas import MailOut
from services.links.mail.sql import Channel, Mail, State
from services.links.people.actions import Labels

router = APIRouter(tags=["mails"])

_COLUMNS = (
    *("id", "kind", "channel", "ambassador_id", "ambassador_name", "ambassador_code", "state", "reason"),
    *("created_at", "ended_at"),
)


@router.get("/v1/messages", response_model=Page[MailOut])
async def get_messages(
    call: Annotated[Call, viewer("ambassadors:read")],
    state: State | None = None,
    channel: Channel | None = None,
    ambassador_id: Annotated[str | None, Query(max_length=64)] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    format: Literal["json", "csv"] = "json",
) -> Page[MailOut] | Response:
    """Lists the messages to the store's people by every channel, and what became of each, the newest first."""
    return await _listed(call, cursor, limit, format, state=state, channel=channel, ambassador_id=ambassador_id)


@router.get("/v1/mails", response_model=Page[MailOut])
async def get_mails(
    call: Annotated[Call, viewer("ambassadors:read")],
    state: State | None = None,
    ambassador_id: Annotated[str | None, Query(max_length=64)] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    format: Literal["json", "csv"] = "json",
) -> Page[MailOut] | Response:
    """Lists the mails to the store's people and what became of each, the newest first."""
    return await _listed(call, cursor, limit, format, state=state, channel="email", ambassador_id=ambassador_id)


async def _listed(
    call: Call, cursor: str | None, limit: int, format: Literal["json", "csv"], **chosen: str | None
) -> Page[MailOut] | Response:
    start = cursors.decode(cursor, datetime, str)
    labels = Labels(call.caller)

    async def fetch(before: tuple[datetime, str] | None, count: int) -> Sequence[Mail]:
        async with call.transaction() as tx:
            rows = await sql.page(tx, call.store_id, before=before, count=count, **chosen)
            if format == "csv":
                await labels.learn(tx, call.store_id, (row.ambassador_id for row in rows))
            return rows

    return await page_or_csv(
        fetch,
        format=format,
        start=start,
        limit=limit,
        after=lambda mail: (mail.created_at, mail.mail_id),
        show=MailOut.of,
        columns=_COLUMNS,
        filename="messages",
        cells=lambda mail: {**mail.model_dump(), **labels.of(mail.ambassador_id)},
    )
