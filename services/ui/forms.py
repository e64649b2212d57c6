"""What forms send, and the key that makes pressing their button twice harmless."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable

from starlette.requests import Request

_ONCE = re.compile(r"[0-9a-f]{32}", re.ASCII)


async def sent(request: Request, fields: Iterable[str] = (), *, longest: int, most: int = 10) -> dict[str, str]:
    """What a form sends, by its fields: at most so many, each cut at so many letters. Those of `fields` that it leaves
    out are empty. The body is kept: answers are remembered by it.
    """
    await request.body()
    form = await request.form(max_fields=most, max_files=0)
    found = {name: value[:longest] for name, value in form.items() if isinstance(value, str)}
    return dict.fromkeys(fields, "") | found


def new_once() -> str:
    """A key for a form that is shown, which it sends along: what comes with it again does nothing again."""
    return secrets.token_hex(16)


def once_of(text: str) -> str:
    """The key that a form brings; a new one where it brings none of ours."""
    return text if _ONCE.fullmatch(text) else new_once()
