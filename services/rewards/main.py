"""The manifest of rewards: what a runner, a gateway or a linter needs to know about it."""

from contracts.events import Topic
from services.common.product import PRODUCT
from services.kernel.service import Service
from services.rewards.audit.jobs import WATCH
from services.rewards.balances.api import portal
from services.rewards.balances.api import rest as balances
from services.rewards.grants import tables as _grants
from services.rewards.grants.api import console as grants_pages
from services.rewards.grants.api import rest as grants
from services.rewards.grants.consumer import HANDLERS
from services.rewards.grants.jobs import RELEASE, WAITING
from services.rewards.ledger import tables as _ledger
from services.rewards.ledger.api import console as ledger_pages
from services.rewards.ledger.api import rest as ledger
from services.rewards.pages import PAGES
from services.rewards.settings import METADATA
from services.rewards.slices import tables as _slices
from services.rewards.slices.consumer import CLOSE_PORTALS

_TABLES = (_slices, _grants, _ledger)

SERVICE = Service(
    name="rewards",
    package="services.rewards",
    metadata=METADATA,
    product=PRODUCT,
    publishes=frozenset({Topic.REWARDS, Topic.AUDIT}),
    routes=("/v1/rewards*", "/v1/balances*", "/v1/ledger*", "/console/rewards*", "/p/*/balance"),
    routers=(
        grants.router,
        balances.router,
        ledger.router,
        grants_pages.router,
        ledger_pages.router,
        portal.router,
    ),
    handlers=(*HANDLERS, CLOSE_PORTALS),
    jobs=(WATCH,),
    due_jobs=(RELEASE, WAITING),
    pages=PAGES,
)
