"""The page's style and script, which stand in it: one answer is the whole page. Pure."""

import hashlib
import re
from base64 import b64encode
from dataclasses import dataclass

from markupsafe import Markup

from services.links.looks.domain import Look

_COMMENT = re.compile(r"/\*.*?\*/|^\s*//[^\n]*$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Inlaid:
    """What stands in the page, and the policy by which a browser takes that and nothing else."""

    style: Markup
    script: Markup
    policy: str
    styles: str
    """The part of the policy that lets the style in."""


def inlaid(style: str, script: str, look: Look) -> Inlaid:
    """Our own two files as parts of a page of a store that looks so. Comments stand on lines of their own, and no text
    spans several lines.
    """
    own = f":root{{--store:{look.color};--on-store:{look.on_color}}}"
    style, script = f"{_packed(style)}\n{own}", _packed(script)
    styles = f"style-src {_hash(style)}"
    return Inlaid(
        Markup("<style>%s</style>") % Markup(style),  # noqa: S704  # our own file
        Markup("<script>%s</script>") % Markup(script),  # noqa: S704  # our own file
        f"default-src 'none'; script-src {_hash(script)}; {styles}; img-src 'self' data:; "
        "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
        styles,
    )


def _packed(text: str) -> str:
    return re.sub(r"\n\s*", "\n", _COMMENT.sub("", text)).strip()


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
