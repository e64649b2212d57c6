"""What an imagined order would do for an ambassador's targets, by the functions that count and grant. Pure."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from msgspec import Struct

from contracts.plans import PlanRule
from contracts.program import Program
from services.common.plan_periods import PlanPeriod
from services.rewards.grants.domain.caps import Caps
from services.rewards.grants.domain.plan import Moment
from services.rewards.grants.domain.plan_targets import (
    Count,
    PlanKey,
    Stand,
    counted,
    decide,
    differences,
    friends_of,
    source_of,
)
from services.rewards.grants.domain.reward import Reward
from services.rewards.rules.domain import Order


class Plans(Struct, frozen=True):
    """How the ambassador stands in the periods that the order falls into: counts, targets and bonuses."""

    stands: Mapping[PlanKey, Stand] = {}
    targets: Mapping[PlanKey, int] = {}
    rewards: Mapping[tuple[str, str], Reward] = {}


class Bonus(Struct, frozen=True):
    """What the order would do for a target once it has settled: the count before and with it, and what the bonus would
    be worth then, as far as the budget allows. No target: nothing to reach.
    """

    rule: PlanRule
    period: PlanPeriod
    target: int | None
    before: int
    after: int
    amount_minor: int


def bonuses(settled: Order, program: Program, plans: Plans, caps: Caps, moment: Moment, zone: ZoneInfo) -> list[Bonus]:
    """Of each plan of the program. A friend's first order is a friend more."""
    one = counted(settled, program, zone, None)
    orders = [] if one is None else [one]
    moved = differences([], orders, (), friends_of(orders) if settled.order_number == 1 else ())
    whose = (settled.store_id, settled.ambassador_id or "", settled.program_id or "")
    day = moment.day_of(settled.placed_at)
    found = []
    for rule in program.plan_rewards:
        key = PlanKey(*whose, rule.goal, PlanPeriod.holding(rule.on.period, day).first)
        before = plans.stands.get(key, Stand(Count(), 1)).so_far
        more = moved.get(key, Count())
        now = Stand(Count(before.counted + more.counted, before.sold_minor + more.sold_minor), 1)
        reward = plans.rewards.get((key.store_id, source_of(key)))
        # A bonus that is there goes by its own version's terms; here all of them are those that are tried.
        programs = {
            (key.store_id, key.program_id, version): program
            for version in (1, *([] if reward is None else [reward.program_version]))
        }
        changes = decide({key: now}, plans.targets, {}, plans.rewards, programs, caps, {key.store_id: (moment, zone)})
        amount = changes[0].after.target_minor if changes else reward.target_minor if reward is not None else 0
        found.append(Bonus(rule, key.period, plans.targets.get(key), before.counted, now.so_far.counted, amount))
    return found
