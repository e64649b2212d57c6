"""The manifest of links: routes, tables, jobs, and what it keeps open."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import cast

from contracts.events import Topic
from services.common.product import PRODUCT
from services.kernel.context import Context
from services.kernel.http.hot import HotRoute
from services.kernel.service import Service
from services.kernel.spool import Spool
from services.links.ambassadors.api import adding as ambassadors_adding
from services.links.ambassadors.api import console as ambassadors_console
from services.links.ambassadors.api import rest as ambassadors
from services.links.batches import api as batches
from services.links.changes.tables import METADATA
from services.links.clock import api as clock
from services.links.codes import api as codes
from services.links.codes import tables as _codes
from services.links.domains.api import console as domains_console
from services.links.domains.api import rest as domains
from services.links.embed.api import console as embed_console
from services.links.embed.api import script as embed
from services.links.keys import api as keys
from services.links.keys import tables as _keys
from services.links.links import api as links
from services.links.links import tables as _links
from services.links.pages import PAGES
from services.links.people import tables as _people
from services.links.portal import api as portal
from services.links.programs import tables as _programs
from services.links.programs.api import console as programs_console
from services.links.programs.api import rest as programs
from services.links.qr import api as qr
from services.links.redirect import api as redirect
from services.links.redirect.domain.agents import prepare_patterns
from services.links.redirect.hot.cache import LinkCache
from services.links.redirect.hot.clicks import Clicks, drain
from services.links.redirect.hot.dead_ends import DeadEnds
from services.links.redirect.hot.handler import PREFIX, TYPED_PREFIX, Redirect
from services.links.redirect.jobs import JOBS
from services.links.session import api as session
from services.links.session import tables as _session
from services.links.settings import LinksSettings
from services.links.stores import api as stores
from services.links.stores import tables as _stores

TABLES = (
    _keys.KEYS,
    _keys.IDENTIFY_SECRETS,
    _programs.PROGRAMS,
    _people.PEOPLE,
    _links.LINKS,
    _codes.CODES,
    _stores.STORE_DOMAINS,
    _session.USED_SIGN_INS,
)
"""Named so that METADATA is complete whenever the manifest is."""


@asynccontextmanager
async def open_resources(ctx: Context) -> AsyncIterator[Redirect]:
    """Opens the clicks' spool and the links' cache."""
    settings = LinksSettings()
    folder = ctx.settings.data_dir / "spool"
    await asyncio.to_thread(prepare_patterns)
    async with Spool(folder, "clicks", db=ctx.db, drain=drain, max_bytes=settings.spool_bytes) as spool:
        yield Redirect(
            ctx,
            cache=LinkCache(ctx.db, ctx.ring, most=settings.cached_links),
            clicks=Clicks(ctx.db, spool),
            dead_ends=DeadEnds(PAGES),
        )


def hot_routes(ctx: Context) -> Sequence[HotRoute]:
    """The redirect, which no framework stands before."""
    redirect = cast(Redirect, ctx.resources)
    return [
        HotRoute(method, f"{prefix}*", redirect.handle, quick=redirect.quick)
        for prefix in (PREFIX, TYPED_PREFIX)
        for method in ("GET", "HEAD")
    ]


SERVICE = Service(
    name="links",
    package="services.links",
    metadata=METADATA,
    product=PRODUCT,
    publishes=frozenset({Topic.CATALOG, Topic.CLICKS, Topic.AUDIT}),
    routes=(
        "/",
        "/v1/stores*",
        "/v1/keys*",
        "/v1/programs*",
        "/v1/ambassadors*",
        "/v1/links*",
        "/v1/codes*",
        "/v1/clock",
        "/r/*",
        "/R/*",
        "/p/*",
        "/kith.js",
        "/kith.*.js",
        "/assets/*",
        "/console/session*",
        "/console/links*",
    ),
    routers=(
        domains.router,  # before stores, of which /v1/stores/domains is none
        stores.router,
        keys.router,
        programs.router,
        batches.router,
        ambassadors.router,
        links.router,
        qr.router,
        codes.router,
        redirect.router,
        clock.router,
        embed.router,
        session.router,
        portal.router,
        programs_console.router,
        domains_console.router,
        ambassadors_adding.router,  # before the console's, of which …/new is no ambassador
        ambassadors_console.router,
        embed_console.router,
    ),
    hot=hot_routes,
    jobs=JOBS,
    resources=open_resources,
    pages=PAGES,
)
