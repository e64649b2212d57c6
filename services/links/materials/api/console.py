"""The console's pages of materials: a list with what each brought, and one form to add or change one."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from starlette.datastructures import UploadFile

from services.kernel.db import Tx
from services.kernel.errors import Conflict, Invalid
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, viewer
from services.kernel.http.pages import Cursor, page_of
from services.links.materials import actions, sql
from services.links.materials.actions import Picture
from services.links.materials.api.portal import kinds
from services.links.materials.domain import BadText, Kind, checked
from services.links.materials.sql import Material
from services.links.programs import sql as programs
from services.links.stores import actions as stores
from services.links.stores.api import reader_of
from services.ui import LANGUAGES, Choice, Column, FieldError, Name, Pagination, Reader, Row, Speech, Table

router = APIRouter(include_in_schema=False)

HOME: Final = "/console/links/materials"
_PAGE = 50
_KINDS: Final[tuple[Kind, ...]] = ("banner", "text", "post")
_FIELDS: Final = ("program_id", "kind", "language", "title", "text")


@router.get(HOME)
async def get_materials_list(
    request: Request, call: Annotated[Call, viewer("programs:read")], cursor: Cursor = None, lang: str = ""
) -> Response:
    """All materials, youngest first, with views and clicks."""
    start = cursors.decode(cursor, str)
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        found = await sql.page(tx, call.store_id, before=start[0] if start else None, limit=_PAGE + 1)
        named = {one.program_id: one.name for one in await programs.names(tx, call.store_id)}
        reader = reader_of(request, own, tx.now)
    speech, fmt = reader.speech, reader.fmt
    page = page_of(found, _PAGE, show=lambda one: one, after=lambda one: (one.material_id,))
    table = Table(
        name=speech.say("Materials"),
        listing=True,
        columns=[
            Column("title", speech.label("head", "Material")),
            Column("kind", speech.label("head", "Kind")),
            Column("program", speech.label("head", "Program"), minor=True),
            Column("views", speech.label("head", "Views"), figure=True),
            Column("clicks", speech.label("head", "Clicks"), figure=True),
        ],
        rows=[_row(one, named.get(one.program_id, ""), reader) for one in page.data],
    )
    count = len(page.data)
    paging = Pagination(
        speech.count("%(n)s material on this page", "%(n)s materials on this page", count, n=fmt.number(count)),
        previous=HOME if cursor else "",
        next=f"{HOME}?cursor={page.next_cursor}" if page.next_cursor else "",
    )
    return reader.page(
        "materials/list.html",
        title=speech.say("Materials"),
        table=table,
        paging=paging,
        may_change="programs:write" in call.caller.scopes,
    )


@router.get(f"{HOME}/new")
async def get_new_material(
    request: Request,
    call: Annotated[Call, viewer("programs:write")],
    kind: Annotated[Kind, Query()] = "banner",
    lang: str = "",
) -> Response:
    """The form of a material to add."""
    return await _form(request, call, None, {"kind": kind}, {})


@router.post(HOME)
async def post_new_material(request: Request, call: Annotated[Call, viewer("programs:write")]) -> Response:
    """Adds one from the form."""
    return await _save(request, call, None)


@router.get(HOME + "/{material_id}")
async def get_one_material(
    material_id: str, request: Request, call: Annotated[Call, viewer("programs:write")], lang: str = ""
) -> Response:
    """The form of a material to change."""
    async with call.transaction() as tx:
        found = await actions.get(tx, call.store_id, material_id)
    form = {"title": found.title, "text": found.body, "language": found.language or "", "kind": found.kind}
    return await _form(request, call, found, form, {})


@router.post(HOME + "/{material_id}")
async def post_one_material(
    material_id: str, request: Request, call: Annotated[Call, viewer("programs:write")]
) -> Response:
    """Changes it as the form says."""
    async with call.transaction() as tx:
        found = await actions.get(tx, call.store_id, material_id)
    return await _save(request, call, found)


@router.post(HOME + "/{material_id}/delete")
async def post_delete_material(material_id: str, call: Annotated[Call, viewer("programs:write")]) -> Response:
    """Deletes it."""
    async with call.transaction() as tx:
        await actions.delete(tx, call.store_id, material_id)
    return Response(status_code=303, headers={"location": HOME})


async def _save(request: Request, call: Call, before: Material | None) -> Response:
    wrong: dict[str, str] = {}
    picture: Picture | None = None
    async with request.form() as sent:
        form = {name: str(sent.get(name, ""))[:5_000] for name in _FIELDS}
        upload = sent.get("picture")
        if isinstance(upload, UploadFile) and upload.size:
            try:
                picture = await asyncio.to_thread(actions.drawn, await upload.read())
            except Invalid:
                wrong["picture"] = "picture"
    if before is not None:  # what this form does not ask stays
        now = {"title": before.title, "text": before.body, "language": before.language or ""}
        form |= {name: value for name, value in now.items() if name not in sent}
    kind: Kind = before.kind if before else next((k for k in _KINDS if k == form["kind"]), "banner")
    title, text = form["title"].strip(), form["text"].replace("\r\n", "\n").strip()
    try:
        checked(text)
    except BadText:
        wrong["text"] = "braces"
    if not 0 < len(title) <= 200:
        wrong["title"] = "title"
    if len(text) > 4_000 or (kind != "banner" and not text):
        wrong["text"] = "text"
    if kind == "banner" and before is None and picture is None:
        wrong["picture"] = "picture"
    language = form["language"] if form["language"] in LANGUAGES else None
    if not wrong:
        try:
            async with call.transaction() as tx:
                await _write(
                    tx, call.store_id, before, form["program_id"], kind, language, title=title, text=text, new=picture
                )
        except Conflict:
            wrong["title"] = "most"
    if wrong:
        return await _form(request, call, before, {**form, "kind": kind}, wrong, status=422)
    return Response(status_code=303, headers={"location": HOME})


async def _write(
    tx: Tx,
    store_id: str,
    before: Material | None,
    program_id: str,
    kind: Kind,
    language: str | None,
    *,
    title: str,
    text: str,
    new: Picture | None,
) -> None:
    if before is not None:
        changes = {"language": language, "title": title, "body": text}
        await actions.change(tx, store_id, before.material_id, changes, new)
        return
    await actions.create(
        tx, store_id, program_id=program_id, kind=kind, language=language, title=title, text=text, picture=new
    )


async def _form(
    request: Request,
    call: Call,
    material: Material | None,
    form: Mapping[str, str],
    wrong: Mapping[str, str],
    *,
    status: int = 200,
) -> Response:
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        named = [one for one in await programs.names(tx, call.store_id) if one.status != "archived"]
        reader = reader_of(request, own, tx.now)
    speech = reader.speech
    labels = {
        "program_id": speech.say("Program"),
        "language": speech.say("Language of the readers"),
        "title": speech.say("Title"),
        "text": speech.say("Text"),
        "picture": speech.say("Picture"),
    }
    errors = _errors(speech)
    kind = form.get("kind", "banner")
    return reader.page(
        "materials/form.html",
        status=status,
        title=material.title if material else speech.say("New material"),
        material=material,
        kind=kind,
        kinds=[Choice(name, href=f"{HOME}/new?kind={one}", current=one == kind) for one, name in kinds(speech).items()],
        form={**dict.fromkeys(_FIELDS, ""), **form},
        labels=labels,
        wrong={field: errors[reason] for field, reason in wrong.items()},
        summary=[FieldError(field, labels[field], errors[reason]) for field, reason in wrong.items()],
        programs=[
            Choice(one.name, value=one.program_id, current=one.program_id == form.get("program_id")) for one in named
        ],
        languages=[
            Choice(speech.say("Every language"), value="", current=not form.get("language")),
            *(Choice(name, value=code, current=code == form.get("language")) for code, name in LANGUAGES.items()),
        ],
        picture=f"/m/{material.material_id}/preview/picture.webp" if material and material.width else "",
    )


def _errors(speech: Speech) -> dict[str, str]:
    return {
        "picture": speech.say("Choose a PNG, JPEG, WebP or GIF of at most 180 kB."),
        "title": speech.say("Write a title of at most 200 signs."),
        "text": speech.say("Write what is to be shared, at most 4,000 signs."),
        "braces": speech.say("Only {link} and {code} are filled in; write no other braces."),
        "most": speech.say("This program has as many materials as one may have: delete some."),
    }


def _row(one: Material, program: str, reader: Reader) -> Row:
    speech, fmt = reader.speech, reader.fmt
    kind = kinds(speech)[one.kind]
    language = LANGUAGES.get(one.language or "", speech.say("Every language"))
    views = fmt.number(one.views) if one.width else None
    clicks = speech.count("%(n)s click", "%(n)s clicks", one.clicks, n=fmt.number(one.clicks))
    return Row(
        {
            "title": Name(one.title, href=f"{HOME}/{one.material_id}", below=language),
            "kind": kind,
            "program": program,
            "views": views,
            "clicks": fmt.number(one.clicks),
        },
        key_figure=clicks,
        facts=[kind],
    )
