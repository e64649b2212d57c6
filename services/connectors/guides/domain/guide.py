"""What a guide is made of. Pure.

Texts are keys of the catalogues; what stands between backticks is code. In code, `{{kith}}`, `{{url}}` and
`{{secret}}` stand for the installation's address, the connection's address and its secret.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

ADDRESS: Final = "https://kith.example"
"""Where Kith is, in the documentation."""


class Step(NamedTuple):
    """One thing to do."""

    text: str
    code: str = ""
    language: str = ""
    """Of the code, as a fence in Markdown names it."""
    topics: bool = False
    """Whether the platform's topics follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """How one platform is connected."""

    name: str
    """The platform's, or `server` for a store that reports orders by itself."""
    heading: str
    """In the documentation."""
    body: str = ""
    """What `POST /v1/connections` is sent to make its connection; none where no connection is needed."""
    answer: str = ""
    """What that call answers, for the documentation: a key of no catalogue."""
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()
    """What to know besides, a paragraph each."""
    types: tuple[tuple[str, str], ...] = ()
    """Of signed JSON: each type of message, and what it takes."""


def filled(code: str, *, kith: str, url: str = "", secret: str = "") -> str:
    """Code with the addresses in it. What is not known keeps a word that says what belongs there."""
    known = {"{{kith}}": kith, "{{url}}": url or f"{kith}/in/…", "{{secret}}": secret or "whsec_…"}
    for place, value in known.items():
        code = code.replace(place, value)
    return code


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """A text in its pieces, each with whether it is code."""
    for number, piece in enumerate(text.split("`")):
        if piece:
            yield piece, number % 2 == 1
