"""HTTP of the scripts for a store's pages: `/kith.js` and `/kith-….js` for every shop, `/kith.{digest}.js` and
`/kith-….{digest}.js` for one that pins a version.
"""

from typing import Final

from fastapi import APIRouter, Request, Response

from services.kernel.errors import NotFound
from services.links.embed.actions import PINNED, SCRIPTS
from services.links.embed.domain.script import Script

router = APIRouter(tags=["embed"])

SCRIPT: Final = SCRIPTS["kith"]
SHARE_SCRIPT: Final = SCRIPTS["kith-share"]
_FRESH_S: Final = 3600
"""How long a shop's visitors may use a script without asking whether there is a newer one."""


@router.get("/kith.js", response_class=Response)
async def get_script(request: Request) -> Response:
    """The script for a store's pages."""
    return _newest(request, "kith")


@router.get("/kith.{digest}.js", response_class=Response)
async def get_pinned_script(digest: str, request: Request) -> Response:
    """The same under an address that never changes its content, today's version or an earlier one."""
    return _pinned(request, "kith", digest)


@router.get("/kith-{name}.{digest}.js", response_class=Response)
async def get_pinned_helper(name: str, digest: str, request: Request) -> Response:
    """One of the other scripts, under an address that never changes its content."""
    return _pinned(request, f"kith-{name}", digest)


@router.get("/kith-{name}.js", response_class=Response)
async def get_helper(name: str, request: Request) -> Response:
    """One of the other scripts: `share` makes <kith-share> an element; `consent`, `forms`, `shopify` help `kith.js`."""
    return _newest(request, f"kith-{name}")


def _newest(request: Request, name: str) -> Response:
    sent = SCRIPTS.get(name)
    if sent is None:
        raise NotFound(f"There is no such script; there are {', '.join(f'/{one}.js' for one in SCRIPTS)}.")
    answer = _answer(request, sent, f"public, max-age={_FRESH_S}, stale-while-revalidate=86400")
    answer.headers["content-location"] = sent.path
    return answer


def _pinned(request: Request, name: str, digest: str) -> Response:
    sent = PINNED.get((name, digest))
    if sent is None:
        raise NotFound(f"There never was such a version of {name}.js; use /{name}.js.")
    return _answer(request, sent, "public, max-age=31536000, immutable")


def _answer(request: Request, sent: Script, caching: str) -> Response:
    """Any page may load it and check its `integrity`, for which a browser asks with CORS; there is no secret in it."""
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
        body = sent.gzipped
        headers["content-encoding"] = "gzip"
    return Response(body, media_type="text/javascript", headers=headers)
