"""What there is to translate: messages found in a package's Python and templates, merged into its `.po` files.

`python -m services.ui.messages services/links` updates the catalogues of one package after its texts changed.
A test calls `untranslated` so that no catalogue falls behind.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from services.ui.locales import LANGUAGES

LABEL_LIMITS = {"nav": 18, "tile": 18, "head": 12, "chip": 14, "button": 20}
"""Letters that a short label may have, by its kind, in every language."""

# What is called with a message: the positions of its context and of its forms.
_CALLS: Mapping[str, tuple[int | None, tuple[int, ...]]] = {
    "_": (None, (0,)),
    "gettext": (None, (0,)),
    "say": (None, (0,)),
    "ngettext": (None, (0, 1)),
    "count": (None, (0, 1)),
    "pgettext": (0, (1,)),
    "label": (0, (1,)),
    "npgettext": (0, (1, 2)),
}
_TEMPLATE_KEYWORDS = ("_", "gettext", "ngettext", "pgettext", "npgettext", "label")
_HEADER = "# Translations of this package's messages. The English text is the key.\n\n"


@dataclass(frozen=True)
class _Message:
    forms: tuple[str, ...]
    context: str | None


def find_messages(package: Path) -> Catalog:
    """All messages of a package's code, templates and navigation."""
    catalogue = Catalog(charset="utf-8")
    for path in sorted((*package.rglob("*.py"), *package.rglob("*.html"))):
        if "migrations" in path.parts:
            continue
        for found in _in_template(path) if path.suffix == ".html" else _in_python(path):
            forms = found.forms if len(found.forms) > 1 else found.forms[0]
            catalogue.add(forms, context=found.context, locations=[(path.relative_to(package).as_posix(), 0)])
    return catalogue


def _in_python(path: Path) -> Iterator[_Message]:
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = str(getattr(node.func, "attr", None) or getattr(node.func, "id", ""))
        if name == "NavItem":  # an entry of the side bar is a message by its place: NavItem(group, label, …)
            yield from (_Message((text,), "nav") for text in map(_text, node.args[:2]) if text)
        elif name in _CALLS:
            yield from _of_call(name, [_text(argument) for argument in node.args])


def _in_template(path: Path) -> Iterator[_Message]:
    with path.open("rb") as source:
        options = {"extensions": "jinja2.ext.do", "silent": "false"}
        for _line, name, given, _comments in babel_extract(source, _TEMPLATE_KEYWORDS, (), options):
            arguments = [given] if isinstance(given, str) else list(given or ())
            yield from _of_call(name, arguments)


def _of_call(name: str, arguments: Sequence[str | None]) -> Iterator[_Message]:
    """The message, if the arguments are texts that stand in the source; a computed one is found where it is written."""
    context_at, forms_at = _CALLS[name]
    if max(forms_at) >= len(arguments):
        return
    forms = tuple(text for text in (arguments[position] for position in forms_at) if text)
    context = None if context_at is None else arguments[context_at]
    if len(forms) == len(forms_at) and (context_at is None or context):
        yield _Message(forms, context)


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def catalogue_path(package: Path, language: str) -> Path:
    return package / "locale" / language / "LC_MESSAGES" / "messages.po"


def untranslated(package: Path, language: str) -> list[str]:
    """Messages of a package that its catalogue lacks, has empty or marks as unsure; and those it has for nothing."""
    path = catalogue_path(package, language)
    if not path.is_file():
        return [f"there is no {path}"]
    with path.open("rb") as source:
        known = read_po(source, locale=language)
    wanted = find_messages(package)
    wrong = []
    for message in wanted:
        if not message.id:
            continue
        found = known.get(message.id, message.context)
        given = "" if found is None or found.string is None else found.string
        texts = [given] if isinstance(given, str) else list(given)
        if found is None or found.fuzzy or not all(texts):
            wrong.append(f"not translated: {message.id!r}")
    wrong += [
        f"no longer said: {message.id!r}"
        for message in known
        if message.id and wanted.get(message.id, message.context) is None
    ]
    return wrong


def update(package: Path) -> list[Path]:
    """Merges today's messages into the catalogues of all languages but English; new ones stand there empty."""
    template = find_messages(package)
    written = []
    for language in LANGUAGES:
        if language == "en":
            continue
        path = catalogue_path(package, language)
        if path.is_file():
            with path.open("rb") as source:
                catalogue = read_po(source, locale=language)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            catalogue = Catalog(locale=language, charset="utf-8")
        catalogue.update(template, no_fuzzy_matching=True, update_header_comment=False)
        catalogue.obsolete.clear()
        # No header: it would hold dates that change with every run, and the plural rule is the language's own.
        with path.open("wb") as target:
            target.write(_HEADER.encode())
            write_po(target, catalogue, width=110, sort_output=True, include_lineno=False, omit_header=True)
        written.append(path)
    return written


if __name__ == "__main__":
    for folder in sys.argv[1:]:
        for path in update(Path(folder)):
            sys.stdout.write(f"{path}\n")
