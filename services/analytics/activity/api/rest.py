"""The audit by the API."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, Query, Response
from pydantic import StringConstraints

from services.analytics.activity import sql
from services.analytics.activity.domain import Note
from services.analytics.activity.schemas import NoteOut
from services.analytics.activity.sql import Filter
from services.kernel.db import ALL_STORES
from services.kernel.errors import Invalid
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, viewer
from services.kernel.http.fields import Blank, When
from services.kernel.http.pages import Cursor, Limit, Page, page_or_csv

router = APIRouter(tags=["audit"])

_COLUMNS = (
    *("id", "at", "actor_kind", "actor_id", "session_id", "action", "subject", "before", "after", "service"),
    "request_id",
)
_Sought = Annotated[str, StringConstraints(max_length=255, pattern=r"^[^\x00]*$")] | None


@router.get("/v1/audit", response_model=Page[NoteOut])
async def get_audit(
    call: Annotated[Call, viewer("audit:read")],
    since: Annotated[When | None, Query(alias="from", description="Done at or after.")] = None,
    until: Annotated[When | None, Query(alias="to", description="Done before.")] = None,
    actor: Annotated[
        _Sought, Blank, Query(description="A kind (key, operator, member, ambassador, system), an id, or a session.")
    ] = None,
    action: Annotated[_Sought, Blank, Query(description="As `reward.approved`.")] = None,
    subject: Annotated[_Sought, Blank, Query(description="The id of what it was done to.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    format: Literal["json", "csv"] = "json",
) -> Page[NoteOut] | Response:
    """Lists who did what in the store, the newest first."""
    start = cursors.decode(cursor, datetime, str)
    if since is not None and until is not None and until <= since:
        raise Invalid.field("to", "The period ends before it begins: `to` must be later than `from`.")
    wanted = Filter(since=since, until=until, actor=actor, action=action, subject=subject)

    async def fetch(before: tuple[datetime, str] | None, count: int) -> Sequence[Note]:
        async with call.transaction(stores=[ALL_STORES]) as tx:
            return await sql.page(tx, call.store_id, wanted, before=before, count=count)

    return await page_or_csv(
        fetch,
        format=format,
        start=start,
        limit=limit,
        after=lambda note: (note.at, note.audit_id),
        show=NoteOut.of,
        columns=_COLUMNS,
        filename="audit",
        cells=_cells,
    )


def _cells(note: NoteOut) -> dict[str, object]:
    return {
        **note.model_dump(),
        "actor_kind": note.actor.kind,
        "actor_id": note.actor.id,
        "session_id": note.actor.session_id,
        "before": orjson.dumps(note.before).decode(),
        "after": orjson.dumps(note.after).decode(),
    }
