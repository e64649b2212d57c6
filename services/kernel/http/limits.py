"""Rate limits: of look-ups that could be guessed (promo codes, sign-in, hooks with a bad signature), and of what may be
written with a key that everybody can read.

Counted in this process, per key and address. With several replicas the limit is that many times higher: it is there to
make guessing and flooding hopeless, not to bill anybody.

    @router.post("/v1/codes/{code}/check", dependencies=[limit("code-check", per_minute=60)])
"""

import math
import time
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Depends
from starlette.requests import Request
from starlette.types import Scope

from services.kernel.context import Context
from services.kernel.errors import TooMany
from services.kernel.http.address import client_address

LIMITERS: Final = "kith.limiters"
HEADERS: Final = "kith.headers"
"""Scope keys: the edge's limiters by name; header pairs that the edge adds to the answer, whatever it is."""

_WINDOW_S: Final = 60.0
_MOST_KEYS: Final = 50_000


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a caller stands: `remaining` requests now, all of them again in `reset_s`, the next in `retry_after_s`."""

    allowed: bool
    remaining: int
    reset_s: int
    retry_after_s: int


class Limiter:
    """A bucket per key that refills steadily: `per_minute` at most in a burst, and that many a minute on average."""

    clock = staticmethod(time.monotonic)
    """Seconds of whichever clock buckets refill by."""

    def __init__(self, name: str, *, per_minute: int) -> None:
        self.name = name
        self.per_minute = per_minute
        self._each_s = _WINDOW_S / per_minute
        self._full_at: dict[str, float] = {}
        """Per key the moment at which its bucket is full again; a key that is not here has a full one."""

    def take(self, key: str, *, now: float | None = None, cost: int = 1) -> Standing:
        """Takes `cost` from the bucket if it is there; with a cost of 0 only looks."""
        moment = self.clock() if now is None else now
        allowed = self._spend(key, moment, cost)
        used_s = max(self._full_at.get(key, 0.0), moment) - moment
        remaining = max(0, int((_WINDOW_S - used_s) / self._each_s + 1e-9))
        wait = 0 if remaining else math.ceil(used_s + self._each_s - _WINDOW_S)
        return Standing(allowed, remaining, math.ceil(used_s), max(wait, 0 if allowed else 1))

    def _spend(self, key: str, moment: float, cost: int) -> bool:
        """Whether there was enough in the bucket, of which the cost is gone then."""
        known = self._full_at.get(key, 0.0)
        after = (known if known > moment else moment) + cost * self._each_s
        if after - moment > _WINDOW_S + 1e-9:
            return False
        if cost:
            if len(self._full_at) >= _MOST_KEYS and key not in self._full_at:
                self._forget(moment)
            self._full_at[key] = after
        return True

    def enforce(self, scope: Scope, key: str, *, cost: int = 1) -> None:
        """`take`, with the standing in the answer's headers. Raises `TooMany`."""
        standing = self.take(key, cost=cost)
        self._add_headers(scope, standing)
        if not standing.allowed or (cost == 0 and not standing.remaining):
            raise self._refusal(standing)

    def admit(self, scope: Scope, key: str) -> None:
        """`enforce` for hot ways: where the caller stands is worked out for a refusal only."""
        moment = self.clock()
        if not self._spend(key, moment, 1):
            standing = self.take(key, now=moment, cost=0)
            self._add_headers(scope, standing)
            raise self._refusal(standing)

    def _add_headers(self, scope: Scope, standing: Standing) -> None:
        scope.setdefault(HEADERS, []).extend(
            (
                (b"ratelimit-policy", f'"{self.name}";q={self.per_minute};w={int(_WINDOW_S)}'.encode()),
                (b"ratelimit", f'"{self.name}";r={standing.remaining};t={standing.reset_s}'.encode()),
            )
        )

    def _refusal(self, standing: Standing) -> TooMany:
        return TooMany(
            f"Too many requests of this kind: {self.per_minute} a minute. Try again in {standing.retry_after_s} s.",
            code="rate_limited",
            headers={"Retry-After": str(max(1, standing.retry_after_s))},
        )

    def _forget(self, now: float) -> None:
        self._full_at = {key: at for key, at in self._full_at.items() if at > now}
        if len(self._full_at) >= _MOST_KEYS:
            # Somebody uses many addresses at once. Starting over is kinder than refusing everybody.
            self._full_at.clear()


def limiter_of(scope: Scope, name: str, *, per_minute: int) -> Limiter:
    """The limiter of this name in the service that answers this request."""
    limiters: dict[str, Limiter] = scope[LIMITERS]
    found = limiters.get(name)
    if found is None:
        found = limiters[name] = Limiter(name, per_minute=per_minute)
    return found


def caller_key(scope: Scope, ctx: Context) -> str:
    """Whom a limit counts: the address together with the credential sent, so that neighbours do not share a bucket."""
    sent = b""
    for header, value in scope["headers"]:
        if header == b"authorization":
            # The tag at a key's end tells keys apart; keys that are made up share a bucket per address.
            sent = value[:60] if ctx.ring.verified.get(value[7:].decode("latin-1")) is not None else b"?"
    return f"{client_address(scope, trusted=ctx.settings.trusted_proxies)} {sent.decode('latin-1')}"


def limit(name: str, *, per_minute: int) -> Any:
    """A dependency that counts each request, per key and address."""

    async def dependency(request: Request) -> None:
        scope = request.scope
        limiter_of(scope, name, per_minute=per_minute).enforce(scope, caller_key(scope, scope["kith.context"]))

    return Depends(dependency)
