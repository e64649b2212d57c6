"""A script made small: without comments and blanks that say nothing, its own names shortened. Pure.

For our own scripts and not for any. They keep to `var`, `function` and `catch (_)`; a name is shortened where its
function declares it, and stays behind a dot and as a key of an object. Every statement ends with its line.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from string import ascii_lowercase
from typing import Final, NamedTuple

_TOKEN: Final = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*)
    |(?P<text>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")
    |(?P<regex>(?<=[=(,:!])\s*/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n])+/[a-z]*)
    |(?P<name>[A-Za-z_$][\w$]*)
    |(?P<number>\d[\w.]*)
    |(?P<blank>\s+)
    |(?P<sign>.)""",
    re.DOTALL | re.VERBOSE,
)


_BLOCK: Final = re.compile(r"/\*.*?\*/\s*", re.DOTALL)
_LINE: Final = re.compile(r"^\s*//[^\n]*\n", re.MULTILINE)
_INDENT: Final = re.compile(r"\n\s+")


class _Token(NamedTuple):
    kind: str
    text: str


@dataclass(eq=False, slots=True)
class _Scope:
    """One function: what it declares, and which names stand in it and in those inside it."""

    outer: "_Scope | None"
    declared: set[str] = field(default_factory=set)
    used: Counter[str] = field(default_factory=Counter)
    short: dict[str, str] = field(default_factory=dict)

    def owner(self, name: str) -> "_Scope | None":
        scope: _Scope | None = self
        while scope is not None and name not in scope.declared:
            scope = scope.outer
        return scope


def shrink(source: str) -> str:
    """The same script, shorter."""
    tokens = [_Token(match.lastgroup or "", match[0].strip() or match[0]) for match in _TOKEN.finditer(source)]
    tokens = [token for token in tokens if token.kind != "comment"]
    solid = [at for at, token in enumerate(tokens) if token.kind != "blank"]
    places = _places([tokens[at] for at in solid])
    for scope in dict.fromkeys(places.values()):
        _shorten(scope)
    for place, scope in places.items():
        at = solid[place]
        owner = scope.owner(tokens[at].text)
        if owner is not None:
            tokens[at] = _Token("name", owner.short[tokens[at].text])
    return _joined(tokens) + "\n"


def without_comments(source: str) -> str:
    """The script without comments, which stand on lines of their own, and without indentation."""
    return _INDENT.sub("\n", _LINE.sub("", _BLOCK.sub("", source))).strip() + "\n"


def _places(tokens: list[_Token]) -> dict[int, _Scope]:
    """Where a name stands for something, and in which function; outer functions come before those inside them."""
    scope = whole = _Scope(None)
    places = {}
    ends: list[tuple[_Scope, int]] = []
    depth = 0
    head = False
    """Between `function` and the body's brace: names here are the parameters."""
    for at, (kind, text) in enumerate(tokens):
        before, after = tokens[at - 1].text if at else "", tokens[at + 1].text if at + 1 < len(tokens) else ""
        if text == "function":
            if after != "(":
                scope.declared.add(after)
            ends.append((scope, depth))
            scope, head = _Scope(scope), True
        elif text == "{":
            depth, head = depth + 1, False
        elif text == "}":
            depth -= 1
            if ends and ends[-1][1] == depth:
                scope = ends.pop()[0]
        elif kind == "name" and before != "." and not (after == ":" and before in "{,"):
            own = scope.outer if before == "function" else scope
            if before == "var" or (head and before != "function"):
                scope.declared.add(text)
            places[at] = own or whole
    for at, own in places.items():
        inner: _Scope | None = own
        while inner is not None:
            inner.used[tokens[at].text] += 1
            inner = inner.outer
    return places


def _shorten(scope: _Scope) -> None:
    """The most used names get the shortest ones that stand for nothing else in the function."""
    taken = {"do", "if", "in", "is", "of", "as"}
    for name in scope.used:
        owner = scope.owner(name)
        if owner is not scope:
            taken.add(owner.short.get(name, name) if owner else name)
    free = (name for name in _names() if name not in taken)
    for name in sorted(scope.declared, key=lambda name: (-scope.used[name], name)):
        scope.short[name] = next(free)


def _names() -> Iterator[str]:
    for length in (1, 2):
        yield from ("".join(letters) for letters in product(ascii_lowercase, repeat=length))


def _joined(tokens: list[_Token]) -> str:
    """A line's end stays where it may end a statement; a blank stays between words."""
    out: list[str] = []
    for at, (kind, text) in enumerate(tokens):
        if kind != "blank":
            out.append(text)
            continue
        last = out[-1][-1] if out else ""
        following = tokens[at + 1].text[0] if at + 1 < len(tokens) else ""
        if not last or not following:
            continue
        if "\n" in text and last not in "{([,;:?&|=+-<>\n" and following not in "})],;:?&|=.<>+":
            out.append("\n")
        elif (_wordy(last) and _wordy(following)) or last + following in {"++", "--"}:
            out.append(" ")
    return "".join(out)


def _wordy(sign: str) -> bool:
    return sign.isalnum() or sign in "_$"
