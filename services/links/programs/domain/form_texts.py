"""The store's own words, and its terms, as fields of the form, language by language. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from contracts.joining import Terms
from contracts.program import Program
from contracts.wording import Texts, Wording

LANGUAGES: tuple[str, ...] = tuple(Texts.model_fields)
PARTS: tuple[str, ...] = tuple(Wording.model_fields)
HASHTAGS = "hashtags"


def field_of(language: str, part: str) -> str:
    """What a field is called."""
    return f"words_{language}_{part}"


FIELDS = tuple(field_of(language, part) for language in LANGUAGES for part in PARTS)


TERMS = tuple(f"terms_text_{language}" for language in LANGUAGES)
"""Where the terms stand by language."""


def paragraphs(text: str) -> str:
    """A text of several lines, as browsers send it."""
    return text.replace("\r\n", "\n").strip()


def terms_fields(terms: Terms | None) -> dict[str, str]:
    """The fields of the terms by language."""
    own = (terms.own(language) if terms else None for language in LANGUAGES)
    return {field: text or "" for field, text in zip(TERMS, own, strict=True)}


def terms(form: Mapping[str, str]) -> dict[str, str | None] | None:
    """The terms by language that a form has, as JSON; None where it has none."""
    found = {
        language: paragraphs(form.get(field, "")) or None for language, field in zip(LANGUAGES, TERMS, strict=True)
    }
    return found if any(found.values()) else None


def fields(program: Program) -> dict[str, str]:
    """The fields of a program."""
    texts = program.texts or Texts()
    return {field_of(language, part): _shown(texts.of(language), part) for language in LANGUAGES for part in PARTS}


def _shown(words: Wording, part: str) -> str:
    if part == HASHTAGS:
        return " ".join(f"#{tag}" for tag in words.hashtags)
    return getattr(words, part) or ""


def read(form: Mapping[str, str], before: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The words that a form has, as JSON; as they were before where the form asks for none. Each in one line."""
    if not any(name in form for name in FIELDS):
        return dict(before) if before else None
    found = {}
    for language in LANGUAGES:
        words: dict[str, Any] = {
            part: " ".join(form.get(field_of(language, part), "").split()) or None for part in PARTS
        }
        words[HASHTAGS] = hashtags(words[HASHTAGS] or "")
        found[language] = words if any(words.values()) else None
    return found if any(found.values()) else None


def hashtags(text: str) -> list[str]:
    """Those in a text, with or without their signs, between spaces or commas; each once."""
    written = [tag.removeprefix("#") for tag in re.split(r"[\s,;]+|(?<=.)(?=#)", text)]
    first: dict[str, str] = {}
    for tag in filter(None, written):
        first.setdefault(tag.casefold(), tag)
    return list(first.values())


def named(field: str) -> str:
    """The form's name of a field of the program: `texts.ru.title` is `words_ru_title`, `joining.terms.texts.ru` is
    `terms_text_ru`.
    """
    if field.startswith("joining.terms."):
        return field.removeprefix("joining.").replace("texts.", "text_").replace(".", "_")
    whole, _, rest = field.partition(".")
    language, _, part = rest.partition(".")
    return field_of(language, part.partition(".")[0]) if whole == "texts" and part else field
