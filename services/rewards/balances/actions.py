"""How far an ambassador has used the limits of a program and is on the way to its milestones, and in which tier."""

from dataclasses import dataclass
from datetime import tzinfo

from contracts.limits import PerAmbassador
from contracts.milestones import MilestoneRule
from contracts.tiers import Tier, Tiers
from services.common.periods import local_day, window
from services.kernel.db import Tx
from services.rewards.grants.domain.caps import CountKey, Tally
from services.rewards.grants.domain.milestones import Goal, GoalKey
from services.rewards.grants.sql import limits, milestones
from services.rewards.memberships import actions as memberships
from services.rewards.memberships.actions import Holding
from services.rewards.rules.domain import POINTS
from services.rewards.slices import sql as slices
from services.rewards.tiers import actions as tiers
from services.rewards.tiers.domain import Standing, TierKey, count_on, level_of, months_between


@dataclass(frozen=True, slots=True)
class Used:
    """One limit and what counts against it in the period that is running."""

    rule: str
    limit: PerAmbassador
    tally: Tally
    unit: str

    @property
    def share(self) -> float:
        """From 0 to 1."""
        used, most = (
            (self.tally.count, self.limit.count)
            if self.limit.count is not None
            else (self.tally.amount_minor, self.limit.amount_minor)
        )
        return min(1.0, used / most) if most else 1.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far somebody is on the way to a milestone: the count, and the next step; None where all are reached."""

    rule: MilestoneRule
    currency: str
    count: int
    next: int | None

    @property
    def so_far(self) -> int:
        """The part of the way to the next step that is done, of `rule.on.size`."""
        return self.rule.on.size if self.next is None else self.count - (self.next - self.rule.on.size)

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.so_far / self.rule.on.size


@dataclass(frozen=True, slots=True)
class Rank:
    """Where somebody stands among the tiers of their program, and how far the next one is; None of that where they are
    in the last.
    """

    tiers: Tiers
    currency: str
    standing: Standing
    count: int

    @property
    def tier(self) -> Tier | None:
        """The tier that they are in."""
        return self.tiers.named(self.standing.tier)

    @property
    def next(self) -> Tier | None:
        """The tier after it."""
        level = level_of(self.tiers, self.standing.tier)
        following = 0 if level is None else level + 1
        return self.tiers.steps[following] if following < len(self.tiers.steps) else None

    @property
    def share(self) -> float:
        """How much of the way to the next is done, from 0 to 1."""
        return 1.0 if self.next is None else min(1.0, self.count / self.next.at) if self.next.at else 1.0


async def rank_of(tx: Tx, store_id: str, ambassador_id: str) -> Rank | None:
    """Where an ambassador stands now; None where their program's newest version has no tiers."""
    who = await slices.ambassador(tx, store_id, ambassador_id)
    program = None if who is None else await slices.newest(tx, store_id, who.program_id)
    if who is None or program is None or program.tiers is None:
        return None
    key = TierKey(store_id, ambassador_id, who.program_id)
    seen = (await tiers.see(tx, [key]))[key]
    today = local_day(tx.now, seen.rules.zone)
    if program.tiers.measure == "tenure":
        count = 0 if seen.joined is None else months_between(seen.joined, today)
    else:
        count = count_on(program.tiers, seen.counts, today)
    return Rank(program.tiers, program.currency, seen.now, count)


async def memberships_of(tx: Tx, store_id: str, ambassador_id: str) -> list[Holding]:
    """What an ambassador has bought of their program's memberships."""
    who = await slices.ambassador(tx, store_id, ambassador_id)
    if who is None:
        return []
    return await memberships.of_ambassador(tx, store_id, ambassador_id, who.program_id)


async def progress_of(tx: Tx, store_id: str, ambassador_id: str) -> list[Progress]:
    """An ambassador's way to the milestones of their program's newest version."""
    who = await slices.ambassador(tx, store_id, ambassador_id)
    program = None if who is None else await slices.newest(tx, store_id, who.program_id)
    if who is None or program is None:
        return []
    keys = {
        rule.name: GoalKey(store_id, ambassador_id, who.program_id, rule.goal) for rule in program.milestone_rewards
    }
    counts = await milestones.counts(tx, keys.values())
    found = []
    for rule in program.milestone_rewards:
        count = counts.get(keys[rule.name], 0)
        following = Goal.read(rule.goal).next_after(count, at_most=rule.at_most)
        found.append(Progress(rule, program.currency, count, following))
    return found


async def limits_of(tx: Tx, store_id: str, ambassador_id: str, program_id: str, *, zone: tzinfo) -> list[Used]:
    """The limits per ambassador of a program's newest version, as far as this ambassador has used them."""
    program = await slices.newest(tx, store_id, program_id)
    if program is None:
        return []
    day = tx.now.astimezone(zone).date()
    asked = {
        CountKey(store_id, program_id, rule.name, ambassador_id, limit.period, window(limit.period, day)[0]): rule
        for rule in program.all_rules
        if (limit := rule.limits.per_ambassador) is not None
    }
    counted = await limits.tallies(tx, asked) if asked else {}
    used = []
    for key, rule in asked.items():
        first, last = window(key.period, day)
        nothing = Tally(first, last, 0, 0)
        tally = next((one for one in counted.get(key.limit, ()) if one.first == first), nothing)
        limit = rule.limits.per_ambassador
        assert limit is not None
        used.append(Used(rule.name, limit, tally, POINTS if rule.pay_as == "points" else program.currency))
    return used
