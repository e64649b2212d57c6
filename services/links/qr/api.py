"""HTTP of QR codes. The code of a link never changes with the link's destination: it holds the share link."""

import asyncio
from typing import Annotated, Literal

from cachetools import LRUCache
from fastapi import APIRouter, Query, Request, Response

from services.kernel.errors import Invalid, NotFound
from services.kernel.http.call import Call, viewer
from services.links.hosts.hot import share_base
from services.links.links import actions
from services.links.links.schemas import share_url
from services.links.looks import sql as looks
from services.links.qr import domain
from services.links.qr.domain import BadStyle, Correction, Style

router = APIRouter(tags=["qr"])

_drawn: LRUCache[str, bytes] = LRUCache(maxsize=16 * 1024 * 1024, getsizeof=len)
"""By content hash, so an entry can be forgotten but never be wrong. In bytes."""


@router.get(
    "/v1/links/{link_id}/qr.{kind}",
    response_class=Response,
    responses={304: {"description": "As it was when `If-None-Match` was given."}},
)
async def get_qr(
    link_id: str,
    kind: str,
    call: Annotated[Call, viewer("links:read")],
    size: Annotated[int, Query(ge=domain.MIN_SIZE, le=domain.MAX_SIZE, description="Edge, pixels.")] = 512,
    ecc: Annotated[Correction, Query(description="Error correction.")] = "M",
    fg: Annotated[str, Query(max_length=7, description="Colour of the modules.")] = "000000",
    bg: Annotated[str, Query(max_length=7, description="Colour of the ground.")] = "ffffff",
    logo: Annotated[
        Literal["store"] | None,
        Query(description="`store`: the store's logo in the middle. The error correction is then H."),
    ] = None,
) -> Response:
    """The QR code of a link as SVG, PNG or PDF. Whoever comes by it is counted under the channel `qr`.

    What no reader could read is refused: light modules on dark ground, a contrast below 3, a logo in a code below 128.
    """
    if kind not in domain.MEDIA_TYPES:
        raise NotFound("A QR code is offered as svg, png or pdf.")
    async with call.transaction() as tx:
        link = await actions.get(tx, call.store_id, link_id)
        _, mark = await looks.get(tx, call.store_id) if logo else (None, None)
    if logo and mark is None:
        raise Invalid.field("logo", "The store has no logo yet: give it one by PATCH /v1/stores/look.")
    url = f"{share_url(share_base(call.ctx, call.store_id), link.slug)}?ch=qr"
    return await picture(url, kind, call.request, name=link.slug, size=size, ecc=ecc, fg=fg, bg=bg, logo=mark or b"")


async def picture(
    text: str,
    kind: str,
    request: Request,
    *,
    name: str,
    size: int,
    ecc: Correction,
    fg: str,
    bg: str,
    logo: bytes = b"",
) -> Response:
    """A code as an answer that browsers may keep, as long as they ask again whether it is the same. A saved file is
    named after its link, `name`, which is a slug.
    """
    known: domain.Kind = "svg" if kind == "svg" else "png" if kind == "png" else "pdf"
    try:
        style = Style.of(size=size, correction=ecc, foreground=fg, background=bg, logo=logo)
    except BadStyle as error:
        raise Invalid.field(error.parameter, str(error)) from None
    tag = domain.tag(text, known, style)
    headers = {
        "etag": f'"{tag}"',
        "cache-control": "private, no-cache",
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
        "x-content-type-options": "nosniff",
        "content-disposition": f'inline; filename="qr-{name}.{known}"',
        "vary": "Authorization, Cookie",
    }
    if f'"{tag}"' in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    body = _drawn.get(tag)
    if body is None:
        body = _drawn[tag] = await asyncio.to_thread(domain.draw, text, known, style)
    return Response(body, media_type=domain.MEDIA_TYPES[known], headers=headers)
