"""The console's page of providers: which are set up, their credentials by the last signs, a try of each."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Response

from services.kernel.errors import AppError
from services.kernel.http.call import Call, viewer
from services.kernel.http.limits import limit
from services.rewards.pages import Reader, reader_of
from services.rewards.providers import sql, words
from services.rewards.providers.actions import setup
from services.rewards.providers.actions.setup import MODES, Mode
from services.rewards.providers.api.rest import tried
from services.rewards.providers.domain.port import KINDS, Kind
from services.rewards.providers.sql import Account
from services.ui import Choice, Fact

router = APIRouter(include_in_schema=False)

PAGE: Final = "/console/rewards/payout-providers"
_PAYOUTS: Final = "/console/rewards/payouts"
_Text = Annotated[str, Form(max_length=2_000)]


@dataclass(frozen=True, slots=True)
class _Feedback:
    """What the page answers to what was just done: to which provider, what was written, and what is wrong with it."""

    kind: Kind = "http"
    wrong: AppError | None = None
    given: dict[str, str] = field(default_factory=dict)
    secret: str = ""
    tried: bool = False
    reason: str | None = None


@router.get(PAGE)
async def providers_page(call: Annotated[Call, viewer("payouts:read")]) -> Response:
    """How payouts are sent by themselves."""
    return await _page(call, _Feedback())


@router.post(PAGE + "/http")
async def http_form(call: Annotated[Call, viewer("payouts:write")], url: _Text = "", secret: _Text = "") -> Response:
    """Sets the store's own endpoint; an empty secret keeps the one of before, or has one made, which is shown once."""
    try:
        async with call.transaction() as tx:
            _, made = await setup.set_http(tx, call.ctx, call.store_id, url=url.strip(), secret=secret.strip() or None)
    except AppError as error:
        return await _page(call, _Feedback("http", error, {"url": url}), status=error.status)
    return await _page(call, _Feedback("http", secret=made)) if made else _back()


@router.post(PAGE + "/http/secret")
async def secret_form(call: Annotated[Call, viewer("payouts:write")]) -> Response:
    """Makes the endpoint's next secret, and shows it once."""
    async with call.transaction() as tx:
        _, made = await setup.rotate_http(tx, call.ctx, call.store_id)
    return await _page(call, _Feedback("http", secret=made))


@router.post(PAGE + "/paypal")
async def paypal_form(
    call: Annotated[Call, viewer("payouts:write")],
    client_id: _Text = "",
    client_secret: _Text = "",
    mode: _Text = "sandbox",
) -> Response:
    """Sets PayPal; an empty secret keeps the one of before."""
    chosen: Mode = next((one for one in MODES if one == mode), "sandbox")
    try:
        async with call.transaction() as tx:
            await setup.set_paypal(
                tx,
                call.ctx,
                call.store_id,
                client_id=client_id.strip(),
                secret=client_secret.strip() or None,
                mode=chosen,
            )
    except AppError as error:
        given = {"client_id": client_id, "mode": chosen}
        return await _page(call, _Feedback("paypal", error, given), status=error.status)
    return _back()


@router.post(PAGE + "/{provider}/try", dependencies=[limit("provider-tests", per_minute=30)])
async def try_form(provider: Kind, call: Annotated[Call, viewer("payouts:write")]) -> Response:
    """Tries a provider, and shows what came of it. Nothing is paid."""
    try:
        reason = await tried(call, provider)
    except AppError as error:
        return await _page(call, _Feedback(provider, tried=True, reason=error.code), status=error.status)
    return await _page(call, _Feedback(provider, tried=True, reason=reason))


@router.post(PAGE + "/{provider}/end")
async def end_form(provider: Kind, call: Annotated[Call, viewer("payouts:write")]) -> Response:
    """Ends a provider."""
    async with call.transaction() as tx:
        await setup.drop(tx, call.store_id, provider)
    return _back()


async def _page(call: Call, feedback: _Feedback, *, status: int = 200) -> Response:
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        current = {kind: await sql.current(tx, call.store_id, kind) for kind in KINDS}
    say, base_url = reader.speech.say, call.ctx.settings.base_url
    errors = {one.field for one in feedback.wrong.errors} if feedback.wrong is not None else set()
    return reader.page(
        "providers/providers.html",
        status=status,
        title=say("Ways to send payouts"),
        nav_current=_PAYOUTS,
        back=_PAYOUTS,
        base=PAGE,
        may_change="payouts:write" in call.caller.scopes,
        notice=_notice(reader, feedback),
        notice_tone="bad" if feedback.reason else "good",
        secret=feedback.secret,
        http=_shown(reader, current["http"], feedback, "http", base_url),
        paypal=_shown(reader, current["paypal"], feedback, "paypal", base_url),
        wrong={
            "url": say("Give a public https address, as in https://pay.example/kith.") if "url" in errors else "",
            "secret": say("A secret is whsec_ and the base64 of 24 to 64 random bytes.") if "secret" in errors else "",
            "client_id": say("Copy it from PayPal’s developer page.") if "client_id" in errors else "",
            "client_secret": say("Copy it from PayPal’s developer page.") if "client_secret" in errors else "",
        },
    )


def _notice(reader: Reader, feedback: _Feedback) -> str:
    if not feedback.tried:
        return ""
    name = words.kind_label(reader.speech, feedback.kind)
    if feedback.reason is None:
        return reader.speech.say("%(name)s: it answers as it should. Nothing was paid.", name=name)
    if feedback.reason == "provider_not_set":
        return reader.speech.say("Set it up first.")
    why = "no_secret" if feedback.reason == "secret_lost" else feedback.reason
    return reader.speech.say("%(name)s: %(why)s", name=name, why=words.trouble_text(reader.speech, why))


def _shown(reader: Reader, account: Account | None, feedback: _Feedback, kind: Kind, base_url: str) -> dict[str, Any]:
    speech = reader.speech
    given = feedback.given if feedback.kind == kind else {}
    mode = given.get("mode", account.place if account is not None and kind == "paypal" else "sandbox")
    names = {"live": speech.say("Live: money moves"), "sandbox": speech.say("Sandbox: to try, without money")}
    facts = []
    if account is not None and account.heard_at is not None:
        facts.append(Fact(speech.say("Last called"), reader.fmt.moment(account.heard_at)))
    return {
        "set": account is not None,
        "chip": words.chip_of(speech, account),
        "trouble": words.trouble_text(speech, account.trouble) if account is not None and account.trouble else "",
        "facts": facts,
        "url": given.get("url", account.place if account is not None and kind == "http" else ""),
        "client_id": given.get("client_id", (account.client_id or "") if account is not None else ""),
        "modes": [Choice(names[one], value=one, current=one == mode) for one in MODES],
        "event_url": "" if account is None else base_url + setup.report_path(account),
        "secret_hint": ""
        if account is None
        else speech.say("It ends with %(end)s. Empty keeps it.", end=f"…{account.secret_end}"),
    }


def _back() -> Response:
    return Response(status_code=303, headers={"location": PAGE})
