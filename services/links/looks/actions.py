"""Choosing a store's colour and logo."""

import io
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from services.kernel.db import Tx
from services.kernel.errors import Invalid
from services.links.changes import sql as changes
from services.links.looks import sql
from services.links.looks.domain import Look, look
from services.links.stores import actions as stores

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_BYTES = 180_000
"""Of a logo as it is given: what a request's body holds in base64."""
_MOST_PIXELS = 4_000_000
_SIDES = (128, 96, 64)
_LARGE = 256
"""Edge from which on the last percent of smallness takes too long."""
_MOST_KEPT = 9_000
"""A page of invitation has 30 kB, and the logo stands in it."""


async def get(tx: Tx, store_id: str) -> Look:
    """How the store looks."""
    return look(*await sql.get(tx, store_id))


async def change(tx: Tx, store_id: str, changes_of: dict[str, str | bytes | None]) -> Look:
    """Sets the given ones of `color` and `logo` (as `drawn_small` made it); None clears."""
    await stores.get(tx, store_id)
    before = dict(zip(("color", "logo"), await sql.get(tx, store_id), strict=True))
    after = {**before, **changes_of}
    if after != before:
        await sql.put(tx, store_id, after["color"], after["logo"])  # type: ignore[arg-type]  # by their names
        await changes.note(tx, "store", store_id)
        changed = sorted(name for name in after if after[name] != before[name])
        tx.note("store.changed", on=store_id, after={"changed": ",".join(changed)})
    return look(after["color"], after["logo"])  # type: ignore[arg-type]  # by their names


def drawn_small(given: bytes) -> bytes:
    """A logo made anew, as a small WebP: nothing of the given file is kept, neither places nor scripts. Takes some
    milliseconds. Raises `Invalid`.
    """
    return remade(given, field="logo", edges=_SIDES, most=_MOST_KEPT)[0]


def remade(given: bytes, *, field: str, edges: Sequence[int], most: int) -> tuple[bytes, tuple[int, int]]:
    """A picture made anew as WebP, and its width and height: at the first of the edges at which it has at most so many
    bytes, else at the last. Raises `Invalid` of the field.
    """
    whole = opened(given, field=field, most_bytes=MOST_BYTES)
    kept, small = b"", whole
    for edge in edges:
        small = whole.copy()
        small.thumbnail((edge, edge))
        target = io.BytesIO()
        small.save(target, "WEBP", quality=82, method=4 if edge > _LARGE else 6)
        kept = target.getvalue()
        if len(kept) <= most:
            break
    return kept, small.size


def opened(given: bytes, *, field: str, most_bytes: int) -> "Image":
    """A picture that somebody gave, upright, with its transparency. Raises `Invalid` of the field."""
    from PIL import Image, ImageOps  # 10 MB of memory that a process without logos does not need

    if len(given) > most_bytes:
        raise Invalid.field(field, f"The picture is larger than {most_bytes // 1000} kB; make it smaller.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(given), formats=("PNG", "JPEG", "WEBP", "GIF")) as found:
                if found.width * found.height > _MOST_PIXELS:
                    raise Invalid.field(field, "The picture has more than 4 million pixels; make it smaller.")
                return ImageOps.exif_transpose(found).convert("RGBA")
    except Invalid:
        raise
    except Exception:
        # What a file can do to a reader of pictures has no common name: a short eXIf chunk alone is a struct.error.
        raise Invalid.field(field, "This is no picture that can be read: send PNG, JPEG, WebP or GIF.") from None
