"""The console's page of a program's preview pictures: what messengers show in each language, and a form for it."""

import asyncio
from base64 import b64encode
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response
from starlette.datastructures import UploadFile

from services.kernel.errors import Invalid, NotFound
from services.kernel.http.body import takes_up_to
from services.kernel.http.call import Call, viewer
from services.links.previews import actions, sql
from services.links.programs import actions as programs
from services.links.programs.api.console import HOME
from services.links.stores import actions as stores
from services.links.stores.api import reader_of
from services.ui import LANGUAGES

router = APIRouter(include_in_schema=False)

PAGE: Final = HOME + "/{program_id}/pictures"
_Language = Annotated[str, Path(max_length=8)]


@router.get(PAGE)
async def get_page(
    program_id: str, request: Request, call: Annotated[Call, viewer("programs:read")], lang: str = ""
) -> Response:
    """Which languages have a picture of the store's own."""
    return await _page(request, call, program_id)


@router.post(PAGE + "/{language}")
@takes_up_to(actions.MOST_BODY)
async def post_picture(
    program_id: str, language: _Language, request: Request, call: Annotated[Call, viewer("programs:write")]
) -> Response:
    """Takes the picture that the form gives, or takes it away."""
    if language not in LANGUAGES:
        raise NotFound("There is no such language here.")
    picture = None
    async with request.form() as form:
        upload, drop = form.get("picture"), bool(form.get("drop"))
        try:
            if isinstance(upload, UploadFile) and upload.size:
                picture = await asyncio.to_thread(actions.drawn, await upload.read())
        except Invalid:
            return await _page(request, call, program_id, wrong=language, status=422)
    if picture is None and not drop:
        return await _page(request, call, program_id, wrong=language, status=422)
    async with call.transaction() as tx:
        if picture is not None:
            await actions.put(tx, call.store_id, program_id, language, picture)
        else:
            await actions.drop(tx, call.store_id, program_id, language)
    return Response(status_code=303, headers={"location": PAGE.format(program_id=program_id)})


async def _page(request: Request, call: Call, program_id: str, *, wrong: str = "", status: int = 200) -> Response:
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        newest = await programs.get(tx, call.store_id, program_id)
        found = {one.language: one for one in await sql.listed(tx, call.store_id, program_id)}
        shown = {
            code: b64encode(await sql.picture(tx, call.store_id, program_id, code) or b"").decode() for code in found
        }
        reader = reader_of(request, own, tx.now)
    speech = reader.speech
    return reader.page(
        "previews/edit.html",
        status=status,
        title=speech.say("Preview pictures"),
        version=newest,
        back=f"{HOME}/{program_id}",
        action=PAGE.format(program_id=program_id),
        names=LANGUAGES,
        pictures={code: f"data:image/jpeg;base64,{shown[code]}" if code in shown else "" for code in LANGUAGES},
        wrong=wrong,
        error=speech.say("Choose a PNG, JPEG, WebP or GIF of at most 1 MB, at least 600 × 315 pixels."),
        may_change="programs:write" in call.caller.scopes,
    )
