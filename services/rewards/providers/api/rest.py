"""The API of providers: which are called for payouts, with what credentials. A secret is shown by its last signs."""

from typing import Annotated

from fastapi import APIRouter

from services.kernel.http.call import Call, require
from services.kernel.http.limits import limit
from services.rewards.providers import sql
from services.rewards.providers.actions import setup
from services.rewards.providers.domain.port import Kind
from services.rewards.providers.schemas import HttpIn, HttpMadeOut, PayPalIn, ProviderOut, ProvidersOut, TriedOut
from services.rewards.providers.sql import Account

router = APIRouter(tags=["payouts"])


@router.get("/v1/payout-providers")
async def get_providers(call: Annotated[Call, require("payouts:read")]) -> ProvidersOut:
    """Lists the providers that payouts go by, and those that were ended."""
    async with call.transaction() as tx:
        found = await sql.all_of(tx, call.store_id)
    return ProvidersOut(data=[ProviderOut.of(one, base_url=call.ctx.settings.base_url) for one in found])


@router.put("/v1/payout-providers/http")
async def put_http_provider(body: HttpIn, call: Annotated[Call, require("payouts:write")]) -> HttpMadeOut:
    """Has payouts sent to an endpoint of the store's own. At another address it is another provider: what was sent to
    the former one is still asked about there.
    """
    async with call.transaction() as tx:
        account, made = await setup.set_http(tx, call.ctx, call.store_id, url=body.url, secret=body.secret)
    return _made(call, account, made)


@router.post("/v1/payout-providers/http/secret")
async def post_http_secret(call: Annotated[Call, require("payouts:write")]) -> HttpMadeOut:
    """Makes the endpoint's next secret, shown once. The one of before signs beside it for a day."""
    async with call.transaction() as tx:
        account, made = await setup.rotate_http(tx, call.ctx, call.store_id)
    return _made(call, account, made)


@router.put("/v1/payout-providers/paypal")
async def put_paypal_provider(body: PayPalIn, call: Annotated[Call, require("payouts:write")]) -> ProviderOut:
    """Has payouts sent by PayPal Payouts, through an app of the store's account. Another app is another provider."""
    async with call.transaction() as tx:
        account = await setup.set_paypal(
            tx, call.ctx, call.store_id, client_id=body.client_id, secret=body.client_secret, mode=body.mode
        )
    return ProviderOut.of(account, base_url=call.ctx.settings.base_url)


@router.delete("/v1/payout-providers/http", status_code=204)
async def delete_http_provider(call: Annotated[Call, require("payouts:write")]) -> None:
    """Ends the store's own endpoint: nothing new goes there. What was sent is still asked about."""
    async with call.transaction() as tx:
        await setup.drop(tx, call.store_id, "http")


@router.delete("/v1/payout-providers/paypal", status_code=204)
async def delete_paypal_provider(call: Annotated[Call, require("payouts:write")]) -> None:
    """Ends PayPal: nothing new goes there. What was sent is still asked about."""
    async with call.transaction() as tx:
        await setup.drop(tx, call.store_id, "paypal")


@router.post("/v1/payout-providers/{provider}/tests", dependencies=[limit("provider-tests", per_minute=30)])
async def post_provider_test(provider: Kind, call: Annotated[Call, require("payouts:write")]) -> TriedOut:
    """Tries a provider's credentials. Nothing is paid: an endpoint is asked about a payout that there never was, PayPal
    for a token.
    """
    reason = await tried(call, provider)
    return TriedOut(outcome="failed" if reason else "ok", reason=reason)


async def tried(call: Call, kind: Kind) -> str | None:
    """Tries a provider outside of any transaction; None if it holds, or why not."""
    async with call.transaction() as tx:
        account, port = await setup.try_out(call.ctx, tx, call.store_id, kind)
        now = tx.now
    reason = await port.check(now=now)
    async with call.transaction() as tx:
        await sql.note_call(tx, call.store_id, account.provider_id, reason)
    return reason


def _made(call: Call, account: Account, made: str | None) -> HttpMadeOut:
    shown = ProviderOut.of(account, base_url=call.ctx.settings.base_url)
    return HttpMadeOut(**shown.model_dump(), new_secret=made)
