"""Giving a program's share links a picture of the store's own, and going back to the drawn one."""

import hashlib
import io
from collections.abc import Sequence
from typing import Final

from services.kernel.db import Tx
from services.kernel.errors import Invalid, NotFound
from services.links.changes import sql as changes
from services.links.looks.actions import opened
from services.links.previews import sql
from services.links.previews.sql import Own
from services.links.programs import actions as programs
from services.ui import LANGUAGES

WIDTH: Final = 1200
HEIGHT: Final = 630
MOST_BYTES: Final = 1_000_000
"""Of a picture as it is given."""
MOST_BODY: Final = 1_400_000
"""What holds one in base64, or in a form."""
_LEAST: Final = (600, 315)
"""Half of it either way: less would be shown blurred."""
_MOST_KEPT: Final = 300_000
"""Some messengers show no larger one."""


async def listed(tx: Tx, store_id: str, program_id: str) -> Sequence[Own]:
    """A program's own pictures. Raises `NotFound`."""
    await programs.get(tx, store_id, program_id)
    return await sql.listed(tx, store_id, program_id)


async def put(tx: Tx, store_id: str, program_id: str, language: str, picture: bytes) -> Own:
    """Shows this one (as `drawn` made it) to readers of a language from now on. Raises `NotFound`."""
    await programs.get(tx, store_id, program_id)
    if language not in LANGUAGES:
        raise NotFound(f"There is no such language here; there are {', '.join(LANGUAGES)}.")
    digest = hashlib.sha256(picture).hexdigest()[:12]
    await sql.put(tx, store_id, program_id, language, picture, digest)
    await changes.note(tx, "program", program_id)
    tx.note("program.preview_changed", on=program_id, after={"locale": language, "kind": "own"})
    return Own(language=language, digest=digest, size=len(picture), updated_at=tx.now)


async def drop(tx: Tx, store_id: str, program_id: str, language: str) -> None:
    """Goes back to the drawn picture. Raises `NotFound`."""
    await programs.get(tx, store_id, program_id)
    if not await sql.drop(tx, store_id, program_id, language):
        raise NotFound("This program has no picture of its own in this language.")
    await changes.note(tx, "program", program_id)
    tx.note("program.preview_changed", on=program_id, after={"locale": language, "kind": "drawn"})


def drawn(given: bytes) -> bytes:
    """A picture made anew as a JPEG of 1200 × 630: cut to that form around its middle, on white. Nothing else of the
    given file is kept. Takes some hundredths of a second. Raises `Invalid`.
    """
    from PIL import Image, ImageOps

    whole = opened(given, field="picture", most_bytes=MOST_BYTES)
    if whole.width < _LEAST[0] or whole.height < _LEAST[1]:
        raise Invalid.field("picture", f"The picture is too small: at least {_LEAST[0]} × {_LEAST[1]} pixels.")
    paper = Image.new("RGB", whole.size, "white")
    paper.paste(whole, mask=whole.getchannel("A"))
    cut = ImageOps.fit(paper, (WIDTH, HEIGHT))
    kept = b""
    for quality in (88, 78, 65, 45):
        target = io.BytesIO()
        cut.save(target, "JPEG", quality=quality, optimize=True, progressive=True)
        kept = target.getvalue()
        if len(kept) <= _MOST_KEPT:
            break
    return kept
