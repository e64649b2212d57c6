"""HTTP of codes. How often a code was used is attribution's to know."""

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from services.common.codes import fold
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, require
from services.kernel.http.pages import Cursor, Limit, Page, page_or_csv
from services.links.codes import actions, sql
from services.links.codes.schemas import CodeIn, CodeOut, CodePatch
from services.links.codes.sql import Code
from services.links.people.actions import Labels

router = APIRouter(tags=["codes"])

_COLUMNS = (
    *("id", "code", "program_id", "ambassador_id", "ambassador_name", "max_uses", "expires_at", "retired"),
    "created_at",
)


@router.post("/v1/codes", status_code=201, response_model=CodeOut)
async def post_code(body: CodeIn, call: Annotated[Call, require("codes:write")]) -> Response:
    """Makes a promo code."""
    return await call.once(
        lambda tx: actions.create(
            tx,
            call.store_id,
            program_id=body.program_id,
            ambassador_id=body.ambassador_id,
            code=body.code,
            max_uses=body.max_uses,
            expires_at=body.expires_at + tx.offset if body.expires_at else None,
            split=body.split,
        ),
        answer=CodeOut.of,
    )


@router.get("/v1/codes", response_model=Page[CodeOut])
async def get_codes(
    call: Annotated[Call, require("codes:read")],
    code: Annotated[str | None, Query(max_length=200, description="One code, in any spelling.")] = None,
    ambassador_id: Annotated[str | None, Query(max_length=64)] = None,
    program_id: Annotated[str | None, Query(max_length=64)] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    format: Literal["json", "csv"] = "json",
) -> Page[CodeOut] | Response:
    """Lists codes, youngest first, retired ones too."""
    start = cursors.decode(cursor, str)
    labels = Labels(call.caller)

    async def fetch(after: tuple[str] | None, count: int) -> Sequence[Code]:
        async with call.transaction() as tx:
            if code is not None:
                found = await sql.by_code(tx, call.store_id, fold(code) or "")
                rows: Sequence[Code] = [found] if found else []
            else:
                rows = await sql.page(
                    tx,
                    call.store_id,
                    before=after[0] if after else None,
                    ambassador_id=ambassador_id,
                    program_id=program_id,
                    limit=count,
                )
            if format == "csv":
                await labels.learn(tx, call.store_id, (row.ambassador_id for row in rows))
            return rows

    return await page_or_csv(
        fetch,
        format=format,
        start=start,
        limit=limit,
        after=lambda row: (row.code_id,),
        show=CodeOut.of,
        columns=_COLUMNS,
        filename="codes",
        cells=lambda code: {**code.model_dump(), **labels.of(code.ambassador_id)},
    )


@router.get("/v1/codes/{code_id}")
async def get_code(code_id: str, call: Annotated[Call, require("codes:read")]) -> CodeOut:
    """One code by its id."""
    async with call.transaction() as tx:
        return CodeOut.of(await actions.get(tx, call.store_id, code_id))


@router.patch("/v1/codes/{code_id}")
async def patch_code(code_id: str, body: CodePatch, call: Annotated[Call, require("codes:write")]) -> CodeOut:
    """Changes a code's limits, or retires it."""
    async with call.transaction() as tx:
        changes: dict[str, object] = {name: getattr(body, name) for name in body.model_fields_set}
        if body.expires_at is not None:
            changes["expires_at"] = body.expires_at + tx.offset
        return CodeOut.of(await actions.change(tx, call.store_id, code_id, changes))
