"""The console's page of one run: how far it is, what it came to, who would get what."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Response

from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, viewer
from services.kernel.http.pages import Cursor, page_of
from services.rewards.grants.api.words import rule_label, side_label
from services.rewards.pages import Reader, reader_of
from services.rewards.simulations import words
from services.rewards.simulations.actions import runs
from services.rewards.simulations.api.console import PAGE, RUNS, difference_text, period_text, rules_text
from services.rewards.simulations.api.rest import download, place_of
from services.rewards.simulations.sql.runs import Run, ShareRow
from services.rewards.slices import sql as slices
from services.ui import Column, Fact, Name, Pagination, Row, Table

router = APIRouter(include_in_schema=False)

Id = Annotated[str, Path(max_length=64)]
_ROWS: Final = 50
_LOOK_AGAIN_S: Final = 2
_NAMES: Final = "/console/links/names"


@router.get(RUNS + "/{simulation_id}")
async def run_page(
    simulation_id: Id,
    call: Annotated[Call, viewer("rewards:read")],
    cursor: Cursor = None,
    format: Literal["html", "csv"] = "html",
) -> Response:
    """A run. While it is on, the page loads itself anew every other second."""
    start = cursors.decode(cursor, str, int, str)

    if format == "csv":
        return await download(call, simulation_id, start=None)
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        run = await runs.get(tx, call.store_id, simulation_id)
        people = await runs.shares(tx, call.store_id, simulation_id, after=start, count=_ROWS + 1)
        names = {one.program_id: one.name for one in await slices.programs(tx, call.store_id)}
    page = page_of(people, _ROWS, show=lambda row: row, after=place_of)
    speech, fmt = reader.speech, reader.fmt
    place = f"{RUNS}/{simulation_id}"
    on = run.state == "running"
    shown = reader.page(
        "simulations/run.html",
        title=period_text(reader, run),
        nav_current=PAGE,
        freshness=reader.read_now(),
        chip=words.state_chip(speech, run.state),
        what=f"{names.get(run.program_id, run.program_id)}, {rules_text(speech, run)}",
        share=_share(run),
        progress=speech.say("%(done)s of %(all)s", done=fmt.number(run.done), all=fmt.number(run.orders)),
        running=on,
        stopped=run.state in ("cancelled", "failed"),
        may_write="rewards:write" in call.caller.scopes,
        facts=_facts(reader, run),
        rules=_rules(reader, run),
        caps=_caps(reader, run),
        table=_people(reader, page.data),
        paging=Pagination(
            speech.count("%(n)s ambassador on this page", "%(n)s ambassadors on this page", len(page.data)),
            previous=place if cursor else "",
            next=f"{place}?cursor={page.next_cursor}" if page.next_cursor else "",
        ),
        place=place,
        base=PAGE,
    )
    if on:
        shown.headers["refresh"] = str(_LOOK_AGAIN_S)
    return shown


@router.post(RUNS + "/{simulation_id}/cancel")
async def cancel_form(simulation_id: Id, call: Annotated[Call, viewer("rewards:write")]) -> Response:
    """Stops it where it is."""
    async with call.transaction() as tx:
        await runs.cancel(tx, call.store_id, simulation_id)
    return Response(status_code=303, headers={"location": f"{RUNS}/{simulation_id}"})


@router.post(RUNS + "/{simulation_id}/resume")
async def resume_form(simulation_id: Id, call: Annotated[Call, viewer("rewards:write")]) -> Response:
    """Has it go on."""
    async with call.transaction() as tx:
        await runs.resume(tx, call.store_id, simulation_id)
    return Response(status_code=303, headers={"location": f"{RUNS}/{simulation_id}"})


def _share(run: Run) -> float:
    return 0.0 if not run.orders else run.done / run.orders


def _facts(reader: Reader, run: Run) -> list[Fact]:
    speech, fmt = reader.speech, reader.fmt
    found = [
        fact
        for unit, total in run.figures.by_unit().items()
        for fact in (
            Fact(speech.say("It would cost"), reader.amount(total.amount_minor, unit)),
            Fact(speech.say("Was granted"), reader.amount(total.granted_minor, unit)),
            Fact(speech.say("Difference"), difference_text(reader, total.amount_minor - total.granted_minor, unit)),
        )
    ]
    for unit, off in sorted(run.figures.discounts.items()):
        found += [
            Fact(speech.say("Friends’ discounts would cost"), reader.amount(off.amount_minor, unit)),
            Fact(speech.say("Friends’ discounts did cost"), reader.amount(off.granted_minor, unit)),
        ]
    return [
        *found,
        Fact(speech.say("Orders with a reward"), fmt.number(run.figures.rewarded)),
        Fact(speech.say("Orders that would bring more"), fmt.number(run.figures.more)),
        Fact(speech.say("Orders that would bring less"), fmt.number(run.figures.less)),
        *(Fact(words.unknown_label(speech, asked), fmt.number(n)) for asked, n in sorted(run.figures.unknown.items())),
    ]


def _rules(reader: Reader, run: Run) -> Table:
    speech = reader.speech
    return Table(
        name=speech.say("By rule"),
        columns=[
            Column("rule", speech.label("head", "Rule")),
            Column("amount", speech.label("head", "Would cost"), figure=True),
            Column("granted", speech.label("head", "Granted"), figure=True),
            Column("difference", speech.label("head", "Difference"), figure=True),
        ],
        rows=[
            Row(
                cells={
                    "rule": Name(
                        rule_label(speech, key.rule),
                        below="" if key.rule == key.side else side_label(speech, key.side),
                    ),
                    "amount": reader.amount(found.amount_minor, key.unit),
                    "granted": reader.amount(found.granted_minor, key.unit),
                    "difference": difference_text(reader, found.amount_minor - found.granted_minor, key.unit),
                }
            )
            for key, found in sorted(run.figures.rules.items())
        ],
    )


def _caps(reader: Reader, run: Run) -> Table:
    speech, fmt = reader.speech, reader.fmt
    return Table(
        name=speech.say("Caps that were hit"),
        columns=[
            Column("cap", speech.label("head", "Cap")),
            Column("rewards", speech.label("head", "Rewards"), figure=True),
            Column("amount", speech.label("head", "Cut off"), figure=True),
        ],
        rows=[
            Row(
                cells={
                    "cap": Name(words.cap_label(speech, cap), below=rule_label(speech, rule)),
                    "rewards": fmt.number(cut.rewards),
                    "amount": reader.amount(cut.amount_minor, unit),
                }
            )
            for (cap, rule, unit), cut in sorted(run.figures.caps.items())
        ],
    )


def _people(reader: Reader, rows: list[ShareRow]) -> Table:
    speech = reader.speech
    found = [
        Row(
            cells={
                "who": Name(speech.say("Ambassador"), fill=who),
                "own": reader.amount(share.own_minor, unit),
                "friends": reader.amount(share.friends_minor, unit),
                "difference": difference_text(reader, share.difference_minor, unit),
            },
            key_figure=reader.amount(share.own_minor + share.friends_minor, unit),
            facts=[difference_text(reader, share.difference_minor, unit)],
        )
        for who, unit, share in rows
    ]
    return Table(
        name=speech.say("Who would get what"),
        listing=True,
        names_src=_NAMES,
        columns=[
            Column("who", speech.label("head", "Ambassador")),
            Column("own", speech.label("head", "Own"), figure=True),
            Column("friends", speech.label("head", "Friends"), figure=True),
            Column("difference", speech.label("head", "Difference"), figure=True),
        ],
        rows=found,
    )
