"""HTTP of looks for programs."""

import asyncio
from base64 import b64decode
from typing import Annotated

from fastapi import APIRouter

from services.kernel.http.call import Call, require
from services.links.looks import actions
from services.links.looks.schemas import LookOut, LookPatch

router = APIRouter(tags=["stores"])


@router.get("/v1/stores/look")
async def get_look(call: Annotated[Call, require("programs:read")]) -> LookOut:
    """The store's colour and logo, as friends see them."""
    async with call.transaction() as tx:
        return LookOut.of(await actions.get(tx, call.store_id))


@router.patch("/v1/stores/look")
async def patch_look(body: LookPatch, call: Annotated[Call, require("programs:write")]) -> LookOut:
    """Changes colour or logo. Pages and pictures of share links follow within two seconds."""
    changes: dict[str, str | bytes | None] = {name: getattr(body, name) for name in body.model_fields_set}
    if body.logo is not None:
        changes["logo"] = await asyncio.to_thread(actions.drawn_small, b64decode(body.logo))
    async with call.transaction() as tx:
        return LookOut.of(await actions.change(tx, call.store_id, changes))
