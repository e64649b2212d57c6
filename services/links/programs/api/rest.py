"""The API of programs."""

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from contracts.program import Program
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, require
from services.kernel.http.pages import Cursor, Limit, Page, page_of, page_or_csv
from services.links.programs import actions, sql
from services.links.programs.schemas import ProgramOut, ProgramPatch
from services.links.programs.sql import Version

router = APIRouter(tags=["programs"])

_COLUMNS = ("id", "version", "name", "status", "currency", "rank", "landing_url", "created_at", "published_at")


@router.post("/v1/programs", status_code=201, response_model=ProgramOut)
async def post_program(body: Program, call: Annotated[Call, require("programs:write")]) -> Response:
    """Publishes a program's first version."""
    return await call.once(lambda tx: actions.create(tx, call.store_id, body), answer=ProgramOut.of)


@router.get("/v1/programs", response_model=Page[ProgramOut])
async def get_programs(
    call: Annotated[Call, require("programs:read")],
    cursor: Cursor = None,
    limit: Limit = 50,
    format: Literal["json", "csv"] = "json",
) -> Page[ProgramOut] | Response:
    """Lists the store's programs, youngest first, each in its newest version."""
    start = cursors.decode(cursor, str)

    async def fetch(after: tuple[str] | None, count: int) -> Sequence[Version]:
        async with call.transaction() as tx:
            return await sql.page(tx, call.store_id, before=after[0] if after else None, limit=count)

    return await page_or_csv(
        fetch,
        format=format,
        start=start,
        limit=limit,
        after=lambda row: (row.program_id,),
        show=ProgramOut.of,
        columns=_COLUMNS,
        filename="programs",
    )


@router.get("/v1/programs/{program_id}")
async def get_program(
    program_id: str,
    call: Annotated[Call, require("programs:read")],
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="The newest one if left out.")] = None,
) -> ProgramOut:
    """One version of a program."""
    async with call.transaction() as tx:
        return ProgramOut.of(await actions.get(tx, call.store_id, program_id, version=version))


@router.get("/v1/programs/{program_id}/versions")
async def get_versions(
    program_id: str, call: Annotated[Call, require("programs:read")], cursor: Cursor = None, limit: Limit = 50
) -> Page[ProgramOut]:
    """A program's versions, newest first."""
    start = cursors.decode(cursor, int)
    async with call.transaction() as tx:
        await actions.get(tx, call.store_id, program_id)
        before = start[0] if start else None
        found = await sql.versions(tx, call.store_id, program_id, before=before, limit=limit + 1)
    return page_of(found, limit, show=ProgramOut.of, after=lambda version: (version.version,))


@router.patch("/v1/programs/{program_id}")
async def patch_program(
    program_id: str, body: ProgramPatch, call: Annotated[Call, require("programs:write")]
) -> ProgramOut:
    """Publishes the next version with the given fields changed; the same version comes back when nothing differs."""
    async with call.transaction() as tx:
        return ProgramOut.of(await actions.change(tx, call.store_id, program_id, body.root))
