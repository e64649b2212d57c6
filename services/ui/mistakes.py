"""What is wrong with a form's fields, in the reader's language.

Models and actions say it in English, for callers of the API. A detail that is `Translatable` is translated here; of
what a model finds by itself the kind is known, and what it allows; of all else it is said that it cannot be taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from services.common.words import Translatable
from services.kernel.errors import AppError
from services.kernel.http.problems import field_path
from services.ui.locales import Speech


def mistake(speech: Speech, detail: str) -> str:
    """What a detail says."""
    if isinstance(detail, Translatable):
        return detail.by(speech)
    return speech.say("This cannot be taken as it stands. Look at it once more.")


def mistakes(speech: Speech, error: ValidationError | AppError | None) -> dict[str, str]:
    """Path of a field → what is wrong with it, of what a model or an action refused. What is about no field stands
    under the empty one.
    """
    if error is None:
        return {}
    if isinstance(error, ValidationError):
        found = error.errors(include_url=False, include_input=False)
        return {field_path(one["loc"]): _found(speech, one) for one in found}
    named = {one.field: mistake(speech, one.detail) for one in error.errors}
    return named or {"": mistake(speech, error.detail)}


def _found(speech: Speech, one: Mapping[str, Any]) -> str:
    kind, known = str(one["type"]), one.get("ctx", {})
    if kind == "value_error":
        return mistake(speech, next(iter(known["error"].args), ""))
    if kind in ("missing", "string_too_short", "too_short"):
        return speech.say("This is needed.")
    if kind == "string_too_long":
        return speech.say("This is too long: at most %(most)s letters.", most=known["max_length"])
    if kind == "greater_than_equal":
        return speech.say("At least %(least)s.", least=known["ge"])
    if kind == "less_than_equal":
        return speech.say("At most %(most)s.", most=known["le"])
    if kind.startswith("int_"):
        return speech.say("Write a whole number.")
    if kind.startswith(("date", "timezone")):
        return speech.say("This is no day and no time.")
    if kind.startswith("url_"):
        return speech.say("Write an address that begins with https://.")
    if kind == "string_pattern_mismatch":
        return speech.say("There is a sign in it that cannot stand here.")
    return mistake(speech, "")
