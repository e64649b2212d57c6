"""HTTP of kith.js: `/kith.js` for every shop, `/kith.{digest}.js` for one that wants to pin a version."""

from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response

from services.kernel.errors import NotFound
from services.links.embed.domain import Script, script

router = APIRouter(tags=["embed"])

SCRIPT: Final[Script] = script((Path(__file__).parent.parent / "assets" / "kith.js").read_bytes())
_FRESH_S: Final = 3600
"""How long a shop's visitors may use a script without asking whether there is a newer one."""


@router.get("/kith.js", response_class=Response)
async def get_script(request: Request) -> Response:
    """The script for a store's pages."""
    return _answer(request, f"public, max-age={_FRESH_S}, stale-while-revalidate=86400")


@router.get("/kith.{digest}.js", response_class=Response)
async def get_pinned_script(digest: str, request: Request) -> Response:
    """The same under an address that never changes its content. An older one is no longer served."""
    if digest != SCRIPT.digest:
        raise NotFound("This version of kith.js is no longer served; use /kith.js.")
    return _answer(request, "public, max-age=31536000, immutable")


def _answer(request: Request, caching: str) -> Response:
    headers = {
        "cache-control": caching,
        "etag": f'"{SCRIPT.digest}"',
        "vary": "Accept-Encoding",
        "access-control-allow-origin": "*",
        "cross-origin-resource-policy": "cross-origin",
        "x-content-type-options": "nosniff",
    }
    if f'"{SCRIPT.digest}"' in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    body = SCRIPT.body
    if "gzip" in request.headers.get("accept-encoding", ""):
        body = SCRIPT.packed
        headers["content-encoding"] = "gzip"
    return Response(body, media_type="text/javascript", headers=headers)
