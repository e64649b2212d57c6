"""The console's form to add ambassadors by CSV: tried first, with a line of outcome for each line of the sheet."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Request, Response
from starlette.datastructures import UploadFile

from services.kernel.errors import Invalid, NotFound
from services.kernel.http.body import takes_up_to
from services.kernel.http.call import Call, viewer
from services.links.ambassadors.words import field_mend
from services.links.batches.actions import Joined
from services.links.batches.api.sheet import Outcome, join_sheet
from services.links.batches.domain import COLUMNS
from services.links.batches.schemas import MOST_BYTES
from services.links.pages import AMBASSADORS
from services.links.programs import sql as programs
from services.links.stores import actions as stores
from services.links.stores.api import reader_of
from services.ui import Chip, Choice, Column, Name, Reader, Row, Speech, Table, mistakes

router = APIRouter(include_in_schema=False)

HOME: Final = "/console/links/ambassadors/sheet"


@router.get(HOME)
async def get_sheet_form(
    request: Request, call: Annotated[Call, viewer("ambassadors:write")], lang: str = ""
) -> Response:
    """The form."""
    return await _page(request, call, {})


@router.post(HOME)
@takes_up_to(MOST_BYTES)
async def post_sheet_form(request: Request, call: Annotated[Call, viewer("ambassadors:write")]) -> Response:
    """Tries the sheet, or adds its people."""
    async with request.form(max_part_size=MOST_BYTES) as sent:
        form = {name: str(sent.get(name, "")) for name in ("program_id", "csv", "how")}
        upload = sent.get("file")
        if isinstance(upload, UploadFile) and upload.size:
            form["csv"] = (await upload.read()).decode("utf-8", "replace")
    try:
        outcomes = await join_sheet(call, form["program_id"], form["csv"], dry_run=form["how"] != "add")
    except NotFound:
        return await _page(request, call, form, wrong="program_id", status=422)
    except Invalid as error:
        return await _page(request, call, form, refused=error, status=422)
    return await _page(request, call, form, outcomes=outcomes)


async def _page(
    request: Request,
    call: Call,
    form: Mapping[str, str],
    *,
    outcomes: Sequence[Outcome] | None = None,
    wrong: str = "",
    refused: Invalid | None = None,
    status: int = 200,
) -> Response:
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        named = [one for one in await programs.names(tx, call.store_id) if one.status == "active"]
        reader = reader_of(request, own, tx.now)
    speech = reader.speech
    added = form.get("how") == "add"
    made = sum(isinstance(one.found, Joined) and one.found.made for one in outcomes or ())
    summary = speech.count("%(n)s ambassador added.", "%(n)s ambassadors added.", made)
    tried = speech.count(
        "Nothing was added yet: %(n)s person would become an ambassador.",
        "Nothing was added yet: %(n)s people would become ambassadors.",
        made,
    )
    return reader.page(
        "batches/sheet.html",
        nav_current=AMBASSADORS,
        status=status,
        title=speech.say("Add ambassadors by CSV"),
        csv="" if added and outcomes else form.get("csv", ""),
        example="name,email,external_id\nAnna,anna@example.com,c-1042",
        columns=", ".join(COLUMNS),
        programs=[
            Choice(one.name, value=one.program_id, current=one.program_id == form.get("program_id")) for one in named
        ],
        wrong_program=speech.say("Choose a program that is active.") if wrong == "program_id" else "",
        wrong_csv=" ".join(mistakes(speech, refused).values()),
        outcome=(summary if added else tried) if outcomes is not None else "",
        can_add=bool(made) and not added,
        table=_table(outcomes, reader, added=added) if outcomes is not None else None,
    )


def _table(outcomes: Sequence[Outcome], reader: Reader, *, added: bool) -> Table:
    speech = reader.speech
    return Table(
        name=speech.say("Line by line"),
        listing=True,
        columns=[
            Column("who", speech.label("head", "Who")),
            Column("line", speech.label("head", "Line"), figure=True),
            Column("outcome", speech.label("head", "Outcome")),
            Column("why", speech.label("head", "Why")),
        ],
        rows=[_row(one, speech, added=added) for one in outcomes],
    )


def _row(one: Outcome, speech: Speech, *, added: bool) -> Row:
    fields = one.line.fields
    who = fields.get("name") or fields.get("email") or fields.get("external_id") or fields.get("phone") or "–"
    chip, why, href = Chip(speech.label("chip", "Wrong"), "bad", "cross"), "", ""
    if isinstance(one.found, Joined):
        ambassador_id = one.found.member.ambassador.ambassador_id
        if one.found.made:
            chip = Chip(speech.label("chip", "New"), "good", "tick")
        else:
            chip, why = Chip(speech.label("chip", "In already"), "neutral", "dash"), one.found.member.code
        if added or not one.found.made:
            href = f"/console/links/ambassadors/{ambassador_id}"
    else:
        why = "; ".join(f"{error.field}: {field_mend(error.field, speech)}" for error in one.found)
    line = str(one.line.number)
    return Row(
        {"line": line, "who": Name(who, href=href), "outcome": chip, "why": why or None},
        key_figure=line,
        facts=[chip.label, *([why] if why else [])],
    )
