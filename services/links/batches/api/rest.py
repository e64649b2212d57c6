"""`POST /v1/ambassadors/batches`."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Response

from services.kernel.http.body import takes_up_to
from services.kernel.http.call import Call, require
from services.links.ambassadors.api.rest import hashes, joining_of, portal_of
from services.links.ambassadors.schemas import AmbassadorIn, AmbassadorJoined
from services.links.batches import actions
from services.links.batches.actions import Joined, Wrong
from services.links.batches.schemas import MOST_BYTES, AmbassadorsIn, BatchOut, ItemOut, WrongField, read
from services.links.hosts.hot import share_base

router = APIRouter(tags=["ambassadors"])

_AT_A_TURN = 50
"""Items that are read before other requests get a turn."""


@router.post("/v1/ambassadors/batches", response_model=BatchOut)
@takes_up_to(MOST_BYTES)
async def post_ambassadors(body: AmbassadorsIn, call: Annotated[Call, require("ambassadors:write")]) -> Response:
    """Makes up to 1,000 people ambassadors at once, each with a link and a personal code. The body may have 1 MB.

    Each is answered by itself, in the order of the request: made, there already (by external_id or email, or named
    earlier in the same batch), or invalid with its wrong fields. What is wrong with one leaves the others alone. Sent
    again, with an Idempotency-Key or not, nobody who has an external_id or email is made twice.
    """
    reported: list[AmbassadorIn | Wrong] = []
    for place, one in enumerate(body.ambassadors):
        reported.append(read(one))
        if place % _AT_A_TURN == _AT_A_TURN - 1:
            await asyncio.sleep(0)
    good = [one for one in reported if isinstance(one, AmbassadorIn)]

    def answer(outcomes: list[Joined | Wrong]) -> BatchOut:
        found = iter(outcomes)
        return _answer([next(found) if isinstance(one, AmbassadorIn) else one for one in reported], call)

    def with_portals(made: dict[str, Any]) -> dict[str, Any]:
        for item in made["data"]:
            if item["ambassador"] is not None:
                item["ambassador"]["portal_url"] = portal_of(call, item["ambassador"]["program_id"])
        return made

    return await call.once(
        lambda tx: actions.join_all(tx, call.store_id, [joining_of(one) for one in good], hash_contacts=hashes(call)),
        answer=answer,
        status=200,
        reveal=with_portals,
    )


def _answer(outcomes: list[Joined | Wrong], call: Call) -> BatchOut:
    base = share_base(call.ctx, call.store_id)
    items = [_item(index, outcome, base) for index, outcome in enumerate(outcomes)]
    counts = {result: sum(item.result == result for item in items) for result in ("created", "existing", "invalid")}
    return BatchOut(**counts, data=items)


def _item(index: int, outcome: Joined | Wrong, base_url: str) -> ItemOut:
    if isinstance(outcome, Joined):
        joined = AmbassadorJoined.of(outcome.member, base_url=base_url)
        return ItemOut(index=index, result="created" if outcome.made else "existing", ambassador=joined)
    errors = tuple(WrongField(field=e.field, code=e.code, detail=e.detail) for e in outcome)
    return ItemOut(index=index, result="invalid", errors=errors)
