"""The API of memberships."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.kernel.errors import Invalid
from services.kernel.http.call import Call, require
from services.rewards.memberships import actions
from services.rewards.memberships.schemas import MembershipOut, MembershipsOut
from services.rewards.slices import sql as slices

router = APIRouter(tags=["memberships"])


@router.get("/v1/memberships")
async def get_memberships(
    call: Annotated[Call, require("rewards:read")],
    ambassador_id: Annotated[str | None, Query(max_length=255)] = None,
    customer_id: Annotated[str | None, Query(max_length=255, description="The store's own id of the buyer.")] = None,
) -> MembershipsOut:
    """The memberships that an ambassador, or a customer, has bought: until when each is held, by which purchases. Empty
    for somebody who has bought none.
    """
    if (ambassador_id is None) == (customer_id is None):
        raise Invalid.field("ambassador_id", "Name one: ambassador_id or customer_id.", code="missing")
    async with call.transaction() as tx:
        if customer_id is not None:
            found = await actions.of_customer(tx, call.store_id, customer_id)
        else:
            who = await slices.ambassador(tx, call.store_id, ambassador_id or "")
            program_id = "" if who is None else who.program_id
            found = await actions.of_ambassador(tx, call.store_id, ambassador_id or "", program_id)
        return MembershipsOut(data=[MembershipOut.of(one, tx.now) for one in found])
