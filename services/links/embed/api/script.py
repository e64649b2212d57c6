"""HTTP of kith.js and kith-share.js: `/kith.js` for every shop, `/kith.{digest}.js` for one that wants to pin a
version; `/kith-share.js` likewise.
"""

from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response

from services.kernel.errors import NotFound
from services.links.embed.domain import Script, script

router = APIRouter(tags=["embed"])

_ASSETS: Final = Path(__file__).parent.parent / "assets"
SCRIPT: Final[Script] = script((_ASSETS / "kith.js").read_bytes())
SHARE_SCRIPT: Final[Script] = script((_ASSETS / "kith-share.js").read_bytes())
_FRESH_S: Final = 3600
"""How long a shop's visitors may use a script without asking whether there is a newer one."""


@router.get("/kith.js", response_class=Response)
async def get_script(request: Request) -> Response:
    """The script for a store's pages."""
    return _answer(request, SCRIPT, f"public, max-age={_FRESH_S}, stale-while-revalidate=86400")


@router.get("/kith.{digest}.js", response_class=Response)
async def get_pinned_script(digest: str, request: Request) -> Response:
    """The same under an address that never changes its content. An older one is no longer served."""
    return _pinned(request, SCRIPT, digest, name="kith")


@router.get("/kith-share.js", response_class=Response)
async def get_share_script(request: Request) -> Response:
    """The script that makes <kith-share> an element: the offer to share, and the sheet to share by."""
    return _answer(request, SHARE_SCRIPT, f"public, max-age={_FRESH_S}, stale-while-revalidate=86400")


@router.get("/kith-share.{digest}.js", response_class=Response)
async def get_pinned_share_script(digest: str, request: Request) -> Response:
    """The same under an address that never changes its content. An older one is no longer served."""
    return _pinned(request, SHARE_SCRIPT, digest, name="kith-share")


def _pinned(request: Request, sent: Script, digest: str, *, name: str) -> Response:
    if digest != sent.digest:
        raise NotFound(f"This version of {name}.js is no longer served; use /{name}.js.")
    return _answer(request, sent, "public, max-age=31536000, immutable")


def _answer(request: Request, sent: Script, caching: str) -> Response:
    headers = {
        "cache-control": caching,
        "etag": f'"{sent.digest}"',
        "vary": "Accept-Encoding",
        "access-control-allow-origin": "*",
        "cross-origin-resource-policy": "cross-origin",
        "x-content-type-options": "nosniff",
    }
    if f'"{sent.digest}"' in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    body = sent.body
    if "gzip" in request.headers.get("accept-encoding", ""):
        body = sent.packed
        headers["content-encoding"] = "gzip"
    return Response(body, media_type="text/javascript", headers=headers)
