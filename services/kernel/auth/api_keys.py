"""API keys that carry their own proof: store, key id, scopes and a tag, so that no service needs a table to check one.

    kith_sk_k1_01jd…_01jd…_7fffe_6d1c…      kind, kid, store, key, scopes as hex bits, 128 bits of tag
    kith_pk_…                               the same for browsers: may track, and nothing else

Revocation is not decided here: whoever calls `read` also asks `LiveState.revoked` (kernel.http.call does).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from services.kernel.auth.principal import Principal
from services.kernel.auth.ring import KeyRing
from services.kernel.errors import Unauthorized

KeyKind = Literal["sk", "pk"]
CallerKind = Literal["sk", "pk", "session", "operator"]

_PURPOSE: Final = "api-key"
_TAG_BYTES: Final = 16
_MOST_REMEMBERED: Final = 10_000
_SHAPE = re.compile(
    r"(kith_(sk|pk)_([a-z0-9]{1,12})_([0-9a-z]{1,40})_([0-9a-z]{1,40})_([0-9a-f]{1,16}))_([0-9a-f]{32})", re.ASCII
)
_CLAIM = re.compile(r"kith_[sp]k_[a-z0-9]{1,12}_([0-9a-z]{26})_", re.ASCII)
_ID = re.compile(r"[a-z]{3}_([0-9a-z]{1,40})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling. `key_id` names the key, for a person at the console the one that signed in; or `operator`."""

    store_id: str
    key_id: str
    kind: CallerKind
    scopes: frozenset[str]
    session_id: str = ""
    """For a person at the console."""

    @property
    def principal(self) -> Principal:
        """Who acts, when this caller does."""
        if self.kind == "session":
            return Principal("member", self.key_id, self.session_id)
        return Principal("operator" if self.kind == "operator" else "key", self.key_id)

    @property
    def claimant(self) -> str:
        """Who asks, for what must be answered to nobody else: a key, or a session."""
        return f"{self.key_id}:{self.session_id}" if self.session_id else self.key_id


def issue(ring: KeyRing, *, kind: KeyKind, store_id: str, key_id: str, scopes: Iterable[str] | None = None) -> str:
    """Makes a key; equal inputs make the equal key. `store_id` is `str_…`, `key_id` is `key_…`.

    `scopes` None means what this kind usually has. Raises `ValueError` for an unknown scope, or for one that a
    publishable key must never hold.
    """
    known = ring.scopes
    usual = known.usual if kind == "sk" else known.publishable
    # What comes along with these scopes is not written down: the key of an older day stays the same, letter for letter.
    mask = known.to_mask(usual if scopes is None else scopes)
    if kind == "pk" and not known.from_mask(mask) <= known.publishable:
        raise ValueError("a publishable key may only track")
    store, key = _bare(store_id, "str"), _bare(key_id, "key")
    body = f"kith_{kind}_{ring.signing_kid}_{store}_{key}_{mask:x}"
    _, tag = ring.tag(_PURPOSE, body.encode())
    return f"{body}_{tag[:_TAG_BYTES].hex()}"


def read(ring: KeyRing, text: str) -> Caller:
    """Who holds this key. Raises `Unauthorized` for whatever is not a key of ours, saying nothing about why."""
    caller = ring.verified.get(text)
    if isinstance(caller, Caller):
        return caller
    match = _SHAPE.fullmatch(text)
    if match is None:
        raise _refusal()
    body, kind, kid, store, key, mask, tag = match.groups()
    if not ring.verify(_PURPOSE, kid, body.encode(), bytes.fromhex(tag)):
        raise _refusal()
    scopes = ring.scopes.from_mask(int(mask, 16))
    caller = Caller(
        store_id=f"str_{store}",
        key_id=f"key_{key}",
        kind="sk" if kind == "sk" else "pk",
        scopes=scopes if kind == "sk" else scopes & ring.scopes.publishable,
    )
    if len(ring.verified) >= _MOST_REMEMBERED:
        ring.verified.clear()
    ring.verified[text] = caller
    return caller


def claimed_store(text: str) -> str | None:
    """The store that a key names which is none of ours: it was cut off, or changed, or somebody made it up."""
    match = _CLAIM.match(text)
    return f"str_{match[1]}" if match is not None else None


def _bare(identifier: str, prefix: str) -> str:
    match = _ID.fullmatch(identifier)
    if match is None or not identifier.startswith(f"{prefix}_"):
        raise ValueError(f"{identifier} is not a {prefix}_… id")
    return match.group(1)


def _refusal() -> Unauthorized:
    return Unauthorized("This API key is not valid.", code="invalid_key", headers={"WWW-Authenticate": "Bearer"})
