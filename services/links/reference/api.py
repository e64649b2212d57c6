"""`/docs`: the whole API by subjects; `/docs/{group}`: the operations about one. For everybody to read."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import orjson
from fastapi import APIRouter, Request, Response

import contracts
from services.kernel.context import Context
from services.kernel.errors import NotFound
from services.kernel.http.call import CONTEXT
from services.kernel.http.openapi import merge
from services.links.pages import PAGES
from services.links.reference.domain import Group, groups
from services.ui import Speech

router = APIRouter(include_in_schema=False)

_DOCUMENTS: Final = Path(contracts.__file__).parent / "openapi"
_PATH: Final = "/docs"


@cache
def _groups() -> Mapping[str, Group]:
    """Of all services, wherever they run: the documents are written from the code, and checked against it."""
    return groups(merge([orjson.loads(path.read_bytes()) for path in sorted(_DOCUMENTS.glob("*.json"))]))


@router.get(_PATH)
async def get_overview(request: Request, lang: str = "") -> Response:
    """Every operation on one page, in a line each."""
    ctx: Context = request.scope[CONTEXT]
    return PAGES.render(
        request,
        "reference/overview.html",
        language="en",
        title="API",
        store="",
        base=ctx.settings.base_url,
        groups=_groups().values(),
    )


@router.get(_PATH + "/{group}")
async def get_group(group: str, request: Request, lang: str = "") -> Response:
    """What each operation about one subject takes and gives."""
    found = _groups().get(group)
    if found is None:
        raise NotFound(f"The API has no such subject; it has {', '.join(_groups())}.")
    speech = PAGES.speech(PAGES.language(request, default="en"))
    return PAGES.render(
        request,
        "reference/group.html",
        language="en",
        title=f"API: {found.name}",
        store="",
        group=found,
        here={shape.name for shape in found.shapes},
        key_names=_key_names(speech),
    )


def _key_names(speech: Speech) -> dict[str, str]:
    return {
        "secretKey": speech.say("secret key"),
        "publishableKey": speech.say("publishable key"),
        "operatorKey": speech.say("operator's key"),
        "consoleSession": speech.say("console session"),
    }
