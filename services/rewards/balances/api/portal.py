"""The portal's part: what an ambassador has, what friends' orders bring, how far limits are used. Fragments and values
that the portal's pages load.
"""

from collections.abc import Sequence
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Query, Request, Response
from starlette.responses import JSONResponse

from services.common.friend_marks import mark_of
from services.common.portal_session import PortalSession, read_portal_visitor
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.errors import NotFound
from services.kernel.http.call import CONTEXT
from services.kernel.http.limits import limit
from services.rewards.balances import actions
from services.rewards.balances.words import (
    brings_text,
    expiry_facts,
    given_text,
    membership_facts,
    progress_text,
    rank_text,
    rank_title,
    sponsored_by_text,
    used_text,
)
from services.rewards.grants.api.words import rule_label
from services.rewards.grants.domain.reward import Reward
from services.rewards.grants.sql import rewards
from services.rewards.ledger import sql
from services.rewards.lots.sql import lots
from services.rewards.pages import Reader, reader_of
from services.rewards.plan_targets import words as plan_words
from services.rewards.plan_targets.actions import progress as targets
from services.rewards.slices import sql as slices
from services.ui import Fact

router = APIRouter(include_in_schema=False)

_AT_ONCE: Final = 500
_LOOKED_THROUGH: Final = 10
"""So many times that many of an ambassador's rewards are looked through for the orders of a page, the newest first."""
_MOST_MARKS: Final = 100
_AS_SPONSOR: Final = 10
"""Of what somebody got as a sponsor the newest are shown; the statement has all of it."""


@router.get("/p/balance")
async def portal_balance(request: Request) -> Response:
    """What the ambassador has who is signed in."""
    ctx: Context = request.scope[CONTEXT]
    portal = read_portal_visitor(ctx, request)
    async with ctx.db.transaction([portal.store_id], actor=portal.principal) as tx:
        await _refuse_gone(tx, portal)
        reader = await reader_of(request, tx, portal.store_id)
        progress = await actions.progress_of(tx, portal.store_id, portal.ambassador_id)
        plans = await targets.of_ambassador(tx, portal.store_id, portal.ambassador_id, zone=reader.zone)
        rank = await actions.rank_of(tx, portal.store_id, portal.ambassador_id)
        held_now = membership_facts(
            reader, await actions.memberships_of(tx, portal.store_id, portal.ambassador_id), tx.now
        )
        holdings = await sql.holdings_of(tx, portal.store_id, owner=portal.ambassador_id, side="ambassador")
        left = await lots.expiring(tx, portal.store_id, owner=portal.ambassador_id, side="ambassador")
        mine = {"sponsor_id": portal.ambassador_id}
        above = await rewards.listed(tx, portal.store_id, before=None, count=_AS_SPONSOR, filters=mine)
    say = reader.speech.say
    return reader.page(
        "balances/portal.html",
        tier=None if rank is None else (rank_title(reader, rank), rank_text(reader, rank), rank.share),
        memberships=held_now,
        as_sponsor=[
            Fact(sponsored_by_text(reader, one), brings_text(reader, one))
            for one in above
            if one.target_minor or one.granted_at is not None
        ],
        milestones=[(given_text(reader, one), progress_text(reader, one), one.share) for one in progress],
        plans=[(plan_words.title(reader, one), plan_words.progress(reader, one), one.share) for one in plans],
        balances=[
            (
                reader.amount(held.available, unit),
                [
                    Fact(say("On hold"), reader.amount(held.pending, unit)),
                    *([Fact(say("On its way to you"), reader.amount(held.in_payout, unit))] if held.in_payout else []),
                    *([Fact(say("Paid so far"), reader.amount(held.paid, unit))] if held.paid else []),
                    *([Fact(say("Reserved"), reader.amount(held.reserved, unit))] if held.reserved else []),
                    *([Fact(say("Spent"), reader.amount(held.used, unit))] if held.used else []),
                    Fact(say("Earned in all"), reader.amount(held.granted - held.clawed_back, unit)),
                    *([Fact(say("Expired"), reader.amount(held.expired, unit))] if held.expired else []),
                    *expiry_facts(reader, left, unit),
                ],
            )
            for unit, held in holdings.items()
        ],
    )


@router.get("/p/balance/my-data.json", dependencies=[limit("portal-balance-copy", per_minute=5)])
async def get_my_data(request: Request) -> Response:
    """A copy of the ambassador's own rewards, without the orders that they come from."""
    ctx: Context = request.scope[CONTEXT]
    portal = read_portal_visitor(ctx, request)
    mine = {"ambassador_id": portal.ambassador_id, "beneficiary_id": portal.ambassador_id}
    found: list[Reward] = []
    async with ctx.db.transaction([portal.store_id], actor=portal.principal) as tx:
        await _refuse_gone(tx, portal)
        while len(found) < _AT_ONCE * _LOOKED_THROUGH:
            before = found[-1].reward_id if found else None
            some = await rewards.listed(tx, portal.store_id, before=before, count=_AT_ONCE, filters=mine)
            found += some
            if len(some) < _AT_ONCE:
                break
    fields = (
        "source_kind",
        "event_name",
        "rule",
        "sponsor_level",
        "target_minor",
        "unit",
        "status",
        "placed_at",
        "available_at",
        "released_at",
    )
    copy = {"rewards": [{name: getattr(one, name) for name in fields} for one in found]}
    headers = {"content-disposition": 'attachment; filename="rewards.json"', "cache-control": "private, no-store"}
    return Response(orjson.dumps(copy, option=orjson.OPT_INDENT_2), media_type="application/json", headers=headers)


@router.get("/p/friend-rewards")
async def friend_rewards(request: Request, ids: Annotated[str, Query(max_length=4_000)] = "") -> Response:
    """What friends' orders bring the ambassador, in a few words by their marks: {mark: "€4.60 on 3 Dec"}."""
    ctx: Context = request.scope[CONTEXT]
    portal = read_portal_visitor(ctx, request)
    wanted = set(ids.split(",")[:_MOST_MARKS]) - {""}
    async with ctx.db.transaction([portal.store_id], actor=portal.principal) as tx:
        await _refuse_gone(tx, portal)
        reader = await reader_of(request, tx, portal.store_id)
        found = await _by_mark(ctx, tx, portal, wanted)
    texts = {mark: ", ".join(brings_text(reader, one) for one in of_order) for mark, of_order in found.items()}
    return JSONResponse(texts, headers={"cache-control": "private, no-store"})


@router.get("/p/limits")
async def portal_limits(request: Request, program: Annotated[str, Query(max_length=64)] = "") -> Response:
    """How far the limits of a program are used, in the periods that are running."""
    ctx: Context = request.scope[CONTEXT]
    portal = read_portal_visitor(ctx, request)
    async with ctx.db.transaction([portal.store_id], actor=portal.principal) as tx:
        await _refuse_gone(tx, portal)
        reader = await reader_of(request, tx, portal.store_id)
        used = await actions.limits_of(tx, portal.store_id, portal.ambassador_id, program, zone=reader.zone)
    return reader.page(
        "balances/limits.html",
        limits=[(_limited(reader, one.rule), used_text(reader, one), one.share) for one in used],
    )


def _limited(reader: Reader, rule: str) -> str:
    """What a limit is about: a rule by its name; the usual one is simply the rewards."""
    return reader.speech.say("Rewards") if rule == "ambassador" else rule_label(reader.speech, rule)


async def _refuse_gone(tx: Tx, portal: PortalSession) -> None:
    if await slices.portal_is_closed(tx, portal.store_id, portal.ambassador_id):
        raise NotFound("There is no such ambassador.")


async def _by_mark(ctx: Context, tx: Tx, portal: PortalSession, wanted: set[str]) -> dict[str, list[Reward]]:
    """The ambassador's own rewards for the orders that have these marks."""
    found: dict[str, list[Reward]] = {}
    before: str | None = None
    for _ in range(_LOOKED_THROUGH if wanted else 0):
        some = await rewards.listed(
            tx,
            portal.store_id,
            before=before,
            count=_AT_ONCE,
            filters={"ambassador_id": portal.ambassador_id, "beneficiary_id": portal.ambassador_id},
        )
        _gather(ctx, portal, some, wanted, found)
        if len(some) < _AT_ONCE or len(found) == len(wanted):
            break
        before = some[-1].reward_id
    return found


def _gather(
    ctx: Context, portal: PortalSession, some: Sequence[Reward], wanted: set[str], found: dict[str, list[Reward]]
) -> None:
    for reward in some:
        if reward.order_id is None:
            continue
        mark = mark_of(ctx.ring, portal.store_id, portal.ambassador_id, reward.order_id)
        if mark in wanted and (reward.target_minor or reward.granted_at is not None):
            found.setdefault(mark, []).append(reward)
