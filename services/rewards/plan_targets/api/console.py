"""The console's page of targets: what was set, how far it is, and the form and the file that set more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from starlette.datastructures import UploadFile

from services.common.words import Translatable, _
from services.kernel.errors import Invalid
from services.kernel.http.body import takes_up_to
from services.kernel.http.call import Call, viewer
from services.kernel.http.pages import Cursor, page_of
from services.rewards.pages import Reader, reader_of
from services.rewards.plan_targets import sql, words
from services.rewards.plan_targets.actions.progress import shown
from services.rewards.plan_targets.actions.set import Outcome, put, put_file
from services.rewards.plan_targets.api.rest import download, ended, filters_of, place_of
from services.rewards.plan_targets.domain import MOST_LINES, Target, Wanted
from services.rewards.plan_targets.schemas import MOST_BYTES
from services.rewards.slices import sql as slices
from services.ui import Choice, Column, Name, Pagination, Row, Table, mistake
from services.ui.forms import sent

router = APIRouter(include_in_schema=False)

LIST: Final = "/console/rewards/plans"
_REWARDS: Final = "/console/rewards/rewards"
_NAMES: Final = "/console/links/names"
_ROWS: Final = 25
_FIELDS: Final = ("ambassador", "plan", "period", "target")
_LONGEST: Final = 255
_Text = Annotated[str, Query(max_length=255, pattern=r"^[^\x00]*$")]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the page shows, what its form holds, and what became of it."""

    ambassador: str = ""
    plan: str = ""
    period: str = ""
    cursor: str | None = None
    form: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)
    failed: Invalid | None = None
    done: Sequence[Outcome] | None = None

    @property
    def given(self) -> dict[str, str]:
        """What the list is narrowed by."""
        asked = {"ambassador": self.ambassador, "plan": self.plan, "period": self.period}
        return {name: value for name, value in asked.items() if value}


@router.get(LIST)
async def list_page(
    call: Annotated[Call, viewer("rewards:read")],
    ambassador: _Text = "",
    plan: _Text = "",
    period: _Text = "",
    cursor: Cursor = None,
    format: Literal["html", "csv"] = "html",
) -> Response:
    """Targets with how far they are, those of the youngest periods first."""
    if format == "csv":
        filters = filters_of(ambassador_id=ambassador, plan=plan, period=period)
        return await download(call, filters, start=place_of(cursor))
    return await _page(call, _Asked(ambassador, plan, period, cursor))


@router.post(LIST)
async def set_form(request: Request, call: Annotated[Call, viewer("rewards:write")]) -> Response:
    """Sets one target, or takes it away."""
    form = await sent(request, _FIELDS, longest=_LONGEST)
    wanted = Wanted(
        form["ambassador"].strip(), form["plan"].strip(), form["period"].strip(), written=form["target"].strip()
    )
    async with call.transaction() as tx:
        (outcome,) = await put(tx, call.store_id, [wanted], by_id=False)
    if outcome.wrong is not None:
        wrong: dict[str, str] = {outcome.wrong.field.removesuffix("_id"): outcome.wrong.detail}
        return await _page(call, _Asked(form=form, wrong=wrong), status=422)
    asked = {"ambassador": outcome.target.key.ambassador_id} if outcome.target is not None else {}
    return Response(status_code=303, headers={"location": _href(asked)})


@router.post(LIST + "/file")
@takes_up_to(MOST_BYTES)
async def file_form(request: Request, call: Annotated[Call, viewer("rewards:write")]) -> Response:
    """Sets the targets of a spreadsheet: all of them, or none; each wrong line is named."""
    async with request.form(max_part_size=MOST_BYTES, max_files=1) as form:
        text = str(form.get("csv", ""))
        upload = form.get("file")
        given = await upload.read() if isinstance(upload, UploadFile) and upload.size else None
    try:
        text = text if given is None else given.decode("utf-8-sig")
        async with call.transaction() as tx:
            outcomes = await put_file(tx, call.store_id, text)
    except UnicodeDecodeError:
        wrong = Invalid.field("csv", Translatable(_("This is no text: save the list as CSV, UTF-8.")))
        return await _page(call, _Asked(failed=wrong), status=wrong.status)
    except Invalid as error:
        return await _page(call, _Asked(failed=error), status=error.status)
    return await _page(call, _Asked(done=outcomes))


async def _page(call: Call, asked: _Asked, *, status: int = 200) -> Response:
    filters = filters_of(ambassador_id=asked.ambassador, plan=asked.plan, period=asked.period)
    start = place_of(asked.cursor)
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        kept = await sql.listed(tx, call.store_id, before=start, count=_ROWS + 1, filters=filters)
        found = await shown(tx, call.store_id, kept)
        programs = await slices.programs(tx, call.store_id)
        newest = await slices.newest_of(tx, {(call.store_id, one.program_id) for one in programs})
    page = page_of(found, _ROWS, show=lambda one: one, after=ended)
    speech, given = reader.speech, asked.given
    plans = sorted({rule.name for _version, program in newest.values() for rule in program.plan_rewards})
    errors = {field: mistake(speech, detail) for field, detail in asked.wrong.items()}
    return reader.page(
        "plan_targets/list.html",
        status=status,
        freshness=reader.read_now(),
        title=speech.say("Plans"),
        nav_current=_REWARDS,
        base=LIST,
        names=_NAMES,
        table=_table(reader, page.data),
        plans=[Choice(one, href=_href({**given, "plan": one}), current=one == asked.plan) for one in plans],
        kept={name: value for name, value in given.items() if name != "period"},
        period=asked.period,
        active=[
            Choice(
                speech.say("One ambassador") if name == "ambassador" else value,
                href=_href({other: text for other, text in given.items() if other != name}),
            )
            for name, value in given.items()
        ],
        csv_href=_href({**given, "format": "csv"}),
        paging=Pagination(
            speech.count("%(n)s target on this page", "%(n)s targets on this page", len(page.data)),
            previous=_href(given) if asked.cursor else "",
            next=_href({**given, "cursor": page.next_cursor}) if page.next_cursor else "",
        ),
        may_write="rewards:write" in call.caller.scopes and bool(plans),
        none=not plans,
        choices=[Choice(one, value=one, current=one == asked.form.get("plan")) for one in plans],
        form=dict.fromkeys(_FIELDS, "") | asked.form,
        errors=dict.fromkeys(_FIELDS, "") | errors,
        done=_done(reader, asked.done),
        failed=_failed(reader, asked.failed),
        most=reader.fmt.number(MOST_LINES),
    )


def _href(parameters: Mapping[str, str]) -> str:
    return f"{LIST}?{urlencode(parameters)}" if parameters else LIST


def _table(reader: Reader, found: Sequence[Target]) -> Table:
    speech = reader.speech
    return Table(
        name=speech.say("Targets"),
        listing=True,
        names_src=_NAMES,
        columns=[
            Column("who", speech.label("head", "Ambassador")),
            Column("plan", speech.label("head", "Plan"), minor=True),
            Column("counted", speech.label("head", "So far"), figure=True),
            Column("target", speech.label("head", "Target"), figure=True),
            Column("bonus", speech.label("head", "Reward"), figure=True),
        ],
        rows=[_row(reader, one) for one in found],
    )


def _row(reader: Reader, one: Target) -> Row:
    bonus = reader.amount(one.bonus, one.unit) if one.reward_id is not None else "–"
    href = f"{_REWARDS}/{one.reward_id}" if one.reward_id is not None else _href({"ambassador": one.key.ambassador_id})
    return Row(
        cells={
            "who": Name(words.title(reader, one), href=href, fill=one.key.ambassador_id),
            "plan": words.title(reader, one),
            "counted": words.figure(reader, one, one.so_far.counted),
            "target": words.figure(reader, one, one.target),
            "bonus": bonus,
        },
        key_figure=reader.fmt.percent(one.share, digits=0),
        facts=[words.title(reader, one), words.progress(reader, one)],
    )


def _done(reader: Reader, outcomes: Sequence[Outcome] | None) -> str:
    if outcomes is None:
        return ""
    changed = sum(one.state != "unchanged" for one in outcomes)
    return reader.speech.count(
        "%(n)s target was changed.", "%(n)s targets were changed.", changed, n=reader.fmt.number(changed)
    )


def _failed(reader: Reader, error: Invalid | None) -> dict[str, Any] | None:
    """What is wrong with a file, line by line."""
    if error is None:
        return None
    speech = reader.speech
    lines = [(one.field.split("."), mistake(speech, one.detail)) for one in error.errors]
    rows = [(path[1], what) for path, what in lines if len(path) == 3]
    if not rows:
        return {"text": next((what for _path, what in lines), mistake(speech, error.detail)), "table": None}
    table = Table(
        name=speech.say("Lines that are wrong"),
        listing=True,
        columns=[
            Column("what", speech.label("head", "Mistake")),
            Column("line", speech.label("head", "Line"), figure=True),
        ],
        rows=[Row(cells={"what": what, "line": line}, key_figure=line) for line, what in rows],
    )
    return {"text": mistake(speech, error.detail), "table": table}
