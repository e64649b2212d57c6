"""What an endpoint gets instead of a request: a `Call` that knows its caller, its store, and how to answer a POST once.

@router.post("/v1/links", status_code=201, response_model=LinkOut)
async def post_link(body: LinkIn, call: Annotated[Call, require("links:write")]) -> Response:
    return await call.once(lambda tx: actions.make_link(tx, call.store_id, body), answer=LinkOut.of)

@router.get("/v1/links")
async def get_links(call: Annotated[Call, require("links:read")]) -> Page[LinkOut]:
    async with call.transaction() as tx: …
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from weakref import WeakValueDictionary

import asyncpg
import orjson
from fastapi import Depends
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from services.kernel.auth.api_keys import Caller
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.http import idempotency
from services.kernel.http.console import read_console_caller, wants_page
from services.kernel.http.credentials import admit as admit_to
from services.kernel.http.credentials import authenticate, authenticate_operator, demand
from services.kernel.http.idempotency import Claim, Stored
from services.kernel.http.problems import HttpError

R = TypeVar("R")
Reveal = Callable[[dict[str, Any]], Mapping[str, Any]]

CONTEXT: Final = "kith.context"
REQUEST_ID: Final = "kith.request_id"
"""Scope keys that the edge fills."""
SCOPES: Final = "kith.scopes"
"""Scope key of what the caller may do, once somebody was let through: pages lead nobody where they may not go."""

_REPLAYED: Final = {"idempotent-replayed": "true"}
_in_flight: WeakValueDictionary[tuple[str, ...], asyncio.Lock] = WeakValueDictionary()


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request. `store_id` is `*` for the operator."""

    ctx: Context
    caller: Caller
    store_id: str
    request_id: str
    request: Request

    def transaction(self, *, stores: Iterable[str] = ()) -> AbstractAsyncContextManager[Tx]:
        """A transaction that sees the caller's store, and those named here (an operator's own choice)."""
        return self.ctx.db.transaction(
            [self.store_id, *stores], actor=self.caller.principal, request_id=self.request_id
        )

    def snapshot(self) -> AbstractAsyncContextManager[Tx]:
        """A transaction that only reads, and whose statements all see the same moment."""
        return self.ctx.db.transaction([self.store_id], snapshot=True, actor=self.caller.principal)

    async def once(
        self,
        action: Callable[[Tx], Awaitable[R]],
        *,
        answer: Callable[[R], BaseModel],
        status: int = 201,
        reveal: Reveal | None = None,
        stores: Iterable[str] = (),
        key: str | None = None,
    ) -> Response:
        """Runs the action in one transaction and answers what it made; with an Idempotency-Key, once for all.

        Same key and body: the stored answer. Another body: 422. At the same time: the second waits for the first.
        `answer` renders the result, without secrets and personal data, since it may be stored; `reveal` adds these to
        what is sent, derived anew each time. `stores` are further stores that the transaction must see. `key` is the
        header's, where a form brings it. The action may run again when the database rolls it back for a deadlock.
        """
        raw_key = key or self.request.headers.get("idempotency-key")
        known = idempotency.read_key(raw_key.encode("latin-1") if raw_key is not None else None)
        if known is None:
            return await _again_if_rolled_back(lambda: self._first(action, answer, status, reveal, stores, None))
        scope = self.request.scope
        taken = Claim(
            self.store_id,
            self.caller.claimant,
            f"{scope['method']} {scope['path']}",
            known,
            idempotency.body_hash(self.ctx.ring, await self.request.body()),
        )
        # Equal requests queue here, not in the database, where each would hold a connection while it waits.
        lock = _in_flight.setdefault((self.ctx.service, *taken.identity), asyncio.Lock())
        async with lock:
            return await _again_if_rolled_back(lambda: self._first(action, answer, status, reveal, stores, taken))

    async def _first(
        self,
        action: Callable[[Tx], Awaitable[R]],
        answer: Callable[[R], BaseModel],
        status: int,
        reveal: Reveal | None,
        stores: Iterable[str],
        taken: Claim | None,
    ) -> Response:
        """One try: the stored answer, or the action and its answer, which is kept if a key was taken."""
        async with self.transaction(stores=stores) as tx:
            if taken is not None:
                (found,) = await idempotency.claim(tx, [taken])
                if isinstance(found, Stored):
                    return _answer(found.body, found.status, reveal, headers=_REPLAYED)
                if found is not None:
                    raise idempotency.reused()
            body = _render(answer(await action(tx)))
            if taken is not None:
                await idempotency.keep(tx, [(taken, status, body)])
        return _answer(body, status, reveal)


async def _again_if_rolled_back(attempt: Callable[[], Awaitable[Response]]) -> Response:
    """Runs an attempt, up to three times while the database rolls it back for a deadlock or a clash of versions.

    Nothing of such an attempt is left, so trying again is safe; a connection lost in mid-commit is not tried again.
    """
    for _ in range(2):
        try:
            return await attempt()
        except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError):
            continue
    return await attempt()


class Guard:
    """A dependency that lets callers of one kind through. Knows its kind and scope, for the API's description."""

    __slots__ = ("admit", "kind", "scope")

    def __init__(self, admit: Callable[[Request], Caller], *, kind: str, scope: str | None) -> None:
        self.admit = admit
        """Who calls, or what is raised. The edge asks it too, before it reads a body."""
        self.kind = kind
        self.scope = scope

    async def __call__(self, request: Request) -> Call:
        """The call. Async, since the framework would send a plain function to a thread."""
        caller = self.admit(request)
        request.scope[SCOPES] = caller.scopes
        return Call(request.scope[CONTEXT], caller, caller.store_id, request.scope[REQUEST_ID], request)


def require(scope: str) -> Any:
    """Admits secret keys that have this scope (and, for `track` alone, publishable keys)."""

    def admit(request: Request) -> Caller:
        ctx = _context(request)
        caller = authenticate(ctx, _authorization(request), origin=_origin(request))
        admit_to(ctx, caller, scope)
        return caller

    return Depends(Guard(admit, kind="key", scope=scope))


def operator() -> Any:
    """Admits the operator's key."""

    def admit(request: Request) -> Caller:
        return authenticate_operator(_context(request), _authorization(request), origin=_origin(request))

    return Depends(Guard(admit, kind="operator", scope=None))


def viewer(scope: str, *, else_to: tuple[str, str] | None = None) -> Any:
    """Admits a person signed in at the console, or a secret key, with this scope.

    A browser without a session is sent to sign in; writes by session must come from our own pages. `else_to` is a scope
    and a page: a person who has that scope only is led there, by 303, and not refused.
    """

    def admit(request: Request) -> Caller:
        raw = _authorization(request)
        ctx = _context(request)
        known = raw is not None
        caller = authenticate(ctx, raw, origin=_origin(request)) if known else read_console_caller(ctx, request)
        if else_to is not None and scope not in caller.scopes and else_to[0] in caller.scopes and wants_page(request):
            raise HttpError(303, "This page is for others.", code="missing_scope", headers={"Location": else_to[1]})
        demand(caller, scope)
        return caller

    return Depends(Guard(admit, kind="viewer", scope=scope))


def _context(request: Request) -> Context:
    context = request.scope[CONTEXT]
    assert isinstance(context, Context)
    return context


def _authorization(request: Request) -> bytes | None:
    value = request.headers.get("authorization")
    return value.encode("latin-1") if value is not None else None


def _origin(request: Request) -> bytes | None:
    value = request.headers.get("origin")
    return value.encode("latin-1") if value is not None else None


def _render(model: BaseModel) -> bytes:
    return model.__pydantic_serializer__.to_json(model, by_alias=True)


def _answer(
    body: bytes,
    status: int,
    reveal: Reveal | None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    if reveal is not None:
        body = orjson.dumps(dict(reveal(orjson.loads(body))))
    return Response(body, status_code=status, media_type="application/json", headers=headers)
