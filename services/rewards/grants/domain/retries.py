"""Where room under caps appears, and what of the refused rewards it is for. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from contracts.limits import PerAmbassador
from contracts.program import Program
from services.common.periods import window
from services.rewards.grants.domain.caps import Caps, CountKey, budget_key, limit_key
from services.rewards.grants.domain.plan import tried_again
from services.rewards.grants.domain.reward import Change, Reward
from services.rewards.grants.domain.worth import worth

RETRIES_JOB: Final = "capped"


class Room(NamedTuple):
    """Where something can be given again: in a program's budget, and in the limits of one ambassador, or of all."""

    store_id: str
    program_id: str
    ambassador_id: str | None = None


def room_made(changes: Iterable[Change]) -> set[Room]:
    """Where these changes give something back to a budget or a limit."""
    return {
        Room(before.store_id, before.program_id, before.ambassador_id)
        for one in changes
        if (before := one.before) is not None and before.target_minor and _gives_back(before, one.after)
    }


def _gives_back(before: Reward, after: Reward) -> bool:
    moved = (*budget_key(before), *limit_key(before), before.day) != (*budget_key(after), *limit_key(after), after.day)
    return moved or after.target_minor < before.target_minor


def limit_of(reward: Reward, newest: Program, in_force: Program | None) -> PerAmbassador | None:
    """The limit that a refused reward is held against when it is tried again: that of its rule in the newest version,
    as with the budget; of a rule that this no longer has, that of the version in force.
    """
    if reward.source_kind not in ("order", "event"):
        return None
    for program in (newest, in_force):
        for rule in program.all_rules if program is not None else ():
            if rule.name == reward.rule:
                return rule.limits.per_ambassador
    return None


def counter_of(reward: Reward, limit: PerAmbassador) -> CountKey:
    """Where this limit counts the reward."""
    return CountKey(*limit_key(reward), limit.period, window(limit.period, reward.day)[0])


def try_again(
    refused: Iterable[Reward], limits: Mapping[str, PerAmbassador | None], caps: Caps, now: datetime
) -> list[Change]:
    """What there is room for, in the order given; `limits` are by reward, and `caps` is left as it is afterwards."""
    found: list[Change] = []
    for group in _groups(refused):
        one = group[0]
        if one.source_kind in ("order", "event"):
            found += tried_again(group, limits[one.reward_id], caps, now)
        elif (change := worth(one, one, due=one.want_minor, caps=caps, now=now)) is not None:
            found.append(change)
    return sorted(found, key=lambda change: change.difference > 0)


def _groups(refused: Iterable[Reward]) -> list[list[Reward]]:
    """Each by itself, but both parts of what is shared with the friend together."""
    groups: dict[object, list[Reward]] = {}
    for one in refused:
        whole = (one.store_id, one.source_kind, one.source_id, one.program_id, one.rule, one.level)
        groups.setdefault(one.reward_id if one.split is None else whole, []).append(one)
    return list(groups.values())
