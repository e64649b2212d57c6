"""The manifest of attribution: routes, tables, what it hears and what it keeps open."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import cast

from contracts.events import Topic
from services.attribution.codes import api as codes
from services.attribution.codes import tables as _codes
from services.attribution.decisions import consumer as decisions
from services.attribution.decisions import jobs as decisions_jobs
from services.attribution.decisions import tables as _decisions
from services.attribution.decisions.api import console as order_pages
from services.attribution.decisions.api import listing as order_list
from services.attribution.decisions.api import rest as decided
from services.attribution.hooks import api as hooks
from services.attribution.hooks import jobs as hooks_jobs
from services.attribution.hooks import tables as _hooks
from services.attribution.orders import api as orders
from services.attribution.orders import tables as _orders
from services.attribution.orders.hot.handler import Orders
from services.attribution.pages import PAGES
from services.attribution.settings import METADATA
from services.attribution.shopify import api as shopify
from services.attribution.shopify.hot import PREFIX as SHOPIFY
from services.attribution.shopify.hot import Shopify
from services.attribution.slices import consumer as slices
from services.attribution.slices import tables as _slices
from services.attribution.slices.actions import OwnPlaceholders
from services.attribution.tracking import api as tracking
from services.attribution.tracking import tables as _tracking
from services.attribution.tracking.actions import take_lines
from services.attribution.tracking.hot import Tracks
from services.common.product import PRODUCT
from services.kernel.context import Context
from services.kernel.http.hot import HotRoute
from services.kernel.service import Service
from services.kernel.spool import Spool

_TABLES = (_slices, _codes, _decisions, _hooks, _orders, _tracking)
"""Named so that METADATA is complete whenever the manifest is."""

Resources = dict[type, object]
"""What lives as long as the process, by its class."""


@asynccontextmanager
async def open_resources(ctx: Context) -> AsyncIterator[Resources]:
    """Opens the spool of pages' reports and the group commits of orders and deliveries."""
    placeholders = OwnPlaceholders(ctx.db)
    taken, delivered = Orders(ctx, placeholders), Shopify(ctx, placeholders)
    async with (
        placeholders.kept_fresh(),
        Spool(ctx.settings.data_dir / "spool", "tracks", db=ctx.db, drain=take_lines) as spool,
        taken.group,
        delivered.group,
    ):
        yield {
            Orders: taken,
            Shopify: delivered,
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
        HotRoute("POST", f"{SHOPIFY}*", cast(Shopify, resources[Shopify]).handle),
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
        "/v1/hooks*",
        "/v1/codes/*/check",
        "/v1/codes/*/redeem",
        "/console/attribution*",
    ),
    routers=(
        orders.router,
        decided.router,
        tracking.router,
        codes.router,
        hooks.router,
        shopify.router,
        order_list.router,
        order_pages.router,
    ),
    hot=hot_routes,
    handlers=(*slices.HANDLERS, *decisions.HANDLERS),
    due_jobs=(*decisions_jobs.DUE_JOBS, *hooks_jobs.DUE_JOBS),
    keyed_jobs=decisions_jobs.keyed_jobs,
    resources=open_resources,
    pages=PAGES,
)
