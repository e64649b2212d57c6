"""The console's page of the simulator: an imagined order, past orders, and the fragment beside a program's form."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from contracts.program import Program
from services.common.periods import local_day
from services.kernel.db import Tx
from services.kernel.errors import AppError, Conflict, Invalid, NotFound
from services.kernel.http.call import Call, viewer
from services.rewards.pages import Reader, reader_of
from services.rewards.simulations import words
from services.rewards.simulations.actions import runs
from services.rewards.simulations.actions.trial import try_order
from services.rewards.simulations.api.forms import (
    MOST_LETTERS,
    day_of,
    draft_of,
    imagined_of,
    span_of,
)
from services.rewards.simulations.domain.trial import Trial
from services.rewards.simulations.sql import runs as sql
from services.rewards.simulations.sql.runs import Run
from services.rewards.slices import sql as slices
from services.ui import Choice, Column, Name, Row, Speech, Table, mistakes

router = APIRouter(include_in_schema=False)

PAGE: Final = "/console/rewards/simulator"
RUNS: Final = "/console/rewards/simulations"
_LISTED: Final = 10


@router.get(PAGE)
async def simulator_page(
    request: Request, call: Annotated[Call, viewer("rewards:read")], program: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    """The simulator; with `total`, what an imagined order would bring under the program's rules."""
    return await _page(call, {**request.query_params, "program": program})


@router.post(PAGE)
async def start_form(call: Annotated[Call, viewer("rewards:write")]) -> Response:
    """Begins a run over past orders, and leads to it."""
    form = await _sent(call)
    try:
        async with call.transaction() as tx:
            zone = (await reader_of(call.request, tx, call.store_id)).zone
            first, last = day_of(form.get("from", ""), "from"), day_of(form.get("to", ""), "to")
            from_at, to_at = span_of(first, last, zone)
            draft = draft_of(form.get("draft", "")) if form.get("rules") == "draft" else None
            run = await runs.start(
                tx, call.store_id, program_id=form.get("program", ""), draft=draft, from_at=from_at, to_at=to_at
            )
    except (Conflict, Invalid, NotFound) as error:
        return await _page(call, form, wrong=error, status=error.status)
    return Response(status_code=303, headers={"location": f"{RUNS}/{run.simulation_id}"})


@router.post(f"{PAGE}/draft")
async def draft_form(call: Annotated[Call, viewer("rewards:read")]) -> Response:
    """The simulator with the rules that stand in a program's form, to try them on past orders."""
    form = await _sent(call)
    return await _page(call, {"program": form.get("program", ""), "draft": form.get("draft", ""), "rules": "draft"})


@router.post(f"{PAGE}/try")
async def try_form(call: Annotated[Call, viewer("rewards:read")]) -> Response:
    """What an imagined order would bring under the rules that stand in a program's form: a fragment beside it."""
    form = await _sent(call)
    async with call.snapshot() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        try:
            draft = draft_of(form.get("draft", ""))
            if draft is None:
                raise Invalid.field("draft", "There are no rules.")
            known = await slices.newest(tx, call.store_id, form.get("program", ""))
            found = await _tried(tx, call.store_id, form, form.get("program", "") if known else "", draft)
        except (Invalid, NotFound):
            return reader.page("simulations/tried.html", trial=None)
    return reader.page("simulations/tried.html", **_shown(reader, found, draft.currency))


async def _sent(call: Call) -> dict[str, str]:
    sent = await call.request.form()
    return {name: value[:MOST_LETTERS] for name, value in sent.items() if isinstance(value, str)}


async def _tried(tx: Tx, store_id: str, form: Mapping[str, str], program_id: str, program: Program) -> Trial:
    imagined = imagined_of(form, program_id, program.currency, tx.now)
    return await try_order(tx, store_id, imagined, program)


def _shown(reader: Reader, found: Trial, currency: str) -> dict[str, Any]:
    """What a page says of an imagined order."""
    return {
        "trial": found,
        "verdict": words.verdict(reader, found),
        "cards": [words.card(reader, gift) for gift in found.gifts],
        "milestones": [words.way_text(reader, way, currency) for way in found.milestones],
        "plans": [words.plan_text(reader, one, currency) for one in found.plans],
        "cashback": [words.back_text(reader, back, currency) for back in found.cashback],
        "discount": reader.fmt.money(found.discount_minor, currency) if found.discount_minor else "",
    }


async def _page(call: Call, form: Mapping[str, str], *, wrong: AppError | None = None, status: int = 200) -> Response:
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        programs = await slices.programs(tx, call.store_id)
        chosen = form.get("program") or (programs[0].program_id if programs else "")
        newest = await slices.newest(tx, call.store_id, chosen)
        found = await sql.listed(tx, call.store_id, before=None, count=_LISTED)
        tried: dict[str, Any] = {"trial": None}
        if newest is not None and form.get("total", "").strip():
            try:
                tried = _shown(reader, await _tried(tx, call.store_id, form, chosen, newest), newest.currency)
            except Invalid as error:
                wrong = error
    errors = mistakes(reader.speech, wrong)
    today = local_day(reader.now, reader.zone)
    return reader.page(
        "simulations/simulator.html",
        status=status,
        title=reader.speech.say("Simulator"),
        nav_current=PAGE,
        freshness=reader.read_now(),
        programs=[
            Choice(one.name, href=f"{PAGE}?{urlencode({'program': one.program_id})}", current=one.program_id == chosen)
            for one in programs
        ],
        program_name=next((one.name for one in programs if one.program_id == chosen), ""),
        program=chosen,
        memberships=", ".join(one.name for one in newest.memberships) if newest else "",
        currency=newest.currency if newest else "",
        form={
            "total": form.get("total", ""),
            "country": form.get("country", ""),
            "spent": form.get("spent", ""),
            "memberships": form.get("memberships", ""),
            "from": form.get("from") or (today - timedelta(days=30)).isoformat(),
            "to": form.get("to") or today.isoformat(),
            "draft": form.get("draft") or (newest.model_dump_json(indent=1, exclude_defaults=True) if newest else ""),
        },
        options=_options(reader.speech, form),
        errors=_errors(reader.speech, errors),
        problem=_problem(reader.speech, wrong),
        may_start="rewards:write" in call.caller.scopes,
        runs=_runs(reader, found, {one.program_id: one.name for one in programs}),
        base=PAGE,
        **tried,
    )


def _problem(speech: Speech, wrong: AppError | None) -> str:
    if wrong is None or (wrong.errors and wrong.code == "invalid"):
        return ""
    if wrong.code == "simulation_running":
        return speech.say("Another simulation is running: wait for it, or cancel it.")
    return speech.say("Choose a program.")


def _errors(speech: Speech, errors: Mapping[str, str]) -> dict[str, str]:
    return {
        "total": speech.say("Write an amount such as 10 or 7.50.") if "total" in errors else "",
        "spent": speech.say("Write an amount such as 10 or 7.50.") if "spent" in errors else "",
        "country": speech.say("Write a country’s code of two letters, such as MD.") if "country" in errors else "",
        "from": speech.say("Write a day.") if "from" in errors else "",
        "to": speech.say("The period ends after it begins.") if errors.keys() & {"to", "period.to"} else "",
        "draft": errors.get("draft") or errors.get("draft.currency", ""),
    }


def _options(speech: Speech, form: Mapping[str, str]) -> dict[str, list[Choice]]:
    ways = {
        "click": speech.say("a friend’s click"),
        "code": speech.say("a promo code"),
        "customer": speech.say("as a known friend"),
        "nobody": speech.say("nobody"),
    }
    texts: dict[str, dict[str, str]] = {
        "by": dict(ways),
        "buyer": {"new": speech.say("a new customer"), "known": speech.say("bought before")},
        "number": {"1": speech.say("their first order"), "2": speech.say("a later order")},
        "rules": {"in_force": speech.say("as they were in force"), "draft": speech.say("the draft below")},
    }
    return {
        field: [
            Choice(text, value=value, current=(form.get(field) or next(iter(choices))) == value)
            for value, text in choices.items()
        ]
        for field, choices in texts.items()
    }


def _runs(reader: Reader, found: Sequence[Run], names: Mapping[str, str]) -> Table:
    speech, fmt = reader.speech, reader.fmt
    return Table(
        name=speech.say("Past orders"),
        listing=True,
        columns=[
            Column("made", speech.label("head", "Period")),
            Column("program", speech.label("head", "Program"), minor=True),
            Column("state", speech.label("head", "Status")),
            Column("orders", speech.label("head", "Orders"), figure=True),
            Column("difference", speech.label("head", "Difference"), figure=True),
        ],
        rows=[
            Row(
                cells={
                    "made": Name(
                        period_text(reader, run),
                        below=rules_text(speech, run),
                        href=f"{RUNS}/{run.simulation_id}",
                    ),
                    "program": names.get(run.program_id, run.program_id),
                    "state": words.state_chip(speech, run.state),
                    "orders": fmt.number(run.orders),
                    "difference": differences(reader, run),
                },
                key_figure=differences(reader, run),
                facts=[words.state_label(speech, run.state)],
            )
            for run in found
        ],
    )


def period_text(reader: Reader, run: Run) -> str:
    """The days of a run."""
    last = run.to_at - timedelta(microseconds=1)
    return reader.fmt.period(local_day(run.from_at, reader.zone), local_day(last, reader.zone))


def rules_text(speech: Speech, run: Run) -> str:
    """By what it decides."""
    return speech.say("under the rules that were in force") if run.draft is None else speech.say("under a draft")


def differences(reader: Reader, run: Run) -> str:
    """What it would cost more or less than what was granted, in each unit."""
    return ", ".join(
        difference_text(reader, found.amount_minor - found.granted_minor, unit)
        for unit, found in run.figures.by_unit().items()
    )


def difference_text(reader: Reader, value: int, unit: str) -> str:
    """A difference with its sign."""
    if unit == "points":
        return f"{reader.fmt.number(value, sign=True)} {reader.speech.say('points')}"
    return reader.fmt.money(value, unit, sign=True)
