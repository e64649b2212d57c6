"""The manifest of connectors: routes, tables, what it receives and does."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import cast

from contracts.events import Topic
from services.common.own_placeholders import OwnPlaceholders
from services.common.product import PRODUCT
from services.connectors.accounts import actions as accounts
from services.connectors.accounts import tables as _accounts
from services.connectors.accounts.domain import ACCESS, FORMER, SECRET, hint_of
from services.connectors.connections import work as app_calls
from services.connectors.connections.api import console as connections_console
from services.connectors.connections.api import former, install, privacy
from services.connectors.connections.api import rest as connections
from services.connectors.endpoints import consumer as endpoints_consumer
from services.connectors.endpoints import jobs as endpoints_jobs
from services.connectors.endpoints import tables as _endpoints
from services.connectors.endpoints import work as endpoints_work
from services.connectors.endpoints.api import console as endpoints_console
from services.connectors.endpoints.api import rest as endpoints
from services.connectors.endpoints.domain.signing import SECRET as ENDPOINT_SECRET
from services.connectors.guides.api import console as guides_console
from services.connectors.history import jobs as history_jobs
from services.connectors.history import tables as _history
from services.connectors.history import work as history_work
from services.connectors.history.api import console as history_console
from services.connectors.history.api import rest as history
from services.connectors.inbox import jobs as inbox
from services.connectors.inbox import tables as _inbox
from services.connectors.inbox import work as read_back
from services.connectors.inbox.domain import BODY
from services.connectors.inbox.hot import door as doors
from services.connectors.inbox.hot.box import Inbox
from services.connectors.inbox.hot.door import Door
from services.connectors.pages import PAGES
from services.connectors.payments import tables as _payments
from services.connectors.platforms.domain.registry import PLATFORMS
from services.connectors.polls import jobs as polls_jobs
from services.connectors.polls import tables as _polls
from services.connectors.polls import work as polls_work
from services.connectors.polls.api import console as polls_console
from services.connectors.polls.api import rest as polls
from services.connectors.remote_codes import tables as _remote_codes
from services.connectors.settings import METADATA
from services.connectors.slices import consumer as slices
from services.connectors.slices import tables as _slices
from services.connectors.store_codes import consumer as codes_consumer
from services.connectors.store_codes import tables as _codes
from services.connectors.store_codes.api import console as codes_console
from services.connectors.store_codes.api import rest as codes_rest
from services.connectors.store_codes.work import turns as codes_work
from services.kernel.context import Context
from services.kernel.http.hot import HotRoute
from services.kernel.reseal import Sealed
from services.kernel.service import DueJob, Job, Service

_TABLES = (_accounts, _codes, _endpoints, _history, _inbox, _payments, _polls, _remote_codes, _slices)
"""Named so that METADATA is complete whenever the manifest is."""

Resources = dict[type, object]
"""What lives as long as the process, by its class."""


@asynccontextmanager
async def open_resources(ctx: Context) -> AsyncIterator[Resources]:
    """Opens the inbox and its door."""
    placeholders = OwnPlaceholders(ctx.db)
    async with placeholders.kept_fresh(), Inbox(ctx, PLATFORMS, placeholders).opened() as box:
        yield {Inbox: box, Door: Door(ctx, box, PLATFORMS)}


def hot_routes(ctx: Context) -> Sequence[HotRoute]:
    """What no framework stands before."""
    resources = cast(Resources, ctx.resources)
    handle = cast(Door, resources[Door]).handle
    return [HotRoute("POST", f"{doors.PREFIX}*", handle), HotRoute("POST", f"{doors.FORMER}shopify/*", handle)]


def keyed_jobs(ctx: Context) -> Sequence[DueJob]:
    """Jobs that need the service's keys."""
    return [inbox.reading_job(ctx, PLATFORMS)]


SERVICE = Service(
    name="connectors",
    package="services.connectors",
    metadata=METADATA,
    product=PRODUCT,
    sealed=(
        Sealed(table="hooks", key="hook_id", column="secret", purpose=SECRET),
        Sealed(table="hooks", key="hook_id", column="former_secret", purpose=FORMER),
        Sealed(
            table="hooks",
            key="hook_id",
            column="access",
            purpose=ACCESS,
            for_workers=True,
            hint=("access_hint", hint_of),
        ),
        Sealed(table="deliveries", key="delivery_id", column="body", purpose=BODY),
        Sealed(table="endpoint_secrets", key="secret_id", column="secret", purpose=ENDPOINT_SECRET),
    ),
    publishes=frozenset({Topic.ORDERS, Topic.AUDIT, Topic.CHECKOUTS}),
    routes=(
        "/in/*",
        "/v1/connections*",
        "/v1/hooks*",
        "/v1/webhook-endpoints*",
        "/v1/deliveries*",
        "/console/connectors*",
    ),
    routers=(
        connections.router,
        former.router,
        install.router,
        privacy.router,
        connections_console.router,
        polls.router,
        polls_console.router,
        history.router,
        history_console.router,
        guides_console.router,
        codes_rest.router,
        codes_console.router,
        endpoints.router,
        endpoints_console.router,
    ),
    hot=hot_routes,
    handlers=(*slices.HANDLERS, *endpoints_consumer.HANDLERS, *codes_consumer.HANDLERS),
    jobs=(Job(name="connectors.opening-keys", every_s=30, run=accounts.publish, role="work"),),
    due_jobs=(*inbox.DUE_JOBS, *endpoints_jobs.DUE_JOBS, *history_jobs.DUE_JOBS, *polls_jobs.DUE_JOBS),
    keyed_jobs=keyed_jobs,
    work=(
        *endpoints_work.TASK_KINDS,
        *read_back.TASK_KINDS,
        *app_calls.TASK_KINDS,
        *polls_work.TASK_KINDS,
        *history_work.TASK_KINDS,
        *codes_work.TASK_KINDS,
    ),
    resources=open_resources,
    pages=PAGES,
)
