"""The manifest of attribution: routes, tables, what it receives, what the clock starts and what it keeps open."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import cast

from contracts.events import Topic
from services.attribution.appeals import consumer as appeals_consumer
from services.attribution.appeals import tables as _appeals
from services.attribution.appeals.api import console as appeals_console
from services.attribution.appeals.api import rest as appeals
from services.attribution.codes import api as codes
from services.attribution.codes import tables as _codes
from services.attribution.custom_events import consumer as custom_events_consumer
from services.attribution.custom_events import jobs as custom_events_jobs
from services.attribution.custom_events import tables as _custom_events
from services.attribution.custom_events.api import rest as custom_events
from services.attribution.decisions import consumer as decisions_consumer
from services.attribution.decisions import jobs as decisions_jobs
from services.attribution.decisions import tables as _decisions
from services.attribution.decisions.api import console as decisions_console
from services.attribution.decisions.api import listing as decisions_listing
from services.attribution.decisions.api import rest as decisions
from services.attribution.friend_numbers import api as friend_numbers
from services.attribution.friend_numbers import tables as _friend_numbers
from services.attribution.joins import tables as _joins
from services.attribution.moved import jobs as moved_jobs
from services.attribution.moved import tables as _moved
from services.attribution.orders import api as orders
from services.attribution.orders import tables as _orders
from services.attribution.orders.hot.handler import Orders
from services.attribution.pages import PAGES
from services.attribution.portal import api as portal
from services.attribution.settings import METADATA
from services.attribution.slices import consumer as slices_consumer
from services.attribution.slices import tables as _slices
from services.attribution.tracking import api as tracking
from services.attribution.tracking import tables as _tracking
from services.attribution.tracking.actions import take_lines
from services.attribution.tracking.hot import Tracks
from services.common.own_placeholders import OwnPlaceholders
from services.common.product import PRODUCT
from services.kernel.context import Context
from services.kernel.http.hot import HotRoute
from services.kernel.service import Service
from services.kernel.spool import Spool

_TABLES = (_appeals, _slices, _codes, _custom_events, _decisions, _friend_numbers, _joins, _moved, _orders, _tracking)
"""Named so that METADATA is complete whenever the manifest is."""

Resources = dict[type, object]
"""What lives as long as the process, by its class."""


@asynccontextmanager
async def open_resources(ctx: Context) -> AsyncIterator[Resources]:
    """Opens the spool of pages' reports and the group commit of orders."""
    placeholders = OwnPlaceholders(ctx.db)
    taken = Orders(ctx, placeholders)
    async with (
        placeholders.kept_fresh(),
        Spool(ctx.settings.data_dir / "spool", "tracks", db=ctx.db, drain=take_lines) as spool,
        taken.group,
    ):
        yield {
            Orders: taken,
            Tracks: Tracks(ctx, spool, placeholders),
            OwnPlaceholders: placeholders,
        }


def hot_routes(ctx: Context) -> Sequence[HotRoute]:
    """What no framework stands before."""
    resources = cast(Resources, ctx.resources)
    orders, tracks = cast(Orders, resources[Orders]), cast(Tracks, resources[Tracks])
    return [
        HotRoute("POST", "/v1/orders", orders.handle, quick=orders.quick),
        HotRoute("POST", "/v1/track", tracks.handle, cors=True, quick=tracks.quick),
    ]


SERVICE = Service(
    name="attribution",
    package="services.attribution",
    metadata=METADATA,
    product=PRODUCT,
    publishes=frozenset({Topic.TRACKING, Topic.ORDERS, Topic.CONVERSIONS, Topic.AUDIT}),
    routes=(
        "/v1/track",
        "/v1/identify",
        "/v1/orders*",
        "/v1/events*",
        "/v1/codes/*/check",
        "/v1/codes/*/redeem",
        "/v1/appeals*",
        "/p/friends*",
        "/p/appeals",
        "/console/attribution*",
    ),
    routers=(
        orders.router,
        custom_events.router,
        decisions.router,
        tracking.router,
        codes.router,
        decisions_listing.router,
        decisions_console.router,
        appeals.router,
        appeals_console.router,
        friend_numbers.router,
        portal.router,
    ),
    hot=hot_routes,
    handlers=(
        *slices_consumer.HANDLERS,
        *decisions_consumer.HANDLERS,
        *custom_events_consumer.HANDLERS,
        *appeals_consumer.HANDLERS,
    ),
    due_jobs=(*decisions_jobs.DUE_JOBS, *custom_events_jobs.DUE_JOBS, *moved_jobs.DUE_JOBS),
    keyed_jobs=decisions_jobs.keyed_jobs,
    resources=open_resources,
    pages=PAGES,
)
