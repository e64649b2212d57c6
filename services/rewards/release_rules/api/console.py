"""The console's page of the rule by which rewards become available."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Form, Response

from services.kernel.errors import AppError, Conflict, Invalid
from services.kernel.http.call import Call, viewer
from services.kernel.http.limits import limit
from services.rewards.pages import reader_of
from services.rewards.release_rules import actions, sql, words
from services.rewards.release_rules.actions import Made
from services.rewards.release_rules.domain import WAYS
from services.ui import Choice

router = APIRouter(include_in_schema=False)

PAGE: Final = "/console/rewards/release"
QUEUE: Final = "/console/rewards/approvals"
_OVERLAPS: Final = (0, 1, 24, 168)
_Text = Annotated[str, Form(max_length=2000)]


@router.get(PAGE)
async def rule_page(call: Annotated[Call, viewer("rewards:read")]) -> Response:
    """How rewards become available, the address that is asked, its secret, a sample."""
    return await _page(call)


@router.post(PAGE)
async def rule_form(call: Annotated[Call, viewer("rewards:write")], way: _Text = "", url: _Text = "") -> Response:
    """Sets the rule; where the server is to be asked for the first time, its secret is made and shown this once."""
    known = next((one for one in WAYS if one == way), None)
    made: Made | None = None
    try:
        if known is None:
            raise Invalid.field("way", "Choose one of them.")
        async with call.transaction() as tx:
            if known == "ask" and not await sql.secrets(tx, call.store_id):
                made = await actions.rotate(tx, call.ctx.require_sealing(), call.store_id, overlap=timedelta())
            await actions.put(tx, call.ctx, call.store_id, way=known, url=url.strip() or None)
    except Invalid as error:
        return await _page(call, wrong=error, way=way, url=url)
    return await _page(call, made=made) if made else _back()


@router.post(PAGE + "/secret")
async def release_secret_form(call: Annotated[Call, viewer("rewards:write")], overlap_hours: _Text = "24") -> Response:
    """Makes another secret, and shows it this once."""
    hours = int(overlap_hours) if overlap_hours.isascii() and overlap_hours.isdigit() and len(overlap_hours) < 4 else 24
    async with call.transaction() as tx:
        made = await actions.rotate(
            tx, call.ctx.require_sealing(), call.store_id, overlap=timedelta(hours=min(hours, 168))
        )
    return await _page(call, made=made)


@router.post(PAGE + "/test", dependencies=[limit("release-tests", per_minute=30)])
async def release_test_form(call: Annotated[Call, viewer("rewards:write")]) -> Response:
    """Sends a sample."""
    try:
        async with call.transaction() as tx:
            await actions.send_test(tx, call.store_id)
    except Conflict as error:
        return await _page(call, wrong=error)
    return _back()


async def _page(
    call: Call, *, made: Made | None = None, wrong: AppError | None = None, way: str = "", url: str | None = None
) -> Response:
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        rule = await sql.rule(tx, call.store_id)
        has_secret = bool(await sql.secrets(tx, call.store_id))
    speech, fmt = reader.speech, reader.fmt
    field = wrong.errors[0].field if wrong is not None and wrong.errors else ""
    chosen = way or rule.way
    return reader.page(
        "release_rules/rule.html",
        status=wrong.status if wrong else 200,
        headers={"cache-control": "no-store"},
        freshness=reader.read_now(),
        title=speech.say("How rewards become available"),
        nav_current=QUEUE,
        back=QUEUE,
        base=PAGE,
        ways=[Choice(words.way_label(speech, one), value=one, current=one == chosen) for one in WAYS],
        way=words.way_label(speech, rule.way),
        url=rule.url or "" if url is None else url,
        kept_url=rule.url or "",
        has_secret=has_secret,
        may_change="rewards:write" in call.caller.scopes,
        secret=actions.show(call.ctx.require_sealing(), made.secret_id, made.sealed) if made else "",
        test=words.answer_text(speech, rule.test_outcome, rule.test_status) if rule.test_outcome else "",
        tested=fmt.moment(rule.tested_at) if rule.tested_at else "",
        overlaps=[
            Choice(
                speech.say("at once") if hours == 0 else fmt.duration(3600 * hours),
                value=str(hours),
                current=hours == 24,
            )
            for hours in _OVERLAPS
        ],
        error=speech.say("Give a public https address, as in https://shop.example/kith.") if field == "url" else "",
        error_way=speech.say("Choose one of them.") if field == "way" else "",
        error_test=speech.say("Set an address and make a secret first.") if wrong is not None and not field else "",
    )


def _back() -> Response:
    return Response(status_code=303, headers={"location": PAGE})
