"""What caps refused is given once there is room, the oldest purchase first, where the newest version says so.

Room appears where a reward is lowered, and where a version has more of it. From then on the due job goes through what
was refused, some hundreds of rewards in each transaction. New room on the way has it begin anew, so that no younger
purchase is served before an older one that could be. Where that room is in limits alone, it is for their ambassadors
only: theirs are left out until the job has come to its end and begins once more, so that it does come there.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from contracts.program import Program
from services.kernel.db import Tx
from services.kernel.revisions import Ref
from services.rewards.grants.actions.regrant import settle_changes
from services.rewards.grants.domain.caps import BudgetKey, Caps
from services.rewards.grants.domain.retries import counter_of, limit_of, try_again
from services.rewards.grants.domain.reward import Reward
from services.rewards.grants.sql import counters, limits, retries
from services.rewards.release_rules import sql as rules
from services.rewards.release_rules.domain import Way
from services.rewards.slices import sql as slices

AT_ONCE: Final = 250
"""Rewards that are tried again in one transaction."""


async def retry_due(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Tries the next refused rewards of these stores again, some hundreds in all, and says which stores have more."""
    await tx.lock_stores(stores)
    sweeps = await retries.begun(tx, stores, count=len(stores))
    if not sweeps:
        return {}
    newest = {ref: one for ref, (_, one) in (await slices.newest_of(tx, {sweep[:2] for sweep in sweeps})).items()}
    # Where a newer version does not want it any more, nothing is tried again.
    going = [one for one in sweeps if newest[one[:2]].retry_capped]
    each = max(1, AT_ONCE // len(sweeps))
    found = await retries.refused(tx, going, count=each) if going else {}
    unfinished = {sweep for sweep, some in found.items() if len(some) == each}
    refused = {sweep: _uncut(some) if sweep in unfinished else some for sweep, some in found.items()}
    ways = await rules.ways(tx, stores)
    # What is released has passed whoever had to say so, and would rise past them: it stays refused.
    able = [
        one
        for sweep, some in refused.items()
        for one in some
        if one.ambassador_id not in sweeps[sweep] and (one.released_at is None or _automatic(ways, one))
    ]
    full = await _give(tx, able, newest)
    last = {one: some[-1] for one, some in refused.items() if one in unfinished and one not in full}
    once_more = await retries.go_on(tx, last, [one for one in sweeps if one not in last])
    more = {one.store_id for one in last} | once_more
    return dict.fromkeys(stores if len(sweeps) == len(stores) else more, tx.now)


def _uncut(some: Sequence[Reward]) -> Sequence[Reward]:
    """Without the last one where it is one part of what is shared: the next step then has both."""
    *before, last = some
    alone = last.split is not None and not any(_shared(one) == _shared(last) for one in before)
    return before if alone and before else some


def _shared(reward: Reward) -> tuple[str, str, str, int]:
    return reward.source_kind, reward.source_id, reward.rule, reward.level


def _automatic(ways: Mapping[str, Way], reward: Reward) -> bool:
    return ways.get(reward.store_id, "automatic") == "automatic"


async def _give(tx: Tx, refused: Sequence[Reward], newest: Mapping[Ref, Program]) -> set[BudgetKey]:
    """Gives these what there is room for; returns the budgets of which nothing is left: nobody behind can get any."""
    if not refused:
        return set()
    versions = await slices.versions(tx, {(one.store_id, one.program_id, one.program_version) for one in refused})
    held_to = {
        one.reward_id: limit_of(
            one,
            newest[one.store_id, one.program_id],
            versions.get((one.store_id, one.program_id, one.program_version)),
        )
        for one in refused
    }
    programs = {(one.store_id, one.program_id) for one in refused}
    caps = Caps(budgets=await slices.budgets(tx, programs))
    if caps.budgets:
        caps.spent.update(await counters.spent(tx, programs))
    if keys := {counter_of(one, limit) for one in refused if (limit := held_to[one.reward_id]) is not None}:
        caps.tallies.update(await limits.tallies(tx, keys))
    await settle_changes(tx, try_again(refused, held_to, caps, tx.now))
    return {key for key in caps.budgets if caps.budgets[key] <= caps.spent[key]}
