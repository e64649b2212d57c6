"""HTTP of what comes back: whatever receives mail for the return address hands it over, as it came."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel

from services.kernel.errors import Invalid
from services.kernel.http.call import Call, operator
from services.links.bounces import actions
from services.links.bounces.domain import Unreadable

router = APIRouter(include_in_schema=False)  # its body is a mail, which no schema describes


class Taken(BaseModel):
    """What was done about one recipient."""

    mail_id: str
    kind: str
    status: str
    done: actions.Done


class Answer(BaseModel):
    """What was done, recipient by recipient."""

    data: list[Taken]


@router.post("/v1/mail/bounces")
async def post_bounce(call: Annotated[Call, operator()]) -> Answer:
    """Takes a report of a mail system: a raw message (`message/rfc822`)."""
    raw = await call.request.body()
    try:
        found = await actions.take(call.ctx.db, call.ctx.ring, raw)
    except Unreadable as error:
        raise Invalid(str(error), code="unreadable_report") from None
    return Answer(
        data=[
            Taken(mail_id=report.mail_id, kind=report.kind, status=report.status, done=done) for report, done in found
        ]
    )
