"""Errors that have an answer: each says its status, its code, and what the caller can mend.

One handler (kernel.http.problems) renders them as problem+json. Anything else that escapes is a bug and answers 500.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field: its path (`items.0.amount_minor`), a machine word and the mend in words."""

    field: str
    code: str
    detail: str


class AppError(Exception):
    """Base. `detail` is shown to the caller: it names values, never personal data."""

    status: int = 500
    code: str = "internal"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.members = dict(members or {})
        """What a program may read beside the words: ids, by name."""
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        if code is not None:
            self.code = code


class BadRequest(AppError):
    """The request cannot be read at all."""

    status, code = 400, "bad_request"


class Unauthorized(AppError):
    """No valid credential."""

    status, code = 401, "unauthorized"


class Forbidden(AppError):
    """A valid credential that may not do this."""

    status, code = 403, "forbidden"


class NotFound(AppError):
    """Nothing here under that id, for this caller."""

    status, code = 404, "not_found"


class Conflict(AppError):
    """The request contradicts what is there."""

    status, code = 409, "conflict"


class TooLarge(AppError):
    """The body is over the limit."""

    status, code = 413, "too_large"


class Invalid(AppError):
    """Readable, but a field is wrong; `errors` names each."""

    status, code = 422, "invalid"

    @classmethod
    def field(cls, field: str, detail: str, *, code: str = "invalid") -> Self:
        """The common case of one wrong field."""
        return cls(detail, errors=[FieldError(field, code, detail)])


class TooMany(AppError):
    """Over a rate limit; `Retry-After` says when to come back."""

    status, code = 429, "too_many_requests"


class Unavailable(AppError):
    """A dependency is down or the process is stopping; nothing was done, and a retry is right."""

    status, code = 503, "unavailable"

    def __init__(self, detail: str, *, retry_after_s: int = 1) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after_s)})
