"""The balance of one ambassador: a fragment of their page."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Response

from services.kernel.http.call import Call, viewer
from services.rewards.balances import actions
from services.rewards.balances.words import (
    expiry_facts,
    given_text,
    membership_facts,
    progress_text,
    rank_text,
    rank_title,
)
from services.rewards.ledger import sql
from services.rewards.lots.sql import lots
from services.rewards.pages import reader_of
from services.rewards.plan_targets import words as plan_words
from services.rewards.plan_targets.actions import progress as targets
from services.ui import Fact

router = APIRouter(include_in_schema=False)


@router.get("/console/rewards/balances/{ambassador_id}")
async def balance(
    ambassador_id: Annotated[str, Path(max_length=255)], call: Annotated[Call, viewer("rewards:read")], lang: str = ""
) -> Response:
    """What an ambassador has in each currency and in points, and what it is made of."""
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        progress = await actions.progress_of(tx, call.store_id, ambassador_id)
        plans = await targets.of_ambassador(tx, call.store_id, ambassador_id, zone=reader.zone)
        rank = await actions.rank_of(tx, call.store_id, ambassador_id)
        held_now = membership_facts(reader, await actions.memberships_of(tx, call.store_id, ambassador_id), tx.now)
        holdings = await sql.holdings_of(tx, call.store_id, owner=ambassador_id, side="ambassador")
        left = await lots.expiring(tx, call.store_id, owner=ambassador_id, side="ambassador")
    say = reader.speech.say
    return reader.page(
        "balances/console.html",
        tier=None if rank is None else (rank_title(reader, rank), rank_text(reader, rank), rank.share),
        memberships=held_now,
        milestones=[(given_text(reader, one), progress_text(reader, one), one.share) for one in progress],
        plans=[(plan_words.title(reader, one), plan_words.progress(reader, one), one.share) for one in plans],
        targets=f"/console/rewards/plans?ambassador={quote(ambassador_id, safe='')}",
        balances=[
            [
                Fact(say("Available"), reader.amount(held.available, unit)),
                Fact(say("On hold"), reader.amount(held.pending, unit)),
                *([Fact(say("In payout"), reader.amount(held.in_payout, unit))] if held.in_payout else []),
                *([Fact(say("Paid out"), reader.amount(held.paid, unit))] if held.paid else []),
                *([Fact(say("Reserved"), reader.amount(held.reserved, unit))] if held.reserved else []),
                *([Fact(say("Spent"), reader.amount(held.used, unit))] if held.used else []),
                Fact(say("Granted in all"), reader.amount(held.granted, unit)),
                Fact(say("Taken back"), reader.amount(held.clawed_back, unit)),
                *([Fact(say("Expired"), reader.amount(held.expired, unit))] if held.expired else []),
                *expiry_facts(reader, left, unit),
            ]
            for unit, held in sorted(holdings.items())
        ],
        may_give="goodwill:write" in call.caller.scopes,
        give=f"/console/rewards/goodwill?ambassador={quote(ambassador_id, safe='')}",
        statement=f"/console/rewards/statements/{ambassador_id}",
        rewards=f"/console/rewards/rewards?ambassador={ambassador_id}",
    )
