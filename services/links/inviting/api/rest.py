"""HTTP of invitations by the store's server."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from services.common.contacts import contact_hashes
from services.kernel.db import Tx
from services.kernel.http.call import Call, require
from services.links.ambassadors.schemas import Email
from services.links.invites.domain import MOST_AT_ONCE
from services.links.inviting import actions
from services.links.inviting.actions import Wanted
from services.links.mail.work import can_send
from services.links.notices.schemas import Language

router = APIRouter(tags=["invites"])


class InvitesIn(BaseModel):
    """Whom to invite to become ambassadors of a program."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    program_id: str = Field(max_length=64)
    emails: list[Email] = Field(min_length=1, max_length=MOST_AT_ONCE)
    language: Language = "en"
    consent: str = Field(
        max_length=8,
        description="The version of what you say by giving the addresses, today `1`: each of these people agreed to get"
        " a mail, and one reminder, from the store. Kept with each of them.",
    )


class InvitesOut(BaseModel):
    """What was taken."""

    given: int = Field(
        description="Different addresses. Whoever is known already, wants no mail or was invited often enough is not"
        " written to, and not counted apart."
    )


class ForgetIn(BaseModel):
    """Somebody who wants to be invited no more."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    email: Email


@router.post("/v1/invites", status_code=202, response_model=InvitesOut)
async def post_invites(body: InvitesIn, call: Annotated[Call, require("ambassadors:write")]) -> Response:
    """Invites people by mail to become ambassadors, also of a program that is by invitation only."""
    wanted = Wanted(
        program_id=body.program_id,
        purpose="join",
        emails=body.emails,
        language=body.language,
        consent=body.consent,
    )

    async def take(tx: Tx) -> InvitesOut:
        who = call.caller.principal
        able = can_send(call.ctx)
        given = await actions.invite(tx, call.store_id, who, wanted, hash_mail=_hashes(call), can_send=able)
        return InvitesOut(given=given)

    return await call.once(take, answer=lambda made: made, status=202)


@router.post("/v1/invites/forget", status_code=204)
async def post_forget(body: ForgetIn, call: Annotated[Call, require("ambassadors:write")]) -> None:
    """Forgets an address that anybody gave to be invited, and has it invited never again: known or unknown alike."""
    async with call.transaction() as tx:
        await actions.forget(tx, call.store_id, _hashes(call)(body.email))


def _hashes(call: Call) -> actions.HashMail:
    return lambda email: contact_hashes(call.ctx.ring, email=email)
