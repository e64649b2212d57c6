"""The portal's part: an ambassador's own balance, as a fragment that the portal's page loads."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from services.kernel.auth.sessions import MAX_LENGTH, read_portal
from services.kernel.context import Context
from services.kernel.errors import NotFound
from services.kernel.http.call import CONTEXT
from services.rewards.ledger import sql
from services.rewards.pages import reader_of
from services.rewards.slices import sql as slices
from services.ui import Fact

router = APIRouter(include_in_schema=False)


@router.get("/p/{token}/balance")
async def portal_balance(token: Annotated[str, Path(max_length=MAX_LENGTH)], request: Request) -> Response:
    """What the ambassador of this portal address has. Whoever holds the address sees it: that is what it is for."""
    ctx: Context = request.scope[CONTEXT]
    portal = read_portal(ctx.ring, token)
    async with ctx.db.transaction([portal.store_id], actor=portal.principal) as tx:
        if await slices.portal_is_closed(tx, portal.store_id, portal.ambassador_id):
            raise NotFound("This address is not valid any more.")
        reader = await reader_of(request, tx, portal.store_id)
        holdings = await sql.holdings_of(tx, portal.store_id, owner=portal.ambassador_id, side="ambassador")
    say = reader.speech.say
    return reader.page(
        "balances/portal.html",
        balances=[
            (
                reader.amount(held.available, unit),
                [
                    Fact(say("On hold"), reader.amount(held.pending, unit)),
                    Fact(say("Earned in all"), reader.amount(held.granted - held.clawed_back, unit)),
                ],
            )
            for unit, held in holdings.items()
        ],
    )
