"""Refused rewards that are tried again, beside a small model: the oldest first, each as much as every cap leaves."""

from dataclasses import dataclass
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from services.rewards.grants.domain.caps import Caps, budget_key, limit_key
from services.rewards.grants.domain.retries import counter_of, limit_of, try_again
from services.rewards.grants.domain.reward import Reward
from tests.support.chance import examples
from tests.unit.rewards.books import Books
from tests.unit.rewards.build import AMBASSADOR_RULE, ANNA, BORIS, NOON, PROGRAM, make_program, make_state


@dataclass
class Case:
    """A refused or partly refused reward, as the model has it."""

    ambassador: str
    month: int
    want: int
    held: int


@st.composite
def cases(draw: st.DrawFn) -> list[Case]:
    found = []
    for _ in range(draw(st.integers(1, 8))):
        want = draw(st.integers(1, 60))
        held = draw(st.sampled_from([0, 0, want // 2, want]))
        found.append(Case(draw(st.sampled_from([ANNA, BORIS])), draw(st.sampled_from([10, 11])), want, held))
    return found


def model(found: list[Case], budget: int | None, count: int | None, most: int | None) -> list[int]:
    """Sums up everything anew for each."""
    held = [one.held for one in found]
    for n, one in enumerate(found):
        if held[n] == one.want:
            continue
        mine = [m for m, other in enumerate(found) if (other.ambassador, other.month) == (one.ambassador, one.month)]
        others = [held[m] for m in mine if m != n and held[m]]
        allowed = [one.want]
        if budget is not None:
            allowed.append(budget - sum(held) + held[n])
        if most is not None:
            allowed.append(most - sum(others))
        if count is not None and not held[n] and len(others) >= count:
            allowed.append(0)
        held[n] = max(held[n], min(allowed))
    return held


def rewards_of(found: list[Case]) -> list[Reward]:
    rule = {**AMBASSADOR_RULE, "give": {"kind": "fixed", "amount_minor": 60}}
    kept = Books({(PROGRAM, 1): make_program(rule)})
    for n, one in enumerate(found):
        day = NOON.replace(month=one.month) + timedelta(minutes=n)
        kept.take(make_state(str(n), placed_at=day, ambassador_id=one.ambassador))
    return [
        replace(reward, base_minor=one.want, want_minor=one.want, bound_minor=one.held, target_minor=one.held)
        for reward, one in zip(kept.rewards.values(), found, strict=True)
    ]


@settings(max_examples=examples(300), deadline=None)
@given(cases(), st.none() | st.integers(0, 300), st.none() | st.integers(1, 3), st.none() | st.integers(0, 150))
def test_the_oldest_get_what_every_cap_leaves_and_nobody_loses_anything(
    found: list[Case], budget: int | None, count: int | None, most: int | None
) -> None:
    rewards = rewards_of(found)
    limits = None
    if count is not None or most is not None:
        limits = {"per_ambassador": {"count": count, "amount_minor": most, "period": "month"}}
    rule = {**AMBASSADOR_RULE, **({} if limits is None else {"limits": limits})}
    newest = make_program(rule, budget_minor=budget, retry_capped=True)
    caps = Caps(budgets={} if budget is None else {budget_key(rewards[0]): budget})
    for reward in rewards:
        caps.spend(budget_key(reward), reward.target_minor)
        if (limit := limit_of(reward, newest, None)) is not None:
            key = counter_of(reward, limit)
            if not any(one.first == key.first for one in caps.tallies[key.limit]):
                caps.open(key, 0, 0)
            caps.tally(limit_key(reward), reward.day, reward.target_minor, sign=1)
    refused = [one for one in rewards if one.target_minor < one.want_minor]
    changes = try_again(refused, {one.reward_id: limit_of(one, newest, None) for one in refused}, caps, NOON)
    now = {one.reward_id: one.target_minor for one in rewards}
    assert all(one.difference > 0 for one in changes)
    now |= {one.after.reward_id: one.after.target_minor for one in changes}
    assert list(now.values()) == model(found, budget, count, most)
    again = [one.after for one in changes if one.after.target_minor < one.after.want_minor]
    assert try_again(again, {one.reward_id: limit_of(one, newest, None) for one in again}, caps, NOON) == []
