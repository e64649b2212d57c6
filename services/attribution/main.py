"""Attribution's manifest."""

from services.attribution.catalog import tables as _catalog
from services.attribution.codes import tables as _codes
from services.attribution.decisions import tables as _decisions
from services.attribution.decisions.consumer import HANDLERS
from services.attribution.decisions.jobs import DUE_JOBS
from services.attribution.hooks import tables as _hooks
from services.attribution.orders import tables as _orders
from services.attribution.settings import METADATA
from services.attribution.tracking import tables as _tracking
from services.kernel.service import Service

_TABLES = (_catalog, _codes, _decisions, _hooks, _orders, _tracking)
"""Named so that METADATA is complete whenever the manifest is."""

SERVICE = Service(
    name="attribution",
    package="services.attribution",
    metadata=METADATA,
    routes=(
        "/v1/track",
        "/v1/orders*",
        "/v1/hooks*",
        "/v1/codes/*/check",
        "/v1/codes/*/redeem",
        "/console/attribution*",
    ),
    handlers=HANDLERS,
    due_jobs=DUE_JOBS,
)
