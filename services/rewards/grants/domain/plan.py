"""What an order's rewards should be now, given its state, the terms in force and the caps. Pure.

Lowering goes before raising: what one reward of the order gives back is there for the next one, and when an order moves
to another ambassador the first one's reward is down before the second one's is up.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from contracts.limits import PerAmbassador
from contracts.program import Program
from services.common.periods import window
from services.rewards.grants.domain.caps import Caps, budget_key, limit_key, tightest
from services.rewards.grants.domain.reward import Change, Decider, Reward, RewardKey, Why
from services.rewards.rules.domain import Entitlement, Grade, Order, Reason, part_of, usable_from
from services.rewards.tiers.domain import grade_of


class Moment(Struct, frozen=True, kw_only=True):
    """What the decision takes from outside: the time, the day of the purchase where the store is, and fresh ids."""

    now: datetime
    day_of: Callable[[datetime], date]
    new_id: Callable[[], str]


@dataclass(slots=True)
class _Draft:
    """A reward on its way to a change: `after` has the terms and figures, the rest what caps make of them."""

    before: Reward | None
    after: Reward
    limit: PerAmbassador | None
    settled_minor: int | None = None
    """What it was worth when its order settled, where the order's state says so."""
    kept: int = 0
    """What it holds after lowering: counted against the budget throughout."""
    kept_in_period: int = 0
    """The part of `kept` that the limit's period counts already; 0 if it comes from another period or ambassador."""
    target: int = 0
    bound: int | None = None
    reason: Reason = Reason.GRANTED
    lost: bool = False
    """Whether nothing is due by it any more."""


def grades_of(order: Order, program: Program, rewards: Iterable[Reward], tier: str | None) -> dict[str, Grade]:
    """By rule, what tiers make of the ambassador's rewards for an order: `tier` is the one that they are in now, and a
    reward that was granted keeps the one that it was granted at. So does the order: a rule that gives something later
    goes by the tier of the order's first reward.
    """
    granted = {
        (one.program_id, one.rule, one.ambassador_id): one
        for one in rewards
        if one.granted_at is not None and one.level == 1
    }
    ranked = [
        one
        for one in granted.values()
        if one.multiplier is not None and (one.program_id, one.ambassador_id) == (order.program_id, order.ambassador_id)
    ]
    if ranked:
        tier = min(ranked, key=lambda one: (one.granted_at, one.rule)).tier
    found = {}
    for rule in program.rules_served if order.event is None else ():
        if rule.to != "ambassador":
            continue
        before = granted.get((order.program_id or "", rule.name, order.ambassador_id or ""))
        if before is not None and before.multiplier is not None:
            found[rule.name] = Grade(before.tier, before.multiplier)
        elif before is None and program.tiers is not None:
            found[rule.name] = grade_of(program.tiers, tier)
    return found


def activity_of(order: Order, rewards: Iterable[Reward]) -> dict[tuple[str, str], bool]:
    """By rule and sponsor, who counted as active when an order's rewards to sponsors were first decided."""
    return {
        (one.rule, one.beneficiary_id): one.sponsor_active
        for one in rewards
        if one.sponsor_active is not None and one.program_id == order.program_id
    }


def plan(
    order: Order,
    entitled: Sequence[Entitlement],
    rewards: Sequence[Reward],
    caps: Caps,
    moment: Moment,
) -> list[Change]:
    """The rewards that must change, lowered ones first. `rewards` are all that the order has; `caps` is left as it is
    after these changes.
    """
    drafts = _drafts(order, entitled, rewards, moment)
    for draft in drafts:
        _lower(draft, caps)
    # Whoever comes from another period holds nothing in its new one: it goes first, before others use up the room.
    for group in sorted(_groups(drafts), key=lambda g: all(d.kept_in_period == d.kept for d in g)):
        _raise(group, caps)
    changes = [change for draft in drafts if (change := _change(draft, moment.now)) is not None]
    return sorted(changes, key=lambda change: change.difference > 0)


def as_the_order_has_it(
    order: Order, entitled: Sequence[Entitlement], rewards: Sequence[Reward], moment: Moment
) -> list[tuple[Reward, Reward]]:
    """Each reward that the order has, and the same with terms and figures as they are now, before caps."""
    drafts = _drafts(order, entitled, rewards, moment)
    return [(draft.before, draft.after) for draft in drafts if draft.before is not None]


def tried_again(refused: Sequence[Reward], limit: PerAmbassador | None, caps: Caps, now: datetime) -> list[Change]:
    """More of what caps refused of a rule's reward for an order or event, of both parts where it is shared, as far as
    there is room now; nothing where there is none. It never gets more than it wants: of a settled order at most what it
    was worth then.
    """
    group = [
        _Draft(
            before,
            replace(
                before,
                reason=Reason.GRANTED if before.want_minor == before.base_minor else Reason.PARTLY_REFUNDED,
            ),
            limit,
            kept=before.target_minor,
            kept_in_period=before.target_minor,
        )
        for before in refused
    ]
    _raise(group, caps)
    if sum(draft.target - draft.kept for draft in group) <= 0:
        return []
    return [change for draft in group if (change := _change(draft, now)) is not None]


def rejected(before: Reward, *, note: str | None, now: datetime, reason: Reason = Reason.REJECTED_BY_PERSON) -> Change:
    """A no, of a person or of the store's server: worth nothing from now on, whatever happens to the order."""
    after = replace(_free(before), want_minor=0, target_minor=0, rejected_at=now, note=note, reason=reason)
    return Change(before, _next(before, after, now))


def approved(before: Reward, *, now: datetime) -> Change:
    """A person's yes to a pending reward, of what it is worth now. It shortens no hold."""
    return Change(before, _next(before, replace(_free(before), approved_at=now), now))


def waiting(before: Reward, *, whose: Decider, why: Why, now: datetime, note: str | None = None) -> Change:
    """The reward is not released before somebody has decided; an approval of before is none any more."""
    after = replace(
        before,
        approved_at=None,
        waits_for=whose,
        waits_why=why,
        waits_since=now,
        note=before.note if note is None else note,
    )
    return Change(before, _next(before, after, now))


def freed(before: Reward, *, now: datetime) -> Change:
    """Nobody is asked about the reward any more: when it is due, the store's setting decides anew."""
    return Change(before, _next(before, _free(before), now))


def taken_back(before: Reward, *, amount_minor: int, now: datetime) -> Change:
    """A person takes back a part of what a person gave, at most all that is left of it."""
    left = before.target_minor - amount_minor
    after = replace(before, want_minor=left, target_minor=left, reason=Reason.TAKEN_BACK)
    return Change(before, _next(before, after, now))


def released(before: Reward, *, now: datetime) -> Reward:
    """The reward once its hold is over."""
    return _next(before, replace(_free(before), released_at=now), now)


def _free(before: Reward) -> Reward:
    return replace(before, waits_for=None, waits_why=None, waits_since=None)


def _drafts(order: Order, entitled: Sequence[Entitlement], rewards: Sequence[Reward], moment: Moment) -> list[_Draft]:
    had: dict[RewardKey, Reward] = {reward.key: reward for reward in rewards}
    drafts: list[_Draft] = []
    for one in entitled:
        before = had.pop(one.key, None)
        settled_at_nothing = order.settled_at is not None and one.base_minor > 0
        kept_out = one.sponsor_active is False and one.base_minor > 0
        if before is None and one.want_minor == 0 and not settled_at_nothing and not kept_out:
            # Nothing due, nothing to keep: the reason follows from the order and the rule at any time. That a sponsor
            # was not active does not, and is kept.
            continue
        drafts.append(_Draft(before, _with_terms(order, one, before, moment), one.limit, one.settled_minor))
    for before in had.values():
        reason = order.refusal or Reason.REASSIGNED
        lost = replace(_with_figures(before, order), base_minor=0, want_minor=0, reason=reason)
        drafts.append(_Draft(before, lost, None, lost=True))
    for draft in drafts:
        if draft.before is not None and draft.before.rejected_at is not None:
            draft.after = replace(draft.after, want_minor=0, reason=draft.before.reason)
        if order.settled_at is not None:
            draft.after = _within_settled(draft.after, draft.settled_minor)
    return drafts


def _within_settled(after: Reward, then: int | None) -> Reward:
    """What is left of the reward of a settled order: from then on it only falls, and rises to that at most.

    `then` is what it was at the settling, where the order's state has it. Else the first settled state that came is it:
    an order whose state differs from its settling says so, unless it settled before that was kept.
    """
    if then is not None:
        after = replace(after, settled_minor=then)
    elif after.settled_minor is None:
        return replace(after, settled_minor=after.want_minor)
    if after.settled_minor is None or after.want_minor <= after.settled_minor:
        return after
    reason = Reason.PARTLY_REFUNDED if after.settled_minor else Reason.REFUNDED
    return replace(after, want_minor=after.settled_minor, reason=reason)


def _fixed(one: Entitlement) -> dict[str, Any]:
    """What a reward keeps from its first grant on, or by the link or code of its order."""
    return {
        "tier": one.grade.tier if one.grade else None,
        "multiplier": one.grade.multiplier if one.grade else None,
        "won_by": one.won_by,
        "sponsor_active": one.sponsor_active,
        "split": one.split,
    }


def _with_terms(order: Order, one: Entitlement, before: Reward | None, moment: Moment) -> Reward:
    available_at = usable_from(order, one.hold)
    if before is not None:
        # The day is kept while the moment of purchase is: a store that changes its zone moves nothing between periods.
        day = before.day if before.placed_at == order.placed_at else moment.day_of(order.placed_at)
        return replace(
            _with_figures(before, order),
            program_version=one.program_version,
            ambassador_id=one.ambassador_id,
            pay_as=one.pay_as,
            unit=one.unit,
            currency=one.currency,
            placed_at=order.placed_at,
            day=day,
            base_minor=one.base_minor,
            want_minor=one.want_minor,
            reason=one.reason,
            available_at=available_at,
            **_fixed(one),
        )
    return Reward(
        store_id=order.store_id,
        reward_id=moment.new_id(),
        source_kind=order.source_kind,
        source_id=order.order_id,
        event_name=order.event,
        order_revision=order.revision,
        program_id=one.program_id,
        program_version=one.program_version,
        rule=one.rule,
        level=one.level,
        side=one.side,
        beneficiary_id=one.beneficiary_id,
        ambassador_id=one.ambassador_id,
        pay_as=one.pay_as,
        unit=one.unit,
        currency=one.currency,
        placed_at=order.placed_at,
        day=moment.day_of(order.placed_at),
        base_minor=one.base_minor,
        total_minor=order.total_minor,
        refunded_minor=order.refunded_minor,
        want_minor=one.want_minor,
        bound_minor=None,
        target_minor=0,
        reason=one.reason,
        revision=0,
        settled_at=order.settled_at,
        available_at=available_at,
        created_at=moment.now,
        granted_at=None,
        changed_at=moment.now,
        **_fixed(one),
    )


def _with_figures(before: Reward, order: Order) -> Reward:
    return replace(
        before,
        order_revision=order.revision,
        total_minor=order.total_minor,
        refunded_minor=order.refunded_minor,
        settled_at=order.settled_at,
    )


def _lower(draft: _Draft, caps: Caps) -> None:
    """Takes back what is no longer wanted, and takes the reward out of a period or ambassador it has left."""
    before, after = draft.before, draft.after
    if before is None or before.target_minor == 0:
        return
    same_money = budget_key(before) == budget_key(after)
    draft.kept = min(before.target_minor, after.want_minor) if same_money else 0
    caps.spend(budget_key(before), draft.kept - before.target_minor)
    draft.kept_in_period = draft.kept if same_money and _same_period(before, after, draft.limit) else 0
    caps.tally(limit_key(before), before.day, before.target_minor, sign=-1, counted=before.counted)
    caps.tally(limit_key(after), after.day, draft.kept_in_period, sign=1, counted=after.counted)


def _same_period(before: Reward, after: Reward, limit: PerAmbassador | None) -> bool:
    if limit is None:
        return True
    first, last = window(limit.period, after.day)
    return limit_key(before) == limit_key(after) and first <= before.day <= last


def _groups(drafts: Iterable[_Draft]) -> list[list[_Draft]]:
    """What caps are held against: each reward by itself, but both parts of what is shared together. Where a person
    refused one part, the other stands alone.
    """
    groups: dict[object, list[_Draft]] = {}
    for draft in drafts:
        after = draft.after
        alone = after.split is None or after.rejected_at is not None or draft.lost
        key = after.key if alone else (after.program_id, after.rule, after.level)
        groups.setdefault(key, []).append(draft)
    return list(groups.values())


def _raise(group: Sequence[_Draft], caps: Caps) -> None:
    """Gives the rewards what they want together, as far as caps allow; what caps leave is split as they are."""
    after, limit = group[0].after, group[0].limit
    budget, limited = budget_key(after), limit_key(after)
    bound = tightest(
        (caps.budget_bound(budget, own=sum(one.kept for one in group)), Reason.CAPPED_BUDGET),
        (
            caps.limit_bound(limited, after.day, limit, own=sum(one.kept_in_period for one in group))
            if limit
            else None,
            Reason.CAPPED_AMBASSADOR,
        ),
    )
    for draft in group:
        after, own = draft.after, draft.kept_in_period
        if bound.amount_minor is not None:
            allowed = max(0, bound.amount_minor)
            shared = after.split is not None and len(group) > 1
            draft.bound = part_of(allowed, after.split or 0, after.side) if shared else allowed
        target = after.want_minor if draft.bound is None else min(after.want_minor, draft.bound)
        draft.target = target
        draft.reason = after.reason
        if target < after.want_minor:
            draft.reason = Reason.PARTLY_CAPPED if target else (bound.by or after.reason)
        caps.spend(budget, target - draft.kept)
        caps.tally(limited, after.day, own, sign=-1, counted=after.counted)
        caps.tally(limited, after.day, target, sign=1, counted=after.counted)


def _change(draft: _Draft, now: datetime) -> Change | None:
    """The draft as a change; None if nothing but the order's revision and the room left under caps would differ."""
    before, after = draft.before, draft.after
    if (
        before is not None
        and before.target_minor == draft.target
        and before.reason == draft.reason
        and replace(after, order_revision=before.order_revision, reason=before.reason) == before
    ):
        return None
    seen = before is not None and before.unit == after.unit and draft.target <= before.target_minor
    done = replace(
        after,
        # Whoever approved it has approved what it was worth then, and no more.
        approved_at=after.approved_at if seen else None,
        target_minor=draft.target,
        bound_minor=draft.bound,
        reason=draft.reason,
        granted_at=after.granted_at or (now if draft.target > 0 else None),
        changed_at=now,
        revision=before.revision + 1 if before else 1,
    )
    return Change(before, done)


def _next(before: Reward, after: Reward, now: datetime) -> Reward:
    return replace(after, changed_at=now, revision=before.revision + 1)
