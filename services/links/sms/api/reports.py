"""Where a store's gateway reports: what became of messages, and who wrote STOP or START. Signed, as messages are."""

from fastapi import APIRouter, Request, Response

from services.common.signatures import is_signed
from services.kernel.auth.sessions import real_time
from services.kernel.context import Context
from services.kernel.errors import BadRequest, NotFound, Unauthorized
from services.kernel.http.call import CONTEXT
from services.kernel.http.limits import limit
from services.links.sms.actions import receive
from services.links.sms.domain import reports
from services.links.sms_gateways import sql as sql
from services.links.sms_gateways.actions import setup

router = APIRouter(include_in_schema=False)


@router.post("/v1/sms/{hook}", dependencies=[limit("sms-reports", per_minute=1200)])
async def post_report(hook: str, request: Request) -> Response:
    """Takes a report. Given twice it does what it does once."""
    ctx: Context = request.scope[CONTEXT]
    body = await request.body()
    async with ctx.db.transaction() as tx:
        store_id = await sql.store_of(tx, hook)
    if store_id is None:
        raise NotFound("Nothing is at this address.")
    async with ctx.db.transaction([store_id]) as tx:
        gateway = await sql.get(tx, store_id)
        if gateway is None:
            raise NotFound("Nothing is at this address.")
        try:
            keys = setup.keys_of(ctx.require_sealing(), gateway)
        except ValueError:
            keys = []
        if not is_signed(keys, request.headers, body, now=int(real_time().timestamp())):
            raise Unauthorized("Sign the report with the gateway’s secret (Standard Webhooks), at its moment.")
        report = reports.read(body)
        if report is None:
            raise BadRequest(
                "A report says status: delivered or failed with the message’s id, stop or start with number."
            )
        await receive.receive(tx, ctx.ring, store_id, report)
    return Response(status_code=204)
