"""On which pages an offer to share stands: paths with stars, and the place in a page. Pure.

A page's script matches them (`kith-share.js`); here is what they may be, so that no rule can keep a visitor's browser
busy or name another thing than an element of the page.
"""

import re
from typing import Final

MOST_STARS: Final = 4
_PATH = re.compile(r"/[A-Za-z0-9._~!$&'()+,;=:@%/*-]{0,199}")
_SELECTOR = re.compile(r"[A-Za-z0-9_#.:>+~*=^$|,()\[\]\"' -]{1,200}")


class BadPath(ValueError):
    """Why a path is refused, in words for the caller."""


def page_path(text: str) -> str:
    """A path as rules name it: `/`, `/p/*`, `/account/**`; `*` is a part of one segment, `**` of several. Raises
    `BadPath`.
    """
    if _PATH.fullmatch(text) is None:
        raise BadPath("A path begins with a slash and has at most 200 signs of an address, without ? and #.")
    if len(re.findall(r"\*+", text)) > MOST_STARS:
        raise BadPath(f"A path has at most {MOST_STARS} stars.")
    if "***" in text:
        raise BadPath("Write * for a part of one segment, ** for several.")
    return text


def selector(text: str) -> str:
    """A CSS selector of one element. Raises `ValueError`."""
    if _SELECTOR.fullmatch(text) is None:
        raise ValueError("A selector is CSS such as header nav, or #account, of at most 200 signs.")
    return text
