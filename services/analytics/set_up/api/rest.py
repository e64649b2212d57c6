"""Checks of how a store is connected, by the API."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.analytics.pages import PAGES
from services.analytics.set_up import actions
from services.analytics.set_up.actions import Found
from services.analytics.set_up.domain.steps import Step, well
from services.analytics.set_up.schemas import CheckIn, CheckOut, StepOut
from services.analytics.set_up.words import mend_of, problem_of, title_of
from services.kernel.db import Tx
from services.kernel.http.call import Call, require
from services.ui import Speech

router = APIRouter(tags=["install checks"])

CheckId = Annotated[str, Path(max_length=64)]


@router.post("/v1/install-checks", status_code=201, response_model=CheckOut)
async def post_install_check(body: CheckIn, call: Annotated[Call, require("orders:write")]) -> Response:
    """Begins a check of how the store is connected. It sees what happens from now on, for two hours: open the store,
    follow a share link, place an order, and read the check again to see each step.
    """

    async def begin(tx: Tx) -> Found:
        return await actions.look(tx, await actions.begin(tx, call.store_id, body.without))

    speech = PAGES.speech(PAGES.language(call.request))
    return await call.once(begin, answer=lambda found: _out(found, speech))


@router.get("/v1/install-checks/{install_check_id}")
async def get_install_check(install_check_id: CheckId, call: Annotated[Call, require("metrics:read")]) -> CheckOut:
    """Shows how far a check has come: each step, what was refused, why, and what to do."""
    async with call.transaction() as tx:
        found = await actions.get(tx, call.store_id, install_check_id)
    return _out(found, PAGES.speech(PAGES.language(call.request)))


def _out(found: Found, speech: Speech) -> CheckOut:
    check = found.check
    return CheckOut(
        id=check.check_id,
        started_at=check.started_at,
        ends_at=check.ends_at,
        goes_on=found.goes_on,
        well=well(found.steps),
        steps=[_step(step, speech) for step in found.steps],
    )


def _step(step: Step, speech: Speech) -> StepOut:
    return StepOut(
        step=step.name,
        title=title_of(step, speech),
        state=step.state,
        needed=step.needed,
        connection_id=step.on.connection_id if step.on else None,
        at=step.at,
        detail=step.detail or None,
        problem=step.problem or None,
        problem_of=step.problem_of or None,
        text=problem_of(step, speech) or None,
        mend=mend_of(step, speech) or None,
    )
