"""kith.js as it is sent: without comments and indentation, with a hash of its content. Pure."""

import gzip
import hashlib
import re
from dataclasses import dataclass

_BLOCK = re.compile(rb"/\*.*?\*/\s*", re.DOTALL)
_LINE = re.compile(rb"^\s*//[^\n]*\n", re.MULTILINE)
_INDENT = re.compile(rb"\n\s+")


@dataclass(frozen=True, slots=True)
class Script:
    """The script, plain and packed. `digest` names this very content."""

    body: bytes
    packed: bytes
    digest: str


def script(source: bytes) -> Script:
    """Makes the source ready to be sent. Its comments stand on lines of their own, and no text spans several lines."""
    body = _INDENT.sub(b"\n", _LINE.sub(b"", _BLOCK.sub(b"", source))).strip() + b"\n"
    return Script(body, gzip.compress(body, 9, mtime=0), hashlib.sha256(body).hexdigest()[:12])
