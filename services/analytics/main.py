"""The manifest: what analytics serves, hears and does by the clock."""

from contracts.events import Topic
from services.analytics.activity import tables as _activity
from services.analytics.activity.api import console as activity_pages
from services.analytics.activity.api import rest as activity
from services.analytics.activity.consumer import KEEP_ACTIVITY
from services.analytics.facts import tables as _facts
from services.analytics.facts.jobs import FORGET_REPORTS
from services.analytics.metrics.api import router as metrics
from services.analytics.overview.api import router as overview
from services.analytics.pages import PAGES
from services.analytics.rollups import tables as _rollups
from services.analytics.rollups.consumer import COUNT, COUNT_WAITING
from services.analytics.rollups.jobs import WAITING
from services.analytics.slices.consumer import KEEP_SLICES
from services.analytics.slices.tables import METADATA
from services.analytics.virality.api import router as virality
from services.common.product import PRODUCT
from services.kernel.service import Service

# Tables join the metadata when their modules are loaded; a migration without them would drop them.
assert _facts.ORDERS.metadata is _rollups.PROGRESS.metadata is _activity.ACTIVITY.metadata is METADATA

SERVICE = Service(
    name="analytics",
    package="services.analytics",
    metadata=METADATA,
    product=PRODUCT,
    routes=("/v1/metrics*", "/v1/audit*", "/console", "/console/analytics*"),
    routers=(metrics, virality, overview, activity.router, activity_pages.router),
    handlers=(KEEP_SLICES, COUNT_WAITING, COUNT, KEEP_ACTIVITY),
    publishes=frozenset({Topic.AUDIT}),
    due_jobs=(FORGET_REPORTS, WAITING),
    pages=PAGES,
)
