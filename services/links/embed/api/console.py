"""The console's page of the identify secret: what it is for, how a shop uses it, and how it is rotated."""

from typing import Annotated, Final

from fastapi import APIRouter, Request, Response

from services.common.identify import secret
from services.kernel.http.call import Call, viewer
from services.links.embed.domain.script import proof_examples
from services.links.keys import actions as keys
from services.links.stores import actions as stores
from services.links.stores.api import reader_of
from services.links.stores.words import IDENTIFY, settings_bar

router = APIRouter(include_in_schema=False)

HOME: Final = IDENTIFY
_PRIVATE: Final = {"cache-control": "no-store"}


@router.get(HOME)
async def get_page(request: Request, call: Annotated[Call, viewer("keys:write")], lang: str = "") -> Response:
    """The store's identify secret, with examples."""
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        generation = await keys.shown_identify_secret(tx, call.store_id)
        reader = reader_of(request, own, tx.now)
    page = reader.page(
        "embed/identify.html",
        title=reader.speech.say("Customer proof"),
        secret=secret(call.ctx.ring, call.store_id, generation),
        rotated=generation > 0,
        examples=proof_examples(),
        **settings_bar(reader.speech, HOME),
    )
    page.headers.update(_PRIVATE)
    return page


@router.post(HOME + "/rotate")
async def post_rotate(call: Annotated[Call, viewer("keys:write")]) -> Response:
    """Makes the next secret."""
    async with call.transaction() as tx:
        await keys.rotate_identify_secret(tx, call.store_id)
    await call.ctx.live.refresh()
    return Response(status_code=303, headers={"location": HOME})
