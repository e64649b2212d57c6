"""The API of preview pictures."""

import asyncio
from base64 import b64decode
from typing import Annotated

from fastapi import APIRouter, Path

from services.kernel.http.body import takes_up_to
from services.kernel.http.call import Call, require
from services.kernel.http.pages import Page
from services.links.previews import actions
from services.links.previews.schemas import PreviewPictureIn, PreviewPictureOut

router = APIRouter(tags=["programs"])

_Language = Annotated[str, Path(max_length=8, description="en, ru, uk or ro.")]


@router.get("/v1/programs/{program_id}/preview-pictures")
async def get_preview_pictures(
    program_id: str, call: Annotated[Call, require("programs:read")]
) -> Page[PreviewPictureOut]:
    """Lists the program's own pictures, by language. In the others messengers show the one that Kith draws."""
    async with call.transaction() as tx:
        found = await actions.listed(tx, call.store_id, program_id)
    return Page(data=[PreviewPictureOut.of(one) for one in found], next_cursor=None)


@router.put("/v1/programs/{program_id}/preview-pictures/{language}")
@takes_up_to(actions.MOST_BODY)
async def put_preview_picture(
    program_id: str, language: _Language, body: PreviewPictureIn, call: Annotated[Call, require("programs:write")]
) -> PreviewPictureOut:
    """Has messengers show this picture of the program's share links to readers of a language. It is made anew, as a
    JPEG of 1200 × 630. Previews that a messenger keeps already change when it asks again.
    """
    picture = await asyncio.to_thread(actions.drawn, b64decode(body.picture))
    async with call.transaction() as tx:
        return PreviewPictureOut.of(await actions.put(tx, call.store_id, program_id, language, picture))


@router.delete("/v1/programs/{program_id}/preview-pictures/{language}", status_code=204)
async def delete_preview_picture(
    program_id: str, language: _Language, call: Annotated[Call, require("programs:write")]
) -> None:
    """Goes back to the picture that Kith draws."""
    async with call.transaction() as tx:
        await actions.drop(tx, call.store_id, program_id, language)
