"""Where providers report. A store's own endpoint signs what it says, and is believed; what PayPal sends only says where
to look, and PayPal itself is asked.
"""

from fastapi import APIRouter, Request, Response

from services.common.signatures import is_signed
from services.kernel.auth.principal import system
from services.kernel.auth.sessions import real_time
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.errors import BadRequest, NotFound, Unauthorized
from services.kernel.http.call import CONTEXT
from services.kernel.http.limits import limit
from services.rewards.payouts.actions import calls
from services.rewards.payouts.sql import calls as rows
from services.rewards.providers import sql as accounts
from services.rewards.providers.actions.setup import TASK, keys_of
from services.rewards.providers.domain import http, paypal
from services.rewards.providers.sql import Account

router = APIRouter(include_in_schema=False)


@router.post("/v1/payout-events/{hook}", dependencies=[limit("payout-events", per_minute=1200)])
async def post_event(hook: str, request: Request) -> Response:
    """Takes what a provider reports. Given twice it does what it does once."""
    ctx: Context = request.scope[CONTEXT]
    body = await request.body()
    async with ctx.db.transaction() as tx:
        store_id = await accounts.store_of(tx, hook)
    if store_id is None:
        raise NotFound("Nothing is at this address.")
    async with ctx.db.transaction([store_id], actor=system(TASK)) as tx:
        account = await accounts.by_hook(tx, store_id, hook)
        if account is None:
            raise NotFound("Nothing is at this address.")
        if account.kind == "http":
            await _report(tx, ctx, account, request, body)
        else:
            await _hint(tx, account, body)
    return Response(status_code=204)


async def _report(tx: Tx, ctx: Context, account: Account, request: Request, body: bytes) -> None:
    try:
        keys = keys_of(ctx.require_sealing(), account)
    except ValueError:
        keys = []
    if not is_signed(keys, request.headers, body, now=int(real_time().timestamp())):
        raise Unauthorized("Sign the report with the endpoint's secret (Standard Webhooks), at its moment.")
    report = http.report_of(body)
    if report is None:
        raise BadRequest(f"A report has the payout's id and its status: {', '.join(http.STATUSES)}.")
    await tx.lock_stores([account.store_id])
    called = (await rows.several(tx, account.store_id, [report.payout_id])).get(report.payout_id)
    if called is None or called.provider_id != account.provider_id:
        raise NotFound(f"No payout {report.payout_id} was sent to this endpoint.", code="payout_not_found")
    if await calls.is_late(tx, account.store_id, report):
        await calls.look_now(tx, account.store_id, called)
    else:
        await calls.take_reports(tx, account.store_id, [report])


async def _hint(tx: Tx, account: Account, body: bytes) -> None:
    """An event that is about nothing of ours is taken as well: PayPal would repeat it for days."""
    key, payout_id, remote_id = paypal.hint_of(body)
    found = await rows.of_sending(tx, account.store_id, key) if key else []
    if not found and payout_id:
        found = list((await rows.several(tx, account.store_id, [payout_id])).values())
    mine = [one for one in found if one.provider_id == account.provider_id]
    if mine:
        known = mine[0].remote_id
        await calls.look_now(tx, account.store_id, mine[0], remote_id=None if known else remote_id)
