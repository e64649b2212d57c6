"""The manifest of analytics: routes, tables, what it receives and what the clock starts."""

from contracts.events import Topic
from services.analytics.activity import consumer as activity_consumer
from services.analytics.activity import tables as _activity
from services.analytics.activity.api import console as activity_console
from services.analytics.activity.api import rest as activity
from services.analytics.facts import jobs as facts_jobs
from services.analytics.facts import tables as _facts
from services.analytics.metrics import api as metrics
from services.analytics.overview import api as overview
from services.analytics.own import api as own
from services.analytics.pages import PAGES
from services.analytics.rollups import consumer as rollups_consumer
from services.analytics.rollups import jobs as rollups_jobs
from services.analytics.rollups import tables as _rollups
from services.analytics.set_up import consumer as set_up_consumer
from services.analytics.set_up import tables as _set_up
from services.analytics.set_up.api import console as set_up_console
from services.analytics.set_up.api import rest as install_checks
from services.analytics.settings import METADATA
from services.analytics.slices import consumer as slices_consumer
from services.analytics.slices import tables as _slices
from services.analytics.standings import jobs as standings_jobs
from services.analytics.standings import tables as _standings
from services.analytics.standings.api import console as standings_console
from services.analytics.standings.api import rest as standings
from services.analytics.virality import api as virality
from services.common.product import PRODUCT
from services.kernel.service import Service

_TABLES = (_activity, _facts, _rollups, _set_up, _slices, _standings)
"""Named so that METADATA is complete whenever the manifest is."""

SERVICE = Service(
    name="analytics",
    package="services.analytics",
    metadata=METADATA,
    product=PRODUCT,
    publishes=frozenset({Topic.AUDIT}),
    routes=(
        *(
            "/v1/metrics*",
            "/v1/ambassador-results*",
            "/v1/audit*",
            "/v1/install-checks*",
            "/console",
            "/console/analytics*",
        ),
        *("/p/results", "/p/first-steps", "/p/link-results", "/p/next-pages"),
    ),
    routers=(
        metrics.router,
        virality.router,
        standings.router,
        overview.router,
        standings_console.router,
        activity.router,
        activity_console.router,
        own.router,
        install_checks.router,
        set_up_console.router,
    ),
    handlers=(
        *slices_consumer.HANDLERS,
        *rollups_consumer.HANDLERS,
        *activity_consumer.HANDLERS,
        *set_up_consumer.HANDLERS,
    ),
    due_jobs=(*facts_jobs.DUE_JOBS, *rollups_jobs.DUE_JOBS, *standings_jobs.DUE_JOBS),
    pages=PAGES,
)
