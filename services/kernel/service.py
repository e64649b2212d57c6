"""A service's manifest: everything a runner, a gateway or a linter needs to know about it, in one value."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from fastapi import APIRouter
from sqlalchemy import MetaData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from contracts.events import Payload, Topic
from services.kernel.auth.scopes import NONE, Scopes
from services.kernel.bus.port import Event
from services.kernel.bus.topics import TopicSpec
from services.kernel.db import Tx

if TYPE_CHECKING:
    from services.kernel.context import Context
    from services.kernel.http.hot import HotRoute
    from services.kernel.reseal import Sealed
    from services.kernel.work import TaskKind

Role: TypeAlias = Literal["web", "consume", "work"]
"""What a process does: answers requests; handles events and what the clock starts; runs tasks that talk to others."""
ROLES: frozenset[Role] = frozenset(("web", "consume", "work"))


class TooMuch(Exception):
    """What a handler raises when a batch's events reach more than one transaction should hold: it then gets fewer of
    them. Never of what a single event reaches.
    """


HandleEvents = Callable[[Tx, Sequence[Event[Any]]], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """What to do with events of these types. Called with all of a batch's events at once, in order, in one transaction
    that sees their stores; when that fails, again with fewer events. Must take duplicates and any order between keys in
    its stride. May raise `TooMuch`.
    """

    events: tuple[type[Payload], ...]
    handle: HandleEvents
    group: str | None = None
    """Name of a consumer group of its own within the service: its pace and its failures then hold up nobody else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Work by the clock, in every replica of its role; the job itself makes sure that replicas do not collide."""

    name: str
    every_s: float
    role: Role = "consume"
    run: Callable[["Context"], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DueJob:
    """Work that a store asked for at a moment (`kernel.due.schedule`). `run` gets the stores whose time has come, in
    one transaction that sees them and that no other replica works on, and returns the next moment for each store, or
    leaves it out.
    """

    name: str
    run: Callable[[Tx, Sequence[str]], Awaitable[dict[str, Any]]]
    stores: int = 50
    """Stores that one transaction works on: 1 where one of them may take long, which holds up no other then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What the runtime must know of the product that it runs: the same in all of its services' manifests."""

    scopes: Scopes = NONE
    """What keys and sessions can allow."""
    topics: tuple[TopicSpec, ...] = ()
    """The pipes between its services."""
    handlers: tuple[Handler, ...] = ()
    """What every service handles, before its own: what it must keep of the product's stores."""


class PageKit(Protocol):
    """What the edge needs of the kit that a service's pages are made with."""

    policy: str
    """The `Content-Security-Policy` of a page."""

    def routes(self) -> Sequence[BaseRoute]:
        """Where browsers load the files that pages name."""

    def error_page(
        self, request: Request, *, status: int, code: str, detail: str, request_id: str, home: str
    ) -> Response:
        """The page for a failure. `home`: where the way on leads, "" for nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Service:
    """One of the product's services. Each is equal to itself alone."""

    name: str
    package: str
    """Dotted name of its package; migrations and pages are found under it."""
    metadata: MetaData
    product: Product = field(default_factory=Product)
    routes: tuple[str, ...]
    """Public path patterns, most of them prefixes: `/v1/orders*`. Gateways and the embedded dispatcher use them; the
    longest match wins, so `/v1/codes/*/check` can belong to another service than `/v1/codes*`."""
    routers: tuple[APIRouter, ...] = ()
    hot: Callable[["Context"], Sequence["HotRoute"]] = field(default=lambda _: ())
    publishes: frozenset[Topic] = frozenset()
    """Topics that its outbox writes to."""
    handlers: tuple[Handler, ...] = ()
    """In the order in which a batch's events are handled: what is set up before what happens."""
    jobs: tuple[Job, ...] = ()
    due_jobs: tuple[DueJob, ...] = ()
    keyed_jobs: Callable[["Context"], Sequence[DueJob]] = field(default=lambda _: ())
    """Due jobs that need more than their stores' rows: a key, say."""
    work: tuple["TaskKind", ...] = ()
    """Kinds of tasks that talk to somebody outside; workers run them (`kernel.work`)."""
    sealed: tuple["Sealed", ...] = ()
    """Where its tables keep credentials under its own sealing keys (`kernel.auth.sealing`); with any, it does not start
    without them.
    """
    resources: Callable[["Context"], AbstractAsyncContextManager[Any]] | None = None
    """Opens what lives as long as the process (a spool, a group commit, a cache); found as `context.resources`."""
    pages: PageKit | None = None
    """What renders its pages, and failures for people who followed a link."""

    @property
    def folder(self) -> Path:
        """Where the package lies on disk."""
        import importlib.util

        spec = importlib.util.find_spec(self.package)
        if spec is None or not spec.submodule_search_locations:
            raise LookupError(f"package {self.package} is not installed")
        return Path(next(iter(spec.submodule_search_locations)))
