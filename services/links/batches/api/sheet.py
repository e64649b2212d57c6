"""`POST /v1/ambassadors/sheets`: ambassadors as CSV."""

from collections.abc import Sequence
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Response

from services.kernel.errors import FieldError, Invalid
from services.kernel.http.body import takes_up_to
from services.kernel.http.call import Call, require
from services.links.ambassadors.api.rest import hashes, joining_of
from services.links.ambassadors.schemas import AmbassadorIn
from services.links.batches import actions
from services.links.batches.actions import Joined, Wrong
from services.links.batches.domain import BadSheet, Line, read_sheet
from services.links.batches.schemas import MOST, MOST_BYTES, LineOut, SheetIn, SheetOut, WrongField, read
from services.links.programs import actions as programs

router = APIRouter(tags=["ambassadors"])

_ASKED = ("consumer", "distributor")
"""Roles that mean something only where the program asks for them."""


class Outcome(NamedTuple):
    """What became, or would become, of a line."""

    line: Line
    found: Joined | Wrong


@router.post("/v1/ambassadors/sheets", response_model=SheetOut)
@takes_up_to(MOST_BYTES)
async def post_sheet(body: SheetIn, call: Annotated[Call, require("ambassadors:write")]) -> Response:
    """Makes up to 1,000 people of a CSV ambassadors, or with `dry_run`, which is the default, says what would become of
    each line and leaves nothing behind.

    What is wrong with one line leaves the others alone. Sent again, nobody is made twice.
    """
    if body.dry_run:
        outcomes = await join_sheet(call, body.program_id, body.csv, dry_run=True)
        return Response(_answer(outcomes, dry_run=True).model_dump_json(), media_type="application/json")
    lines, good = await _read(call, body.program_id, body.csv)
    return await call.once(
        lambda tx: actions.join_all(tx, call.store_id, [joining_of(one) for one in good], hash_contacts=hashes(call)),
        answer=lambda found: _answer(_together(lines, found), dry_run=False),
        status=200,
    )


async def join_sheet(call: Call, program_id: str, text: str, *, dry_run: bool) -> list[Outcome]:
    """What becomes of each line; with `dry_run` nothing of it stays. Raises `Invalid` for what is no such sheet, and
    `NotFound` for a program that the store does not have.
    """
    lines, good = await _read(call, program_id, text)
    wanted = [joining_of(one) for one in good]
    try:
        async with call.transaction() as tx:
            found = await actions.join_all(tx, call.store_id, wanted, hash_contacts=hashes(call))
            if dry_run:
                raise actions.Undone
    except actions.Undone:
        pass
    return _together(lines, found)


async def _read(call: Call, program_id: str, text: str) -> tuple[list[tuple[Line, Wrong | None]], list[AmbassadorIn]]:
    """Each line with what is wrong with it, and those with which nothing is."""
    try:
        lines = read_sheet(text, most=MOST)
    except BadSheet as error:
        raise Invalid.field("csv", error.mend, code="bad_sheet") from None
    async with call.transaction() as tx:
        version = await programs.get(tx, call.store_id, program_id)
    asked = version.program.joining.roles if version.program.joining else ()
    read_lines: list[tuple[Line, Wrong | None]] = []
    good: list[AmbassadorIn] = []
    for line in lines:
        one = read({"program_id": program_id, **line.fields})
        if isinstance(one, AmbassadorIn) and one.role in _ASKED and one.role not in asked:
            one = (FieldError("role", "unknown_role", "This program does not ask for that role."),)
        if isinstance(one, AmbassadorIn):
            good.append(one)
        read_lines.append((line, None if isinstance(one, AmbassadorIn) else one))
    return read_lines, good


def _together(lines: Sequence[tuple[Line, Wrong | None]], found: Sequence[Joined | Wrong]) -> list[Outcome]:
    outcomes = iter(found)
    return [Outcome(line, next(outcomes) if wrong is None else wrong) for line, wrong in lines]


def _answer(outcomes: Sequence[Outcome], *, dry_run: bool) -> SheetOut:
    lines = [_line(one, dry_run=dry_run) for one in outcomes]
    counts = {result: sum(line.result == result for line in lines) for result in ("created", "existing", "invalid")}
    return SheetOut(dry_run=dry_run, **counts, data=lines)


def _line(one: Outcome, *, dry_run: bool) -> LineOut:
    if not isinstance(one.found, Joined):
        errors = tuple(WrongField(field=e.field, code=e.code, detail=e.detail) for e in one.found)
        return LineOut(line=one.line.number, result="invalid", errors=errors)
    if one.found.made and dry_run:
        return LineOut(line=one.line.number, result="created")
    member = one.found.member
    return LineOut(
        line=one.line.number,
        result="created" if one.found.made else "existing",
        ambassador_id=member.ambassador.ambassador_id,
        code=member.code,
    )
