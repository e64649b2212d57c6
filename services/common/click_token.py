"""The click token: what a share link's redirect hands to the store as `?kith=…`, proof of one click.

75 bytes and a 96-bit tag, 116 characters of URL-safe text after the key's name; three bytes more of a link that
carries how its reward is split:

    k1.<base64url of: mark and channel · store's fingerprint · click, link, program, ambassador · microseconds ·
        split · tag>

The store's id enters the tag, so a token is worth nothing at another store. How old a token may be is not decided
here: windows belong to programs.
"""

import hashlib
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import b2a_base64
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final, TypeAlias, get_args

from contracts.events.tracking import Mark, TokenClaims
from services.kernel.auth.ring import KeyRing

MAX_LENGTH: Final = 1024
_PURPOSE: Final = "click-token"
_TAG_BYTES: Final = 12
_COMPACT_BYTES: Final = 1 + 3 + 4 * 16 + 7
_SPLIT_BYTES: Final = 3
"""As a token's bytes are a multiple of three, its text has no padding."""
_LONG: Final = 0x80
_SPLIT: Final = 0x04
_MARKS: tuple[Mark, ...] = get_args(Mark)
_MARK_BITS: Final = 0x03
_CHANNEL_SHIFT: Final = 3
_CHANNELS: Final = (
    *(
        None,
        "telegram",
        "whatsapp",
        "instagram",
        "facebook",
        "viber",
        "vk",
        "ok",
        "x",
        "linkedin",
        "sms",
        "email",
        "qr",
    ),
    "copy",
    "native",
    "material",
)
"""How a link was passed on, in four bits: places never change, and none is left. A store's own channels have none."""
_FIRST_BYTES: Final = {
    (mark, channel): bytes((place | number << _CHANNEL_SHIFT,))
    for place, mark in enumerate(_MARKS)
    for number, channel in enumerate(_CHANNELS)
}
_SPLIT_FIRST_BYTES: Final = {key: bytes((first[0] | _SPLIT,)) for key, first in _FIRST_BYTES.items()}
_SHAPE = re.compile(r"([a-z0-9]{1,12})\.([A-Za-z0-9_-]+)", re.ASCII)
_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

# Python reads base 32 as 0-9a-v; ids are written in Crockford's letters.
_CROCKFORD: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_PYTHON: Final = "0123456789abcdefghijklmnopqrstuv"
_TO_PYTHON: Final = str.maketrans(_CROCKFORD, _PYTHON)
_PAIRS: Final = tuple(a + b for a in _CROCKFORD for b in _CROCKFORD)
_ULID = re.compile(r"[0-7][0-9a-hjkmnp-tv-z]{25}", re.ASCII)


class TokenProblem(StrEnum):
    """Why a text proves no click at this store."""

    MALFORMED = "malformed"
    FORGED = "forged"
    OTHER_STORE = "other_store"


def issue(ring: KeyRing, store_id: str, claims: TokenClaims) -> str:
    """Signs the claims for one store."""
    link_part = _link_part(claims.link_id, claims.program_id, claims.ambassador_id)
    click = _pack(claims.click_id, "clk")
    first = _FIRST_BYTES[claims.mark, claims.channel if claims.channel in _CHANNELS else None]
    # A double holds microseconds of our era to an eighth; rounding makes them exact again.
    microseconds = round(claims.at.timestamp() * 1_000_000).to_bytes(7, "big")
    head, store = _store(store_id)
    mark, split = _split_part(first[0], claims.split)
    if link_part is None or click is None:
        ids = "\x1f".join((claims.click_id, claims.link_id, claims.program_id, claims.ambassador_id)).encode()
        body = bytes((_LONG | mark,)) + head + microseconds + split + ids
    else:
        body = bytes((mark,)) + head + click + link_part + microseconds + split
    kid, tag = ring.tag(_PURPOSE, body + store)
    return f"{kid}.{urlsafe_b64encode(body + tag[:_TAG_BYTES]).rstrip(b'=').decode()}"


class LinkIssuer:
    """`issue` for many clicks on one link: what they share is packed once, which leaves a third of the work."""

    __slots__ = ("_between", "_digest", "_firsts", "_head", "_kid", "_split", "_store")

    def __init__(
        self,
        ring: KeyRing,
        store_id: str,
        *,
        link_id: str,
        program_id: str,
        ambassador_id: str,
        split: int | None = None,
    ) -> None:
        between = _link_part(link_id, program_id, ambassador_id)
        if between is None:
            raise ValueError("only ids of ours can be packed ahead; use issue")
        self._head, self._store = _store(store_id)
        self._between = between
        self._firsts = _FIRST_BYTES if split is None else _SPLIT_FIRST_BYTES
        self._split = _split_part(0, split)[1]
        kid, self._digest = ring.signer(_PURPOSE)
        self._kid = kid.encode() + b"."

    def issue(self, click: bytes, *, microseconds: int, mark: Mark, channel: str | None = None) -> bytes:
        """Signs one click: the 16 bytes of its id (`kernel.ids`), its moment since 1970, and how the link came."""
        first = self._firsts.get((mark, channel)) or self._firsts[mark, None]
        at = microseconds.to_bytes(7, "big")
        body = b"%b%b%b%b%b%b" % (first, self._head, click, self._between, at, self._split)
        # A multiple of three bytes, so there is no padding to take off.
        text = b2a_base64(body + self._digest(body + self._store)[:_TAG_BYTES], newline=False)
        return self._kid + text.translate(_URL_SAFE)


ReadToken: TypeAlias = TokenClaims | TokenProblem
"""What a token proves, or why it proves nothing."""


def read(ring: KeyRing, token: str, *, store_id: str) -> ReadToken:
    """What the token proves at this store, or why it proves nothing. Any text at all may be given."""
    match = _SHAPE.fullmatch(token) if len(token) <= MAX_LENGTH else None
    if match is None:
        return TokenProblem.MALFORMED
    kid, text = match.groups()
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return TokenProblem.MALFORMED
    body, tag = raw[:-_TAG_BYTES], raw[-_TAG_BYTES:]
    more = _SPLIT_BYTES if body and body[0] & _SPLIT else 0
    if len(body) < 12 + more or (not body[0] & _LONG and len(body) != _COMPACT_BYTES + more):
        return TokenProblem.MALFORMED
    head, store = _store(store_id)
    if not ring.verify(_PURPOSE, kid, body + store, tag):
        return TokenProblem.OTHER_STORE if body[1:4] != head else TokenProblem.FORGED
    return _claims(body)


def _claims(body: bytes) -> TokenClaims:
    mark, number = _MARKS[body[0] & _MARK_BITS], (body[0] & ~_LONG) >> _CHANNEL_SHIFT
    split = body[11:14] if body[0] & _LONG else body[75:78]
    has_split = bool(body[0] & _SPLIT)
    if body[0] & _LONG:
        microseconds, ids = body[4:11], body[14 if has_split else 11 :].decode().split("\x1f")
    else:
        microseconds = body[68:75]
        ids = [_unpack("clk", body[4:20]), *_link_ids(body[20:68])]
    return TokenClaims(
        click_id=ids[0],
        link_id=ids[1],
        program_id=ids[2],
        ambassador_id=ids[3],
        at=_EPOCH + timedelta(microseconds=int.from_bytes(microseconds, "big")),
        quality="prefetch" if mark == "embedded" else mark,
        embedded=mark == "embedded",
        channel=_CHANNELS[number] if number < len(_CHANNELS) else None,
        split=int.from_bytes(split, "big") if has_split else None,
    )


def _split_part(first: int, split: int | None) -> tuple[int, bytes]:
    """A token's first byte, and the bytes that say how the reward is split; none where the link does not say so."""
    return (first, b"") if split is None else (first | _SPLIT, split.to_bytes(_SPLIT_BYTES, "big"))


@lru_cache(maxsize=4096)
def _store(store_id: str) -> tuple[bytes, bytes]:
    """The three bytes that say whose token it is, and the bytes that enter the tag."""
    raw = store_id.encode()
    return hashlib.sha256(raw).digest()[:3], b"\x1f" + raw


@lru_cache(maxsize=16_384)
def _link_part(link_id: str, program_id: str, ambassador_id: str) -> bytes | None:
    parts = (_pack(link_id, "lnk"), _pack(program_id, "prg"), _pack(ambassador_id, "amb"))
    return b"".join(part for part in parts if part is not None) if None not in parts else None


@lru_cache(maxsize=16_384)
def _link_ids(packed: bytes) -> tuple[str, ...]:
    return tuple(_unpack(prefix, packed[16 * n : 16 * n + 16]) for n, prefix in enumerate(("lnk", "prg", "amb")))


def _pack(identifier: str, prefix: str) -> bytes | None:
    """The 16 bytes of a time-ordered id, or None where it is none (an imported one) and must travel as text."""
    if identifier[:4] != prefix + "_" or _ULID.fullmatch(identifier, 4) is None:
        return None
    return int(identifier[4:].translate(_TO_PYTHON), 32).to_bytes(16, "big")


def _unpack(prefix: str, raw: bytes) -> str:
    value = int.from_bytes(raw, "big")
    return prefix + "_" + "".join([_PAIRS[value >> shift & 1023] for shift in range(120, -1, -10)])
