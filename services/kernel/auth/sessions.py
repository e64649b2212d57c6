"""What people hold instead of API keys: the console's session and the one-time link that opens one; and how whatever
else a service gives out is sealed.

Each is `kid.payload.tag` in URL-safe text under a purpose of its own, with its end inside. Nothing is stored but what
ends one early: that a sign-in link works once is for its caller to keep (by `nonce`), and that somebody signed out is
in `LiveState.ended` (by `session_id`). Lives are real time: the demo clock signs nobody out.
"""

import binascii
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from services.kernel.auth.principal import Principal
from services.kernel.auth.ring import KeyRing
from services.kernel.errors import Unauthorized

COOKIE: Final = "kith_session"
MAX_LENGTH: Final = 1024
_SHAPE = re.compile(r"([a-z0-9]{1,12})\.([A-Za-z0-9_-]{1,900})\.([A-Za-z0-9_-]{27})", re.ASCII)
_TAG_BYTES: Final = 20


@dataclass(frozen=True, slots=True)
class ConsoleSession:
    """A marketer who signed in for one store. `key_id` is the key that opened it: a revoked one ends it, and so does
    signing out, by `session_id`.
    """

    store_id: str
    key_id: str
    scopes: frozenset[str]
    session_id: str
    expires_at: datetime

    @property
    def principal(self) -> Principal:
        """Who acts, when this person does."""
        return Principal("member", self.key_id, self.session_id)


@dataclass(frozen=True, slots=True)
class SignInLink:
    """An address that opens a console session once. `nonce` is what the caller remembers as used."""

    store_id: str
    key_id: str
    scopes: frozenset[str]
    nonce: str
    expires_at: datetime


def real_time(ahead: timedelta = timedelta()) -> datetime:
    """The moment that lives are measured by, or one that far ahead."""
    return datetime.now(UTC) + ahead


def issue_session(ring: KeyRing, *, store_id: str, key_id: str, scopes: Iterable[str], life: timedelta) -> str:
    """The value of the console's cookie."""
    fields = (store_id, key_id, f"{ring.scopes.to_mask(scopes):x}", secrets.token_urlsafe(16))
    return seal(ring, "console-session", fields, life=life)


def read_session(ring: KeyRing, text: str, *, now: datetime | None = None) -> ConsoleSession:
    """The session in a cookie. Raises `Unauthorized` for anything else, or when it has ended.

    Whether it was ended or its key revoked since is for the caller to ask (kernel.http.console does).
    """
    (store_id, key_id, mask, session_id), expires_at = unseal(ring, "console-session", text, now=now, fields=4)
    return ConsoleSession(store_id, key_id, ring.scopes.from_mask(int(mask, 16)), session_id, expires_at)


def issue_sign_in(
    ring: KeyRing, *, store_id: str, key_id: str, scopes: Iterable[str], life: timedelta, nonce: str | None = None
) -> str:
    """The token of a one-time sign-in address. Keep its life to minutes."""
    fields = (store_id, key_id, f"{ring.scopes.to_mask(scopes):x}", nonce or secrets.token_urlsafe(16))
    return seal(ring, "sign-in", fields, life=life)


def read_sign_in(ring: KeyRing, text: str, *, now: datetime | None = None) -> SignInLink:
    """What a sign-in address allows, if nobody used its nonce yet. Raises `Unauthorized`."""
    (store_id, key_id, mask, nonce), expires_at = unseal(ring, "sign-in", text, now=now, fields=4)
    return SignInLink(store_id, key_id, ring.scopes.from_mask(int(mask, 16)), nonce, expires_at)


def seal(ring: KeyRing, purpose: str, fields: Iterable[str], *, life: timedelta, now: datetime | None = None) -> str:
    """Signs some fields with an end, for a purpose. Fields hold no unit separator (U+001F)."""
    return seal_until(ring, purpose, fields, end=(now or datetime.now(UTC)) + life)


def seal_until(ring: KeyRing, purpose: str, fields: Iterable[str], *, end: datetime) -> str:
    """The same, by the moment at which it is over."""
    payload = "\x1f".join((str(int(end.timestamp())), *fields)).encode()
    kid, tag = ring.tag(purpose, payload)
    return f"{kid}.{_text(payload)}.{_text(tag[:_TAG_BYTES])}"


def unseal(
    ring: KeyRing, purpose: str, text: str, *, fields: int, more: int = 0, now: datetime | None = None
) -> tuple[list[str], datetime]:
    """The fields of a sealed text, up to `more` beyond so many, and its end.

    Raises `Unauthorized` for whatever is not ours, or is over.
    """
    match = _SHAPE.fullmatch(text) if len(text) <= MAX_LENGTH else None
    if match is None:
        raise _refusal()
    kid, payload_text, tag_text = match.groups()
    try:
        payload, tag = _bytes(payload_text), _bytes(tag_text)
    except (ValueError, binascii.Error):
        raise _refusal() from None
    if not ring.verify(purpose, kid, payload, tag):
        raise _refusal()
    end, *values = payload.decode().split("\x1f")
    expires_at = datetime.fromtimestamp(int(end), UTC)
    if not fields <= len(values) <= fields + more:
        raise _refusal()
    if expires_at <= (now or datetime.now(UTC)):
        raise Unauthorized("This session is over: sign in again.", code="session_expired")
    return values, expires_at


def session_cookie(value: str, *, max_age_s: int, secure: bool, name: str = COOKIE) -> str:
    """A `Set-Cookie` value for a session: unreadable to scripts, not sent along from other sites' forms."""
    return f"{name}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"


def host_cookie_name(name: str, *, secure: bool) -> str:
    """A cookie's name that over https no other host can use."""
    return f"__Host-{name}" if secure else name


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _refusal() -> Unauthorized:
    return Unauthorized("This session is not valid: sign in again.", code="invalid_session")
