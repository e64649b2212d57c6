"""The console's page of the store's look."""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Request, Response
from starlette.datastructures import UploadFile

from services.kernel.errors import Invalid
from services.kernel.http.call import Call, viewer
from services.links.looks import actions
from services.links.looks.domain import folded_color
from services.links.stores import actions as stores
from services.links.stores.api import reader_of
from services.links.stores.words import LOOK, settings_bar

router = APIRouter(include_in_schema=False)

HOME: Final = LOOK


@router.get(HOME)
async def get_page(request: Request, call: Annotated[Call, viewer("programs:read")], lang: str = "") -> Response:
    """Colour and logo, with what they look like."""
    return await _page(request, call)


@router.post(HOME)
async def post_page(request: Request, call: Annotated[Call, viewer("programs:write")]) -> Response:
    """Takes what the form gives: a colour, and a new logo or none."""
    changes: dict[str, str | bytes | None] = {}
    wrong: dict[str, str] = {}
    async with request.form() as form:
        color, upload = str(form.get("color", "")), form.get("logo")
        if color and (found := folded_color(color)) is None:
            wrong["color"] = "color"
        elif color:
            changes["color"] = found
        if form.get("no_logo"):
            changes["logo"] = None
        elif isinstance(upload, UploadFile) and upload.size:
            try:
                changes["logo"] = await asyncio.to_thread(actions.drawn_small, await upload.read())
            except Invalid:
                wrong["logo"] = "logo"
    if wrong:
        return await _page(request, call, color=color, wrong=wrong, status=422)
    async with call.transaction() as tx:
        await actions.change(tx, call.store_id, changes)
    return Response(status_code=303, headers={"location": HOME})


async def _page(
    request: Request, call: Call, *, color: str = "", wrong: dict[str, str] | None = None, status: int = 200
) -> Response:
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        look = await actions.get(tx, call.store_id)
        reader = reader_of(request, own, tx.now)
    speech = reader.speech
    texts = {
        "color": speech.say("Write a colour by six hexadecimal digits, as in #7A3B1E."),
        "logo": speech.say("Choose a PNG, JPEG, WebP or GIF of at most 180 kB."),
    }
    return reader.page(
        "looks/edit.html",
        status=status,
        title=speech.say("Look"),
        look=look,
        color=color or look.color,
        wrong={field: texts[field] for field in wrong or {}},
        may_change="programs:write" in call.caller.scopes,
        **settings_bar(speech, HOME),
    )
