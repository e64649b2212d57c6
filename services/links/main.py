"""The manifest of links: routes, tables, what the clock starts and what it keeps open."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import cast

import structlog

from contracts.events import Topic
from services.common.product import PRODUCT
from services.kernel.context import Context
from services.kernel.db import is_transient
from services.kernel.http.hot import HotRoute
from services.kernel.reseal import Sealed
from services.kernel.service import Service
from services.kernel.spool import Spool
from services.links.activity import consumer as activity_consumer
from services.links.activity import tables as _activity
from services.links.ambassadors import jobs as ambassadors_jobs
from services.links.ambassadors.api import adding as ambassadors_adding
from services.links.ambassadors.api import console as ambassadors_console
from services.links.ambassadors.api import rest as ambassadors
from services.links.applicants import tables as _applicants
from services.links.batches.api import console as batches_console
from services.links.batches.api import rest as batches
from services.links.batches.api import sheet as batches_sheet
from services.links.bounces import api as bounces
from services.links.budgets import consumer as budgets_consumer
from services.links.budgets import tables as _budgets
from services.links.changes import tables as _changes
from services.links.clock import api as clock
from services.links.codes import api as codes
from services.links.codes import tables as _codes
from services.links.domains.api import console as domains_console
from services.links.domains.api import rest as domains
from services.links.embed.api import console as embed_console
from services.links.embed.api import script as embed
from services.links.hosts.api import ask as hosts_ask
from services.links.hosts.api import console as hosts_console
from services.links.hosts.api import rest as hosts
from services.links.hosts.api import start as hosts_start
from services.links.invites import tables as _invites
from services.links.inviting import jobs as inviting_jobs
from services.links.inviting import work as inviting_work
from services.links.inviting.api import console as inviting_console
from services.links.inviting.api import door as inviting_door
from services.links.inviting.api import rest as inviting
from services.links.join import api as join
from services.links.join import jobs as join_jobs
from services.links.join import work as join_work
from services.links.keys import api as keys
from services.links.keys import consumer as keys_consumer
from services.links.keys import tables as _keys
from services.links.landing.api import console as landing_console
from services.links.landing.api import public as landing
from services.links.links import tables as _links
from services.links.links.api import console as links_console
from services.links.links.api import rest as links
from services.links.looks import tables as _looks
from services.links.looks.api import console as looks_console
from services.links.looks.api import public as looks_public
from services.links.looks.api import rest as looks
from services.links.mail import jobs as mail_jobs
from services.links.mail import tables as _mail
from services.links.mail import work as mail_work
from services.links.mail.api import console as mail_console
from services.links.mail.api import rest as mail
from services.links.mail.work import Composers
from services.links.materials import jobs as materials_jobs
from services.links.materials import tables as _materials
from services.links.materials.api import console as materials_console
from services.links.materials.api import portal as materials_portal
from services.links.materials.api import public as materials_public
from services.links.materials.api import rest as materials
from services.links.materials.hot import Materials
from services.links.notices import consumer as notices_consumer
from services.links.notices import jobs as notices_jobs
from services.links.notices import tables as _notices
from services.links.notices import work as notices_work
from services.links.notices.api import announcements, announcing, snippet
from services.links.notices.api import console as notices_console
from services.links.notices.api import preferences as notices_preferences
from services.links.notices.api import rest as notices
from services.links.offers import api as offers
from services.links.pages import PAGES
from services.links.people import tables as _people
from services.links.phone_codes import tables as _phone_codes
from services.links.portal import work as portal_work
from services.links.portal.api import console as portal_console
from services.links.portal.api import door as portal_door
from services.links.portal.api import home as portal_home
from services.links.portal.api import invites as portal_invites
from services.links.portal.api import messages as portal_messages
from services.links.portal.api import phone as portal_phone
from services.links.portal.api import rest as portal_rest
from services.links.portal.api import settings as portal_settings
from services.links.portal.api import sign_in as portal_sign_in
from services.links.portal.api import split as portal_split
from services.links.preferences import api as preferences
from services.links.preferences import tables as _preferences
from services.links.previews import tables as _previews
from services.links.previews.api import console as previews_console
from services.links.previews.api import rest as previews
from services.links.product_links import api as product_links
from services.links.profiles.api import console as profiles_console
from services.links.profiles.api import editing as profiles_editing
from services.links.programs import tables as _programs
from services.links.programs.api import console as programs_console
from services.links.programs.api import rest as programs
from services.links.proofs import jobs as proofs_jobs
from services.links.proofs import tables as _proofs
from services.links.qr import api as qr
from services.links.redirect import api as redirect
from services.links.redirect import jobs as redirect_jobs
from services.links.redirect.domain.agents import prepare_patterns
from services.links.redirect.hot.cache import LinkCache
from services.links.redirect.hot.clicks import Clicks, drain
from services.links.redirect.hot.dead_ends import DeadEnds
from services.links.redirect.hot.handler import PREFIX, TYPED_PREFIX, Redirect
from services.links.redirect.hot.own_address import OwnAddress
from services.links.reference import api as reference
from services.links.referrers import consumer as referrers_consumer
from services.links.session import api as session
from services.links.session import tables as _session
from services.links.settings import METADATA, LinksSettings
from services.links.sharing import tables as _sharing
from services.links.sharing.api import console as sharing_console
from services.links.sharing.api import rest as sharing
from services.links.sharing.hot import Share
from services.links.sheets import api as sheets
from services.links.sms import jobs as sms_jobs
from services.links.sms import work as sms_work
from services.links.sms.api import reports as sms_reports
from services.links.sms_gateways import tables as _sms_gateways
from services.links.sms_gateways.actions.setup import PURPOSE as SMS
from services.links.sms_gateways.api import console as sms_console
from services.links.sms_gateways.api import rest as sms_gateways
from services.links.store_codes import consumer as store_codes_consumer
from services.links.store_codes import tables as _store_codes
from services.links.store_settings.api import general as settings_general
from services.links.store_settings.api import keys as settings_keys
from services.links.store_settings.api import placeholders as settings_placeholders
from services.links.stores import api as stores
from services.links.stores import tables as _stores
from services.links.telegram import tables as _telegram
from services.links.telegram import work as telegram_work
from services.links.telegram.actions import PURPOSE as TELEGRAM
from services.links.telegram.api import console as telegram_console
from services.links.telegram.api import hook as telegram_hook
from services.links.telegram.api import rest as telegram
from services.links.terms import api as terms

_TABLES = (
    *(
        _activity,
        _applicants,
        _budgets,
        _changes,
        _codes,
        _invites,
        _keys,
        _links,
        _looks,
        _mail,
        _materials,
        _notices,
        _people,
        _phone_codes,
        _programs,
        _proofs,
    ),
    *(_preferences, _previews, _session, _sharing, _sms_gateways, _store_codes, _stores, _telegram),
)
"""Named so that METADATA is complete whenever the manifest is."""


COMPOSERS: Composers = {
    **portal_work.COMPOSERS,
    **join_work.COMPOSERS,
    **notices_work.COMPOSERS,
    **inviting_work.COMPOSERS,
}
"""What each kind of mail says, by those whom it is about."""


@asynccontextmanager
async def open_resources(ctx: Context) -> AsyncIterator[Redirect]:
    """Opens the clicks' spool and the links' cache."""
    settings = LinksSettings()
    folder = ctx.settings.data_dir / "spool"
    await asyncio.to_thread(prepare_patterns)
    async with Spool(folder, "clicks", db=ctx.db, drain=drain, max_bytes=settings.spool_bytes) as spool:
        opened = Redirect(
            ctx,
            cache=LinkCache(ctx.db, ctx.ring, microseconds=ctx.live.microseconds, most=settings.cached_links),
            clicks=Clicks(ctx.db, spool),
            dead_ends=DeadEnds(PAGES),
        )
        landing.preview_for(ctx, opened)
        counted = opened.others[Materials] = Materials()
        try:
            yield opened
        finally:
            await _last_counts(ctx, counted)


async def _last_counts(ctx: Context, counted: Materials) -> None:
    """Writes what views and clicks are left. They are figures only: a database that is away holds up no stop."""
    try:
        await counted.write(ctx)
    except Exception as error:
        if not is_transient(error):
            raise
        structlog.get_logger().warning("links.material_counts_lost", error=type(error).__name__)


def hot_routes(ctx: Context) -> Sequence[HotRoute]:
    """The redirect, which no framework stands before, and what a store's own pages ask."""
    redirect = cast(Redirect, ctx.resources)
    pages = [
        HotRoute("POST", "/v1/clicks", OwnAddress(ctx, redirect).handle, cors=True),
        HotRoute("POST", "/v1/share", Share(ctx, redirect).handle, cors=True),
    ]
    return [
        HotRoute(method, f"{prefix}*", redirect.handle, quick=redirect.quick)
        for prefix in (PREFIX, TYPED_PREFIX)
        for method in ("GET", "HEAD")
    ] + pages


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
        "/v1/offers",
        "/v1/materials*",
        "/m/*",
        "/v1/clicks",
        "/v1/share",
        "/v1/clock",
        "/r/*",
        "/R/*",
        "/p",
        "/l/*",
        "/look/*",
        "/p/*",
        "/i/*",
        "/v1/invites*",
        "/v1/portal-sessions",
        "/v1/mails*",
        "/v1/mail/*",
        "/v1/messages*",
        "/v1/message-*",
        "/v1/announcements*",
        "/v1/telegram-bot",
        "/v1/telegram/*",
        "/v1/sms-gateway*",
        "/v1/sms/*",
        "/join/*",
        "/terms/*",
        "/unsubscribe/*",
        "/docs",
        "/docs/*",
        "/kith.js",
        "/kith.*.js",
        "/kith-*.js",
        "/assets/*",
        "/console/session*",
        "/console/links*",
    ),
    routers=(
        domains.router,  # before stores, of which /v1/stores/domains is none
        looks_public.router,
        looks.router,  # and neither is /v1/stores/look
        hosts.router,  # nor /v1/stores/link-domain
        hosts_ask.router,
        hosts_start.router,
        stores.router,
        keys.router,
        programs.router,
        previews.router,
        batches.router,
        batches_sheet.router,
        ambassadors.router,
        links.router,
        materials.router,
        materials_public.router,
        materials_console.router,
        qr.router,
        sheets.router,
        codes.router,
        offers.router,
        redirect.router,
        sharing.router,
        landing.router,
        clock.router,
        embed.router,
        reference.router,
        session.router,
        join.router,
        inviting.router,
        inviting_door.router,
        inviting_console.router,
        terms.router,
        preferences.router,
        notices.router,
        notices_preferences.router,
        announcements.router,
        snippet.router,
        telegram.router,
        telegram_hook.router,
        telegram_console.router,
        sms_gateways.router,
        sms_reports.router,
        portal_phone.router,
        sms_console.router,
        mail.router,
        bounces.router,
        mail_console.routes(COMPOSERS),
        notices_console.router,
        announcing.router,
        portal_rest.router,
        portal_console.router,
        portal_home.router,
        portal_messages.router,
        portal_invites.router,
        portal_settings.router,
        portal_split.router,
        product_links.router,
        materials_portal.router,
        portal_sign_in.router,
        portal_door.router,  # behind the page, of which /p/{token} is none
        landing_console.router,  # before programs, of which …/preview is none
        programs_console.router,
        previews_console.router,
        sharing_console.router,
        domains_console.router,
        looks_console.router,
        hosts_console.router,
        links_console.router,
        batches_console.router,
        ambassadors_adding.router,  # before the console's, of which …/new is no ambassador
        ambassadors_console.router,
        profiles_editing.router,
        profiles_console.router,
        embed_console.router,
        settings_general.router,
        settings_placeholders.router,
        settings_keys.router,
    ),
    hot=hot_routes,
    jobs=redirect_jobs.JOBS + materials_jobs.JOBS,
    handlers=keys_consumer.HANDLERS
    + notices_consumer.HANDLERS
    + activity_consumer.HANDLERS
    + budgets_consumer.HANDLERS
    + referrers_consumer.HANDLERS
    + store_codes_consumer.HANDLERS,
    due_jobs=ambassadors_jobs.DUE_JOBS
    + join_jobs.DUE_JOBS
    + inviting_jobs.DUE_JOBS
    + mail_jobs.DUE_JOBS
    + proofs_jobs.DUE_JOBS
    + sms_jobs.DUE_JOBS
    + notices_jobs.DUE_JOBS,
    work=(
        *mail_work.task_kinds(COMPOSERS),
        *join_work.TASK_KINDS,
        *telegram_work.TASK_KINDS,
        *sms_work.TASK_KINDS,
    ),
    sealed=(
        Sealed(table="telegram_bots", key="store_id", column="sealed_token", purpose=TELEGRAM),
        Sealed(table="sms_gateways", key="store_id", column="sealed_secret", purpose=SMS),
    ),
    resources=open_resources,
    pages=PAGES,
)
