"""`verify`: recomputes a store's books from their entries and compares everything that is kept beside them."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

import structlog

from contracts.plans import plan_of
from contracts.program import Program
from services.common.store_slice import listed_stores
from services.kernel.db import FAILURES, Database, Tx
from services.kernel.threads import in_thread
from services.rewards.budgets import actions as budgets
from services.rewards.catalogue import sql as catalogue
from services.rewards.closing import actions as closing
from services.rewards.credit import actions as credit
from services.rewards.goodwill import sql as goodwill
from services.rewards.grants.domain.again import block_differing, bound_broken, differing, step_differing
from services.rewards.grants.domain.plan_targets import gives, is_plan, key_of, out_of_line, source_of
from services.rewards.grants.domain.reward import Reward
from services.rewards.grants.sql import cashback, conversions, counters, custom_events, limits, milestones, plan_targets
from services.rewards.grants.sql import rewards as rewards_sql
from services.rewards.joins import sql as joins
from services.rewards.ledger import sql as ledger
from services.rewards.lots.sql import drift as lots
from services.rewards.memberships import actions as memberships
from services.rewards.payouts.sql import payouts
from services.rewards.pools import sql as pools
from services.rewards.rules.domain import Order
from services.rewards.slices import sql as slices
from services.rewards.spending.sql import drift as spending
from services.rewards.tiers import sql as tiers
from services.rewards.verification import sql as books
from services.rewards.verification.domain import Report, Walk

_SLICE = 2_000
_REWARDS = 500
"""Rewards that are computed again at a time: each needs its order."""
_PROGRAMS = 100
_STORES = 200
_EVERY: Final = timedelta(hours=20)
"""How old the audit of a store's books may be: looked at each hour, so that none is older than a day."""
_GIVEN_UP: Final = timedelta(hours=2)
"""When an audit that has begun and not ended is taken to be dead, and another one begins."""

Key = TypeVar("Key")
Value = TypeVar("Value")


async def verify(tx: Tx, store_id: str, *, progress: Callable[[int, int], None] | None = None) -> Report:
    """Walks all posting sets of a store, slice by slice. The transaction must see the store, and be a snapshot if
    anything may move meanwhile: whoever moves money commits all that is compared here at once. It locks nothing.

    Finds: a set that was changed, removed or slipped in (the hash chain breaks), one that does not balance, an entry
    without its set, balances and totals that are not the sum of the entries, a reward that is not worth what was posted
    for it, or not what its order, the terms of its version, its tier and its bound come to, goodwill without its reward
    or the other way round, a counter of a budget, limit, milestone, plan, tier or cashback that drifted, a reward of a
    milestone, plan or cashback that its count does not bear out, a target that is reached without one, money in payout
    that is in no payout, a lot, debt or spend that does not follow from the entries, something that lies under a
    contact which is a customer's, credit at the checkout that is for another order or was not returned with it, a
    redemption that was not paid, or not given back, a pool that counts otherwise than its codes, a budget that was
    reported otherwise than it stands, a closed month that is no longer what was kept, a row that cannot be read, behind
    which nothing more is looked for.
    `progress` is called with (sets done, sets in all).
    """
    report = Report(store_id)
    try:
        await _verify(tx, store_id, report, progress)
    except FAILURES:
        raise  # the database's, or on the way to it: nothing is known of the books
    except Exception as error:
        structlog.get_logger().exception("ledger.unreadable", store_id=store_id)
        report.found("unreadable", f"the books could not be gone through to their end: {type(error).__name__}")
    return report


async def _verify(tx: Tx, store_id: str, report: Report, progress: Callable[[int, int], None] | None) -> None:
    walk = Walk(report)
    last = await ledger.last_number_given(tx, store_id)
    while posted := await ledger.sets_after(tx, store_id, after=walk.number, count=_SLICE):
        await in_thread(len(posted), walk.take, posted)
        if progress is not None:
            progress(walk.number, last)
    if walk.number != last:
        report.found("missing", f"sets end at {walk.number}, but {last} were numbered")
    async for number, line in books.stray_entries(tx, store_id, count=_SLICE):
        report.found("stray", f"entry {number}.{line} belongs to no set")
    async for holder, kept, made in books.crooked_balances(tx, store_id, count=_SLICE):
        report.found("balance", f"{holder} is kept as {kept}, its entries say {made}")
    _compare(report, "total", walk.totals, await books.account_totals(tx, store_id), (0, 0))
    for program, unit, counter, granted in await counters.drift(tx, store_id):
        report.found("budget", f"{program} counts {counter} {unit} as spent, its rewards are worth {granted}")
    async for said in budgets.drift(tx, store_id, await counters.of_store(tx, store_id), count=_PROGRAMS):
        report.found("budget", said)
    async for key, counted, granted_now in limits.drift(tx, store_id, count=_SLICE):
        report.found("limit", f"{key[1:]} counts {counted} (rewards, amount), its rewards are {granted_now}")
    async for goal, reached, come_to in milestones.drift(tx, store_id, count=_SLICE):
        report.found("milestone", f"{goal[1:]} counts {reached}, its orders come to {come_to}")
    for reward_id, source, wanted, reached in await milestones.crooked(tx, store_id):
        report.found("milestone", f"{reward_id} for {source} is wanted as {wanted}, the count is {reached}")
    async for plan, stands_at, should_be in plan_targets.drift(tx, store_id, count=_SLICE):
        report.found(
            "plan", f"{plan[1:]} counts {tuple(stands_at)} (of the target, sold), its orders {tuple(should_be)}"
        )
    await _find_unrewarded(tx, store_id, report)
    async for spent, summed, bought in cashback.drift(tx, store_id, count=_SLICE):
        report.found("cashback", f"{spent[1:]} counts {summed} as spent, its orders come to {bought}")
    async for astray in cashback.crooked(tx, store_id, count=_SLICE):
        report.found("cashback", astray)
    async for whose, kept_so, really in tiers.drift(tx, store_id, count=_SLICE):
        report.found("tier", f"{whose} counts {kept_so} (friends, orders, revenue), their orders come to {really}")
    for who, unit, booked, made_of in await payouts.drift(tx, store_id):
        report.found("payout", f"{who} has {booked} {unit} in payout and paid, their payouts come to {made_of}")
    for goodwill_id, given, rewarded in await goodwill.crooked(tx, store_id):
        report.found("goodwill", f"{goodwill_id} gave {given}, its reward began with {rewarded}")
    await _check_rewards(tx, store_id, report)
    await _compute_again(tx, store_id, report)
    async for astray in lots.drift(tx, store_id, count=_SLICE):
        report.found("lot", astray)
    async for apart in joins.drift(tx, store_id, count=_SLICE):
        report.found("join", apart)
    async for amiss in spending.drift(tx, store_id, count=_SLICE):
        report.found("spend", amiss)
    async for unlike in credit.drift(tx, store_id, count=_REWARDS):
        report.found("spend", unlike)
    async for unpaid in catalogue.drift(tx, store_id, count=_SLICE):
        report.found("redemption", unpaid)
    async for miscounted in pools.drift(tx, store_id, count=_SLICE):
        report.found("pool", miscounted)
    async for month, wrong in closing.crooked(tx, store_id):
        report.found("close", f"{month}: {wrong}")


async def imbalanced(db: Database) -> list[str]:
    """Stores in whose trial balance debits and credits differ: none, or something is broken. Reads only the totals that
    are kept of each kind of account, some rows a store, however long its history.
    """
    found: list[str] = []
    async for tx, stores in _all_stores(db):
        found += await books.imbalanced(tx, stores)
    return found


async def audits(db: Database) -> tuple[int, float]:
    """In how many stores the newest audit found something, and for how many seconds some store's books were not gone
    through: since its last audit ended, or since the first one was tried.
    """
    differing, oldest_s = 0, 0.0
    async for tx, stores in _all_stores(db):
        some, oldest = await books.audits(tx, stores)
        differing += some
        if oldest is not None:
            oldest_s = max(oldest_s, (tx.now - oldest).total_seconds())
    return differing, oldest_s


async def audit_due(db: Database) -> AsyncIterator[Report]:
    """Goes through the books of each store whose turn it is, keeps what came of it, and returns it. Of several callers
    one gets a store.
    """
    due: list[str] = []
    async for tx, stores in _all_stores(db):
        due += await books.due(tx, stores, old=tx.now - _EVERY, given_up=tx.now - _GIVEN_UP)
    for store_id in due:
        # Claimed when its turn comes: one that waits here is left to others, and is not lost if this process ends.
        async with db.transaction([store_id]) as tx:
            if not await books.claim(tx, store_id, old=tx.now - _EVERY, given_up=tx.now - _GIVEN_UP):
                continue
        async with db.transaction([store_id], snapshot=True) as tx:
            report = await verify(tx, store_id)
        async with db.transaction([store_id]) as tx:
            await books.note(tx, report)
        yield report


async def _all_stores(db: Database) -> AsyncIterator[tuple[Tx, list[str]]]:
    """All stores, some in each transaction, which sees them."""
    after = ""
    while True:
        async with db.transaction() as tx:
            stores = await listed_stores(tx, after=after, count=_STORES)
            if not stores:
                return
            await tx.see(stores)
            yield tx, stores
        after = stores[-1]


def _compare(report: Report, kind: str, sums: Mapping[Key, Value], kept: Mapping[Key, Value], nothing: Value) -> None:
    for key in sorted(sums.keys() | kept.keys(), key=repr):
        stored, is_ = kept.get(key, nothing), sums.get(key, nothing)
        if stored != is_:
            report.found(kind, f"{key} is kept as {stored}, its entries say {is_}")


async def _check_rewards(tx: Tx, store_id: str, report: Report) -> None:
    after = ""
    while rows := await rewards_sql.posted(tx, store_id, after=after, count=_SLICE):
        for reward_id, target, posted in rows:
            report.rewards += 1
            if target != posted:
                report.found("reward", f"{reward_id} is worth {target}, the ledger says {posted}")
        after = rows[-1][0]


async def _compute_again(tx: Tx, store_id: str, report: Report) -> None:
    """Computes all rewards from what they were made of."""
    zones = await slices.time_zones(tx, [store_id])
    zone = ZoneInfo(zones[store_id]) if store_id in zones else None
    after = ""
    while rewards := await rewards_sql.behind(tx, store_id, after=after, count=_REWARDS):
        orders = {(store_id, one.source_id) for one in rewards if one.source_kind == "order"}
        events = {(store_id, one.source_id) for one in rewards if one.source_kind == "event"}
        states = await conversions.decided(tx, orders) if orders else []
        happened = await custom_events.decided(tx, events) if events else []
        read = await in_thread(len(states), lambda some: [Order.of(conversions.read(*one)) for one in some], states)
        held = await memberships.held_at_orders(tx, orders) if orders else {}
        read = [one.held_by(held.get((store_id, one.order_id), ())) for one in read] if held else read
        read += [Order.of_event(one) for one in happened]
        versions = {(store_id, one.program_id, one.program_version) for one in rewards}
        versions |= {(store_id, o.program_id, o.program_version) for o in read if o.program_id and o.program_version}
        programs = await slices.versions(tx, versions)
        for reward_id, wrong in await in_thread(len(rewards), _differences, rewards, read, programs, zone):
            report.found("figures", f"{reward_id}: {wrong}")
        await _compare_bonuses(tx, rewards, programs, report)
        after = rewards[-1].reward_id


async def _compare_bonuses(
    tx: Tx, rewards: Sequence[Reward], programs: Mapping[tuple[str, str, int], Program], report: Report
) -> None:
    """Those of these rewards that are for plans' targets, beside counts and targets."""
    bonuses = {key_of(one): one for one in rewards if one.source_kind == "period" and is_plan(one.source_id)}
    if not bonuses:
        return
    stands, targets = await plan_targets.stands(tx, bonuses), await plan_targets.targets(tx, bonuses)
    for key, one in bonuses.items():
        program = programs.get((one.store_id, one.program_id, one.program_version))
        if wrong := out_of_line(one, stands.get(key), targets.get(key), program):
            report.found("plan", f"{one.reward_id} for {one.source_id} {wrong}")


async def _find_unrewarded(tx: Tx, store_id: str, report: Report) -> None:
    """Targets that are reached, and worth something, without a reward."""
    async for keys in plan_targets.reached(tx, store_id, count=_REWARDS):
        found = await rewards_sql.of_sources(tx, "period", [(store_id, source_of(key)) for key in keys])
        rewarded = {key_of(one) for one in found}
        stands = {key: stand for key, stand in (await plan_targets.stands(tx, keys)).items() if key not in rewarded}
        programs = await slices.versions(tx, {(store_id, key.program_id, one.version) for key, one in stands.items()})
        for key, stand in stands.items():
            program = programs.get((store_id, key.program_id, stand.version))
            rule = None if program is None else plan_of(program.plan_rewards, key.goal)
            if rule is not None and gives(rule, stand.so_far.sold_minor):
                report.found("plan", f"{source_of(key)} is reached, and has no reward")


def _differences(
    rewards: Sequence[Reward],
    orders: Sequence[Order],
    programs: Mapping[tuple[str, str, int], Program],
    zone: ZoneInfo | None,
) -> list[tuple[str, str]]:
    made_of: dict[tuple[str, str], list[Reward]] = {}
    found: list[tuple[str, str]] = []
    for one in rewards:
        made_of.setdefault((one.source_kind, one.source_id), []).append(one)
    for order in orders:
        program = programs.get((order.store_id, order.program_id or "", order.program_version or 0))
        found += differing(order, program, zone, made_of.pop((order.source_kind, order.order_id)))
    return found + [wrong for some in made_of.values() for one in some for wrong in _alone(one, programs)]


def _alone(reward: Reward, programs: Mapping[tuple[str, str, int], Program]) -> Iterator[tuple[str, str]]:
    """What can be said of a reward without an order: a person gave it, a milestone did, or its order still waits."""
    program = programs.get((reward.store_id, reward.program_id, reward.program_version))
    if reward.source_kind == "cashback":
        return block_differing(reward, program)
    if reward.source_kind == "period" and not is_plan(reward.source_id):
        return step_differing(reward, program)
    return bound_broken(reward)
