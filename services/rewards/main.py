"""The manifest of rewards: routes, tables, what it receives and what the clock starts."""

from contracts.events import Topic
from services.common.product import PRODUCT
from services.kernel.reseal import Sealed
from services.kernel.service import Service
from services.rewards.approvals import work as approvals_work
from services.rewards.approvals.api import console as approvals_console
from services.rewards.approvals.api import rest as approvals
from services.rewards.balances.api import console as balances_console
from services.rewards.balances.api import portal as balances_portal
from services.rewards.balances.api import rest as balances
from services.rewards.budgets import tables as _budgets
from services.rewards.calculator.api import console as calculator_console
from services.rewards.calculator.api import rest as calculator
from services.rewards.catalogue import consumer as catalogue_consumer
from services.rewards.catalogue import tables as _catalogue
from services.rewards.catalogue.api import console as catalogue_console
from services.rewards.catalogue.api import console_queue as redemptions_console
from services.rewards.catalogue.api import portal as catalogue_portal
from services.rewards.catalogue.api import rest as catalogue
from services.rewards.closing import tables as _closing
from services.rewards.closing.api import console as closing_console
from services.rewards.closing.api import rest as closing
from services.rewards.credit.api import rest as credit
from services.rewards.destinations import consumer as destinations_consumer
from services.rewards.destinations import tables as _destinations
from services.rewards.destinations.domain import SEALED as DESTINATION
from services.rewards.goodwill import consumer as goodwill_consumer
from services.rewards.goodwill import tables as _goodwill
from services.rewards.goodwill.api import console as goodwill_console
from services.rewards.goodwill.api import console_one as goodwill_one_console
from services.rewards.goodwill.api import rest as goodwill
from services.rewards.grants import consumer as grants_consumer
from services.rewards.grants import jobs as grants_jobs
from services.rewards.grants import tables as _grants
from services.rewards.grants.api import console as grants_console
from services.rewards.grants.api import rest as grants
from services.rewards.holders import tables as _holders
from services.rewards.joins import consumer as joins_consumer
from services.rewards.ledger import tables as _ledger
from services.rewards.ledger.api import console as ledger_console
from services.rewards.ledger.api import rest as ledger
from services.rewards.liability.api import console as liability_console
from services.rewards.liability.api import rest as liability
from services.rewards.lots import jobs as lots_jobs
from services.rewards.lots import tables as _lots
from services.rewards.memberships import tables as _memberships
from services.rewards.memberships.api import rest as memberships
from services.rewards.pages import PAGES
from services.rewards.payouts import tables as _payouts
from services.rewards.payouts import work as payouts_work
from services.rewards.payouts.api import console as payouts_console
from services.rewards.payouts.api import console_batch as payout_batch_console
from services.rewards.payouts.api import events as payout_events
from services.rewards.payouts.api import portal as payouts_portal
from services.rewards.payouts.api import rest as payouts
from services.rewards.payouts.domain.terms import PAYER
from services.rewards.plan_targets import consumer as plan_targets_consumer
from services.rewards.plan_targets import tables as _plan_targets
from services.rewards.plan_targets.api import console as plan_targets_console
from services.rewards.plan_targets.api import rest as plan_targets
from services.rewards.pools import tables as _pools
from services.rewards.pools import work as pools_work
from services.rewards.pools.api import console as pools_console
from services.rewards.pools.api import console_one as pool_console
from services.rewards.pools.api import rest as pools
from services.rewards.providers import tables as _providers
from services.rewards.providers.actions.setup import SEALED as PROVIDER
from services.rewards.providers.api import console as providers_console
from services.rewards.providers.api import rest as providers
from services.rewards.release_rules import tables as _release_rules
from services.rewards.release_rules.api import console as release_rules_console
from services.rewards.release_rules.api import rest as release_rules
from services.rewards.release_rules.domain import SECRET as RELEASE_SECRET
from services.rewards.settings import METADATA
from services.rewards.simulations import jobs as simulations_jobs
from services.rewards.simulations import tables as _simulations
from services.rewards.simulations import work as simulations_work
from services.rewards.simulations.api import console as simulations_console
from services.rewards.simulations.api import console_run as simulation_console
from services.rewards.simulations.api import rest as simulations
from services.rewards.slices import consumer as slices_consumer
from services.rewards.slices import tables as _slices
from services.rewards.spending import jobs as spending_jobs
from services.rewards.spending import tables as _spending
from services.rewards.statements.api import console as statements_console
from services.rewards.statements.api import portal as statements_portal
from services.rewards.statements.api import rest as statements
from services.rewards.tiers import consumer as tiers_consumer
from services.rewards.tiers import jobs as tiers_jobs
from services.rewards.tiers import tables as _tiers
from services.rewards.verification import jobs as verification_jobs
from services.rewards.verification import tables as _verification

_TABLES = (
    _budgets,
    _catalogue,
    _closing,
    _destinations,
    _goodwill,
    _grants,
    _holders,
    _ledger,
    _lots,
    _memberships,
    _payouts,
    _plan_targets,
    _pools,
    _providers,
    _release_rules,
    _simulations,
    _slices,
    _spending,
    _tiers,
    _verification,
)
"""Named so that METADATA is complete whenever the manifest is."""

SERVICE = Service(
    name="rewards",
    package="services.rewards",
    metadata=METADATA,
    product=PRODUCT,
    sealed=(
        Sealed(table="destinations", key="destination_id", column="sealed", purpose=DESTINATION),
        Sealed(table="payout_terms", key="payer_id", column="payer", purpose=PAYER),
        Sealed(table="release_secrets", key="secret_id", column="secret", purpose=RELEASE_SECRET),
        Sealed(table="payout_providers", key="provider_id", column="sealed", purpose=PROVIDER),
    ),
    publishes=frozenset({Topic.REWARDS, Topic.AUDIT}),
    routes=(
        "/v1/rewards*",
        "/v1/reward-release*",
        "/v1/goodwill*",
        "/v1/balances*",
        "/v1/memberships",
        "/v1/credit-reservations*",
        "/v1/ledger*",
        "/v1/payout*",
        "/v1/plan-targets",
        "/v1/pools*",
        "/v1/catalogue-items*",
        "/v1/redemptions*",
        "/p/catalogue*",
        "/v1/month-closes*",
        "/v1/liability",
        "/v1/statements*",
        "/v1/simulations*",
        "/v1/reward-calculations",
        "/p/statement",
        "/console/rewards*",
        "/p/balance*",
        "/p/friend-rewards",
        "/p/limits",
        "/p/payouts*",
    ),
    routers=(
        approvals.router,  # before what an id may stand for
        grants.router,
        balances.router,
        memberships.router,
        ledger.router,
        credit.router,
        payouts.router,
        approvals_console.router,
        goodwill.router,
        grants_console.router,
        release_rules.router,
        release_rules_console.router,
        ledger_console.router,
        closing.router,
        liability.router,
        liability_console.router,
        simulations.router,
        simulations_console.router,
        simulation_console.router,
        calculator.router,
        calculator_console.router,
        statements.router,
        statements_console.router,
        statements_portal.router,
        closing_console.router,
        balances_console.router,
        goodwill_console.router,
        goodwill_one_console.router,
        payouts_console.router,
        payout_batch_console.router,
        payouts_portal.router,
        payout_events.router,
        providers.router,
        providers_console.router,
        plan_targets.router,
        plan_targets_console.router,
        pools.router,
        pools_console.router,
        pool_console.router,
        catalogue.router,
        catalogue_console.router,
        redemptions_console.router,
        catalogue_portal.router,
        balances_portal.router,
    ),
    handlers=(
        *joins_consumer.HANDLERS,
        *grants_consumer.HANDLERS,
        *slices_consumer.HANDLERS,
        *destinations_consumer.HANDLERS,
        *goodwill_consumer.HANDLERS,
        *catalogue_consumer.HANDLERS,
        *plan_targets_consumer.HANDLERS,
        *tiers_consumer.HANDLERS,
    ),
    jobs=verification_jobs.JOBS,
    due_jobs=(
        *grants_jobs.DUE_JOBS,
        *lots_jobs.DUE_JOBS,
        *simulations_jobs.DUE_JOBS,
        *spending_jobs.DUE_JOBS,
        *tiers_jobs.DUE_JOBS,
    ),
    work=(
        *approvals_work.TASK_KINDS,
        *payouts_work.TASK_KINDS,
        *pools_work.TASK_KINDS,
        *simulations_work.TASK_KINDS,
    ),
    pages=PAGES,
)
