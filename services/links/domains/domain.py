"""What proves a domain, and how to recognise it. Pure.

Each of the three ways needs a power over the domain that a stranger lacks: its name server, the files at its root, or
the scripts of its front page.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final, Literal

from services.links.stores.domain import Method, front_page

METHODS: tuple[Method, ...] = ("dns", "file", "script")
Finding = Literal["found", "missing", "different", "unreachable", "private_address"]

_FILE = ".well-known/kith-verification.txt"


@dataclass(frozen=True, slots=True)
class Places:
    """Where a proof of one domain may stand, and the text that it is (of the script: the page that it is in)."""

    text: str
    dns_name: str
    file_url: str
    page_url: str


def places(domain: str, token: str) -> Places:
    """The places of a domain, which may have a port."""
    host = domain if domain.endswith("]") else domain.partition(":")[0]
    root = front_page(domain)
    return Places(f"kith-verification={token}", f"_kith.{host}", root + _FILE, root)


def in_records(records: list[str], text: str) -> Finding:
    """What TXT records say: others of ours may stand beside the one."""
    if text in (record.strip() for record in records):
        return "found"
    return "different" if any(record.startswith("kith-verification=") for record in records) else "missing"


def in_file(status: int, body: bytes, text: str) -> Finding:
    """What the file says: the text and nothing else, so that a page which repeats anything proves nothing."""
    if status != 200:
        return "missing"
    return "found" if body.strip() == text.encode() else "different"


_SCRIPT: Final = re.compile(r"/kith(\.[0-9a-f]{12})?\.js\Z")
"""Where `kith.js` is, also one that a page pins."""


def in_page(status: int, body: bytes, is_own: Callable[[str], bool]) -> Finding:
    """Whether the page loads `kith.js` with a key of the store's own."""
    if status != 200:
        return "missing"
    scripts = _Scripts()
    scripts.feed(body.decode("utf-8", "replace"))
    if any(is_own(key) for key in scripts.keys):
        return "found"
    return "different" if scripts.keys else "missing"


class _Scripts(HTMLParser):
    """Collects `data-key` of the script elements that load `kith.js`; text, comments and other tags say nothing."""

    _INERT = frozenset({"textarea", "title", "template", "noscript", "iframe", "xmp", "noembed", "noframes"})
    """Elements in which a script is text, or does not run."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self._INERT:
            self._inside.append(tag)
        if self._inside:
            return
        found = {name: value or "" for name, value in attrs}
        if tag == "script" and _SCRIPT.search(found.get("src", "").partition("?")[0]) and "data-key" in found:
            self.keys.append(found["data-key"])

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            del self._inside[self._inside.index(tag) :]
