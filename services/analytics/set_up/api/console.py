"""The console's page of a check, which lights up while somebody tries their store; and a new store's steps."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from services.analytics.pages import PAGES
from services.analytics.set_up import actions
from services.analytics.set_up.actions import Found
from services.analytics.set_up.domain.steps import reached_steps, well
from services.analytics.set_up.words import GUIDES, mark_of, stages
from services.analytics.slices.sql import calendars
from services.kernel.db import Tx
from services.kernel.errors import NotFound
from services.kernel.http.call import Call, viewer
from services.ui import Reader

router = APIRouter(include_in_schema=False)

HOME: Final = "/console/analytics/install"
STEPS: Final = "/console/analytics/install/steps"
FIRST: Final = "/console/analytics/install/first-steps"
_UNCHANGED: Final = 204
_Word = Annotated[str, Query(max_length=64, pattern=r"^[^\x00]*$")]


@router.get(HOME)
async def check_page(request: Request, call: Annotated[Call, viewer("metrics:read")]) -> Response:
    """The store's newest check, or how to begin one."""
    async with call.transaction() as tx:
        reader = await _reader(request, tx, call.store_id)
        found = await actions.newest(tx, call.store_id)
    return reader.page(
        "set_up/check.html",
        title=reader.speech.say("Install check"),
        nav_current=HOME,
        home=HOME,
        guides=GUIDES,
        may_begin="orders:write" in call.caller.scopes,
        **_shown(found, reader),
    )


@router.post(HOME)
async def begin_form(call: Annotated[Call, viewer("orders:write")]) -> Response:
    """Begins a check."""
    async with call.transaction() as tx:
        await actions.begin(tx, call.store_id)
    return Response(status_code=303, headers={"location": HOME})


@router.get(STEPS)
async def check_steps(
    request: Request, call: Annotated[Call, viewer("metrics:read")], check: _Word = "", known: _Word = ""
) -> Response:
    """The steps of a check, as they stand; nothing while they are as the page shows them."""
    async with call.transaction() as tx:
        reader = await _reader(request, tx, call.store_id)
        found = await (actions.get(tx, call.store_id, check) if check else actions.newest(tx, call.store_id))
    if found is None:
        raise NotFound("There is no check yet.")
    shown = _shown(found, reader)
    if shown["mark"] == known:
        return Response(status_code=_UNCHANGED)
    return reader.page("set_up/steps.html", **{**shown, "renewed": True})


@router.get(FIRST)
async def first_steps(request: Request, call: Annotated[Call, viewer("metrics:read")], known: _Word = "") -> Response:
    """What a new store has to do, as it stands; nothing while it is as the page shows it."""
    async with call.transaction() as tx:
        reader = await _reader(request, tx, call.store_id)
        reached = await actions.still_to_do(call.ctx.db, tx, call.store_id)
    shown = stages(reached_steps(reached), reader.speech) if reached else []
    mark = mark_of(shown)
    if mark == known:
        return Response(status_code=_UNCHANGED)
    if not shown:  # the overview has figures now
        return reader.page("set_up/first_steps.html", headers={"hx-refresh": "true"}, stages=[], mark=mark)
    return reader.page("set_up/first_steps.html", stages=shown, mark=mark)


def _shown(found: Found | None, reader: Reader) -> dict[str, Any]:
    if found is None:
        return {"check": None}
    speech, fmt = reader.speech, reader.fmt
    steps = list(found.steps)
    shown = stages(steps, speech, fmt)
    needed = [step for step in steps if step.needed]
    done = sum(step.state == "done" for step in needed)
    is_well = well(steps)
    problems = sum(bool(step.problem) and step.state != "waiting" for step in steps)
    if is_well:
        summary = speech.say("Your store is connected: the first reward was credited.")
    elif problems:
        summary = speech.count("%(n)s thing to mend", "%(n)s things to mend", problems)
    elif found.goes_on:
        summary = speech.say("Waiting for the next step. This page shows it by itself.")
    else:
        summary = speech.say("This check has ended. Begin another to go on.")
    seal = "good" if is_well else "bad" if problems else "wait" if found.goes_on else "neutral"
    mark = mark_of(shown, summary)
    return {
        "check": found.check,
        "live": f"{STEPS}?check={found.check.check_id}&known={mark}" if found.goes_on else "",
        "goes_on": found.goes_on,
        "stages": shown,
        "summary": summary,
        "seal": seal,
        "progress": speech.say("%(done)s of %(all)s", done=fmt.number(done), all=fmt.number(len(needed))),
        "since": speech.say("Since %(time)s", time=fmt.moment(found.check.started_at, seconds=True)),
        "mark": mark,
        "renewed": False,
    }


async def _reader(request: Request, tx: Tx, store_id: str) -> Reader:
    calendar = (await calendars(tx, [store_id])).get(store_id)
    if calendar is None:
        raise NotFound("There is no such store here yet; try again in a moment.")
    return Reader(PAGES, request, store=calendar.name, locale=calendar.locale, zone=calendar.zone, now=tx.now)
