"""How deliveries are named and sealed, and what reading may find: a copy of the database alone names nobody. Pure."""

import hashlib
import re
from typing import Final, Literal

BODY: Final = "delivery-body"
"""Purpose of a delivery's body at rest; its owner is the delivery."""

Outcome = Literal["waiting", "taken", "ignored", "failed"]
"""`waiting`: kept, and not read yet."""


class Ignored(Exception):
    """A delivery that reports nothing for us; the text says why."""


def delivery_id(kind: str, body: bytes) -> str:
    """The name of a delivery: what a hook is sent again has the same name.

    It is made from what is signed. Headers are not, so nothing of theirs may make an old delivery look new.
    """
    return hashlib.blake2b(kind.encode() + b"\x1f" + body, digest_size=16).hexdigest()


_ESCAPE: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair: one character
    rb"|(?P<odd>\\u0000|\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    rb"|\\."
)


def without_odd_characters(body: bytes) -> bytes:
    """A platform's JSON without NULs, halves of surrogate pairs and bytes that are no UTF-8.

    Shoppers paste anything into a note. No database keeps these, and no parser reads them: the character is lost, not
    the order.
    """
    if b"\\u" in body:
        body = _ESCAPE.sub(lambda found: b"" if found["odd"] else found[0], body)
    try:
        body.decode()
    except UnicodeDecodeError:
        body = body.decode(errors="ignore").encode()
    return body.replace(b"\0", b"") if b"\0" in body else body
