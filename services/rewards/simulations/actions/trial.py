"""Trying rules on an imagined order, with counters as they stand now. Reads only."""

from zoneinfo import ZoneInfo

from contracts.program import Program
from services.common.periods import local_day, window
from services.common.plan_periods import PlanPeriod
from services.kernel.db import Tx
from services.kernel.errors import Invalid, NotFound
from services.rewards.grants.domain.caps import BudgetKey, Caps, CountKey
from services.rewards.grants.domain.milestones import GoalKey
from services.rewards.grants.domain.plan_targets import PlanKey, source_of
from services.rewards.grants.sql import counters, limits, milestones, plan_targets, rewards
from services.rewards.simulations.actions.runs import check_draft
from services.rewards.simulations.domain.plans import Plans
from services.rewards.simulations.domain.trial import Imagined, Trial, trial
from services.rewards.slices import sql as slices
from services.rewards.tiers import actions as tiers
from services.rewards.tiers.domain import TierKey


async def try_order(tx: Tx, store_id: str, imagined: Imagined, draft: Program | None) -> Trial:
    """What the order would bring, under a draft or the program's newest version. A program that is not there yet is all
    draft: nothing counts against its caps. Raises `NotFound`, and `Invalid` for a draft in another currency or a tier
    that is not there.
    """
    newest = await slices.newest(tx, store_id, imagined.program_id) if imagined.program_id else None
    if newest is None and (draft is None or imagined.program_id):
        raise NotFound("There is no such program.")
    check_draft(draft, newest)
    program = draft or newest
    assert program is not None
    zone = ZoneInfo((await slices.shop(tx, store_id)).timezone)
    caps = await _caps(tx, store_id, imagined, program, zone)
    keys = [
        GoalKey(store_id, imagined.ambassador_id, imagined.program_id, rule.goal) for rule in program.milestone_rewards
    ]
    counts = {key.goal: count for key, count in (await milestones.counts(tx, keys)).items()}
    key = TierKey(store_id, imagined.ambassador_id, imagined.program_id)
    tier = imagined.tier
    if tier is not None and (program.tiers is None or program.tiers.named(tier) is None):
        raise Invalid.field("order.tier", f"The program has no tier {tier!r}.")
    if tier is None and program.tiers is not None:
        tier = await tiers.tier_under(tx, key, program.tiers, zone)
    plans = await _plans(tx, store_id, imagined, program, zone)
    return trial(store_id, imagined, program, caps, counts, zone, tier, plans)


async def _plans(tx: Tx, store_id: str, imagined: Imagined, program: Program, zone: ZoneInfo) -> Plans:
    day = local_day(imagined.placed_at, zone)
    whose = (store_id, imagined.ambassador_id, imagined.program_id)
    keys = [PlanKey(*whose, rule.goal, PlanPeriod.holding(rule.on.period, day).first) for rule in program.plan_rewards]
    if not keys:
        return Plans()
    found = await rewards.of_sources(tx, "period", {(store_id, source_of(key)) for key in keys})
    return Plans(
        await plan_targets.stands(tx, keys),
        await plan_targets.targets(tx, keys),
        {(one.store_id, one.source_id): one for one in found},
    )


async def currency_of(tx: Tx, store_id: str, program_id: str, draft: Program | None) -> str:
    """The currency that amounts are meant in. Raises `NotFound`."""
    if draft is not None:
        return draft.currency
    newest = await slices.newest(tx, store_id, program_id)
    if newest is None:
        raise NotFound("There is no such program.")
    return newest.currency


async def _caps(tx: Tx, store_id: str, imagined: Imagined, program: Program, zone: ZoneInfo) -> Caps:
    key: BudgetKey = (store_id, imagined.program_id, program.currency)
    caps = Caps(budgets={} if program.budget is None else {key: program.budget.amount_minor})
    caps.spent.update(await counters.spent(tx, [(store_id, imagined.program_id)]))
    day = local_day(imagined.placed_at, zone)
    caps.tallies.update(
        await limits.tallies(
            tx,
            {
                CountKey(
                    store_id,
                    imagined.program_id,
                    rule.name,
                    whose,
                    rule.limits.per_ambassador.period,
                    window(rule.limits.per_ambassador.period, day)[0],
                )
                for rules, people in (
                    (program.rewards, (imagined.ambassador_id,)),
                    (program.sponsor_rewards, imagined.above(program)),
                )
                for rule in rules
                if rule.limits.per_ambassador is not None
                for whose in people
            },
        )
    )
    return caps
