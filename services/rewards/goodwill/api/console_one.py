"""The console's page of one goodwill: how it stands, its life, and what can be done with it."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request, Response

from services.kernel.errors import AppError
from services.kernel.http.call import Call, viewer
from services.rewards.goodwill import sql, words
from services.rewards.goodwill.actions import give
from services.rewards.goodwill.api.console import LIST, NAMES
from services.rewards.goodwill.api.forms import LONGEST, reason_of, wrong_text
from services.rewards.goodwill.domain import MOST, Goodwill, Step
from services.rewards.goodwill.schemas import GoodwillOut
from services.rewards.pages import Reader, reader_of
from services.rewards.payouts.api.forms import amount_in, shown
from services.ui import Fact, Happening
from services.ui.forms import new_once, once_of, sent

router = APIRouter(include_in_schema=False)

Id = Annotated[str, Path(max_length=64)]
_Text = Annotated[str, Form(max_length=600)]
_REWARDS = "/console/rewards/rewards"


@router.get(LIST + "/{goodwill_id}")
async def one_page(goodwill_id: Id, call: Annotated[Call, viewer("rewards:read")]) -> Response:
    """One goodwill."""
    return await _page(call, goodwill_id)


@router.post(LIST + "/{goodwill_id}/approve")
async def approve_form(goodwill_id: Id, call: Annotated[Call, viewer("goodwill:write")]) -> Response:
    """The second person's button."""
    try:
        async with call.transaction() as tx:
            await give.approve(tx, call.store_id, goodwill_id)
    except AppError as error:
        return await _page(call, goodwill_id, wrong=error)
    return _to(goodwill_id)


@router.post(LIST + "/{goodwill_id}/refuse")
async def refuse_form(goodwill_id: Id, call: Annotated[Call, viewer("goodwill:write")], reason: _Text = "") -> Response:
    """The button that ends what waits."""
    try:
        async with call.transaction() as tx:
            await give.refuse(tx, call.store_id, goodwill_id, reason=reason.strip()[:500] or None)
    except AppError as error:
        return await _page(call, goodwill_id, wrong=error)
    return _to(goodwill_id)


@router.post(LIST + "/{goodwill_id}/take-back")
async def take_back_form(
    goodwill_id: Id, request: Request, call: Annotated[Call, viewer("goodwill:write")]
) -> Response:
    """The form that takes back; an empty amount is all that is left."""
    form = await sent(request, longest=LONGEST)
    amount = form.get("amount", "")
    try:
        async with call.transaction() as tx:
            one = await give.get(tx, call.store_id, goodwill_id)
        minor = amount_in(amount, one.unit, "amount", most=MOST) if amount.strip() else None
        why = reason_of(form.get("reason", ""))
        await call.once(
            lambda tx: give.take_back(tx, call.store_id, goodwill_id, amount_minor=minor, reason=why),
            answer=GoodwillOut.of,
            key=once_of(form.get("once", "")),
        )
    except AppError as error:
        return await _page(call, goodwill_id, wrong=error)
    return _to(goodwill_id)


async def _page(call: Call, goodwill_id: str, *, wrong: AppError | None = None) -> Response:
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        one = await give.get(tx, call.store_id, goodwill_id)
        steps = await sql.steps(tx, call.store_id, goodwill_id)
    speech = reader.speech
    may = "goodwill:write" in call.caller.scopes
    waits = may and one.status == "waiting"
    return reader.page(
        "goodwill/one.html",
        status=200 if wrong is None else wrong.status,
        freshness=reader.read_now(),
        title=speech.say("Goodwill of %(amount)s", amount=reader.amount(one.amount_minor, one.unit)),
        nav_current=_REWARDS,
        names=NAMES,
        back=LIST,
        base=f"{LIST}/{goodwill_id}",
        one=one,
        chip=words.status_chip(speech, one),
        facts=_facts(reader, one),
        life=[_happening(reader, one, step) for step in steps],
        reward=f"{_REWARDS}/{one.reward_id}" if one.reward_id else "",
        own=one.made_by == call.caller.principal.id,
        may_decide=waits,
        may_take=may and one.left_minor > 0,
        left=shown(one.left_minor, one.unit),
        once=new_once(),
        error=wrong_text(reader, wrong),
    )


def _facts(reader: Reader, one: Goodwill) -> list[Fact]:
    say = reader.speech.say
    facts = [
        Fact(say("Amount"), reader.amount(one.amount_minor, one.unit), strong=True),
        Fact(say("Given as"), words.pay_as_label(reader.speech, one.pay_as)),
        Fact(say("Made"), reader.fmt.moment(one.made_at)),
    ]
    if one.expires_after_days is not None:
        days, count = one.expires_after_days, reader.fmt.number(one.expires_after_days)
        facts.append(Fact(say("Expires"), reader.speech.count("after %(n)s day", "after %(n)s days", days, n=count)))
    if one.status == "granted":
        facts.append(Fact(say("Left of it"), reader.amount(one.left_minor, one.unit)))
    return facts


def _happening(reader: Reader, one: Goodwill, step: Step) -> Happening:
    text = words.step_text(reader, step.kind, reader.amount(step.amount_minor, one.unit))
    return Happening(text, reader.fmt.moment(step.at), below=step.reason or "")


def _to(goodwill_id: str) -> Response:
    return Response(status_code=303, headers={"location": f"{LIST}/{goodwill_id}"})
