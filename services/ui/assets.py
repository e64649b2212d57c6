"""What browsers load: names to content-hashed addresses, the route that serves them, and the headers of a page.

An address carries the hash of its content, so it may be kept for ever. An address with an older hash (a page from
before an update) is answered with today's content and not kept.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

import services

STATIC = Path(__file__).parent / "static"

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".woff2": "font/woff2",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
}
_TEXT = {".css", ".js", ".svg"}
_COMMENT_LINE = re.compile(rb"^[ \t]*//.*\n", re.MULTILINE)
_AS_THEY_ARE = ("kith", "htmx")
"""Scripts that pages of others name with the hash of their content, and what is small already."""
_REFERENCE = re.compile(rb"url\(([\w./-]+)\)")

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""No inline script, no inline style, nothing from elsewhere."""


def page_headers(*, policy: str = CONTENT_SECURITY_POLICY) -> dict[str, str]:
    """Headers of every HTML answer: it depends on the reader and is never kept by anything in between."""
    return {
        "content-security-policy": policy,
        "cache-control": "private, no-cache",
        "vary": "Accept-Language, Cookie",
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
    }


@dataclass(frozen=True)
class Asset:
    """One file as it is served. `packed` is its gzip form, for text only."""

    name: str
    digest: str
    content_type: str
    body: bytes
    packed: bytes | None

    @property
    def url(self) -> str:
        return f"/assets/{self.digest}/{self.name}"


class Assets:
    """All files of the kit's `static` folder and of `folders`, read once. Names are file names and must differ."""

    def __init__(self, folders: Iterable[Path] = ()) -> None:
        paths: dict[str, Path] = {}
        for folder in (STATIC, *folders):
            for path in sorted(folder.rglob("*")):
                if path.suffix in _TYPES:
                    if path.name in paths:
                        raise ValueError(f"two assets are called {path.name}: {paths[path.name]} and {path}")
                    paths[path.name] = path
        self._assets: dict[str, Asset] = {}
        # Stylesheets name other assets, so these come first and their hash enters the sheet's own.
        for name, path in sorted(paths.items(), key=lambda item: item[1].suffix == ".css"):
            self._assets[name] = _load(path, self._assets)

    def url(self, name: str) -> str:
        """The address of an asset. Raises `KeyError` with the name, so that a misspelt one fails in a test."""
        return self._assets[name].url

    def get(self, name: str) -> Asset | None:
        return self._assets.get(name)

    def names(self) -> list[str]:
        return sorted(self._assets)

    def routes(self) -> list[Route]:
        """The one route, to be mounted by every process that renders pages."""
        return [Route("/assets/{digest}/{name}", self._serve, methods=["GET", "HEAD"], include_in_schema=False)]

    async def _serve(self, request: Request) -> Response:
        asset = self._assets.get(request.path_params["name"])
        if asset is None:
            return PlainTextResponse("No such file.", status_code=404)
        current = request.path_params["digest"] == asset.digest
        headers = {
            "cache-control": "public, max-age=31536000, immutable" if current else "no-cache",
            "etag": f'"{asset.digest}"',
            "x-content-type-options": "nosniff",
            "access-control-allow-origin": "*",
            "vary": "Accept-Encoding",
        }
        if f'"{asset.digest}"' in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        body = asset.body
        if asset.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            body = asset.packed
            headers["content-encoding"] = "gzip"
        return Response(body, media_type=asset.content_type, headers=headers)


@cache
def all_assets() -> Assets:
    """The kit's files and those in every feature's `assets` folder, read once per process."""
    packages = Path(next(iter(services.__path__)))
    return Assets(folder for folder in sorted(packages.glob("*/*/assets")) if folder.is_dir())


def _load(path: Path, known: Mapping[str, Asset]) -> Asset:
    body = path.read_bytes()
    if path.suffix == ".css":
        body = _minify_css(
            _REFERENCE.sub(lambda match: b"url(" + _address(match.group(1), known).encode() + b")", body)
        )
    elif path.suffix == ".js" and not path.name.startswith(_AS_THEY_ARE):
        body = _COMMENT_LINE.sub(b"", body)
    digest = hashlib.sha256(body).hexdigest()[:12]
    packed = gzip.compress(body, 9, mtime=0) if path.suffix in _TEXT else None
    return Asset(path.name, digest, _TYPES[path.suffix], body, packed)


def _address(reference: bytes, known: Mapping[str, Asset]) -> str:
    return known[Path(reference.decode()).name].url


def _minify_css(source: bytes) -> bytes:
    """Comments and indentation out; the sheet in the repository stays readable."""
    without_comments = re.sub(rb"/\*.*?\*/", b"", source, flags=re.DOTALL)
    return re.sub(rb"\s*\n\s*", b"\n", without_comments).strip() + b"\n"
