"""HTTP of materials for programs."""

import asyncio
from base64 import b64decode
from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.kernel.errors import Invalid
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, require
from services.kernel.http.pages import Cursor, Limit, Page, page_of
from services.links.materials import actions, sql
from services.links.materials.actions import Picture
from services.links.materials.domain import Kind
from services.links.materials.schemas import Language, MaterialIn, MaterialOut, MaterialPatch

router = APIRouter(tags=["materials"])


@router.post("/v1/materials", status_code=201, response_model=MaterialOut)
async def post_material(body: MaterialIn, call: Annotated[Call, require("programs:write")]) -> Response:
    """Adds a banner, a text or a post to what the program's ambassadors share with."""
    picture = await _drawn(body.picture)
    return await call.once(
        lambda tx: actions.create(
            tx,
            call.store_id,
            program_id=body.program_id,
            kind=body.kind,
            language=body.language,
            title=body.title,
            text=body.text,
            picture=picture,
        ),
        answer=MaterialOut.of,
    )


@router.get("/v1/materials")
async def get_materials(
    call: Annotated[Call, require("programs:read")],
    program_id: Annotated[str | None, Query(max_length=64)] = None,
    kind: Kind | None = None,
    language: Annotated[Language | None, Query(description="Those in it, and those for every language.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[MaterialOut]:
    """Lists materials, youngest first, with their views and clicks."""
    start = cursors.decode(cursor, str)
    async with call.transaction() as tx:
        found = await sql.page(
            tx,
            call.store_id,
            program_id=program_id,
            kind=kind,
            language=language,
            before=start[0] if start else None,
            limit=limit + 1,
        )
    return page_of(found, limit, show=MaterialOut.of, after=lambda row: (row.material_id,))


@router.get("/v1/materials/{material_id}")
async def get_material(material_id: str, call: Annotated[Call, require("programs:read")]) -> MaterialOut:
    """One material with its views and clicks."""
    async with call.transaction() as tx:
        return MaterialOut.of(await actions.get(tx, call.store_id, material_id))


@router.patch("/v1/materials/{material_id}")
async def patch_material(
    material_id: str, body: MaterialPatch, call: Annotated[Call, require("programs:write")]
) -> MaterialOut:
    """Changes a material. Where it was pasted already a new picture shows within a day, a text stays as it was."""
    picture = await _drawn(body.picture)
    given = body.model_fields_set
    for name in ("title", "text"):
        if name in given and getattr(body, name) is None:
            raise Invalid.field(name, "This cannot be empty; leave the field out to keep it.")
    changes: dict[str, str | None] = {name: getattr(body, name) for name in ("language", "title") if name in given}
    if body.text is not None:
        changes["body"] = body.text
    async with call.transaction() as tx:
        return MaterialOut.of(await actions.change(tx, call.store_id, material_id, changes, picture))


@router.delete("/v1/materials/{material_id}", status_code=204)
async def delete_material(material_id: str, call: Annotated[Call, require("programs:write")]) -> Response:
    """Deletes a material: its picture is shown nowhere any more, its links lead on."""
    async with call.transaction() as tx:
        await actions.delete(tx, call.store_id, material_id)
    return Response(status_code=204)


async def _drawn(text: str | None) -> Picture | None:
    return None if text is None else await asyncio.to_thread(actions.drawn, b64decode(text))
