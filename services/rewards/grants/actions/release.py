"""Holds that end: from pending to available, or to whoever has to say so first."""

from collections.abc import Sequence
from datetime import datetime

from services.kernel.db import Tx
from services.rewards.grants.actions.announce import announce_released
from services.rewards.grants.actions.books import move_of
from services.rewards.grants.domain.plan import released, waiting
from services.rewards.grants.domain.reward import Reward
from services.rewards.grants.sql import rewards as rewards_sql
from services.rewards.ledger.domain import Posting, release
from services.rewards.lots import actions as lots
from services.rewards.lots.actions import Written
from services.rewards.lots.domain import Term
from services.rewards.release_rules import actions as questions
from services.rewards.release_rules import sql as rules
from services.rewards.release_rules.domain import Door, door_of
from services.rewards.settings import RELEASE_BATCH


async def release_due(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Releases what is due in these stores, some hundreds in all, and says when to look at each store again.

    Due is a settled reward above zero whose `available_at` has come, by the database's clock. Where the store's setting
    wants a word on it first, it waits for that instead.
    """
    await tx.lock_stores(stores)
    due = await rewards_sql.due(tx, stores, now=tx.now, count=max(1, RELEASE_BATCH // len(stores)))
    ways = await rules.ways(tx, stores)
    # Where the rule is another by now, nobody waits for the server any more.
    freed = await rewards_sql.asked_about(
        tx, [store for store in stores if ways.get(store) != "ask"], count=RELEASE_BATCH
    )
    due += freed
    if due:
        doors = {
            one.reward_id: door_of(ways.get(one.store_id, "automatic"), approved=one.approved_at is not None)
            for one in due
        }
        await let_go(tx, [reward for reward in due if doors[reward.reward_id] is Door.OPEN])
        by_hand = [reward for reward in due if doors[reward.reward_id] is Door.PERSON]
        asked = [reward for reward in due if doors[reward.reward_id] is Door.STORE]
        held_back = [
            *(waiting(one, whose="person", why="by_hand", now=tx.now).after for one in by_hand),
            *(waiting(one, whose="store", why="asked", now=tx.now).after for one in asked),
        ]
        if held_back:
            await rewards_sql.save(tx, held_back)
        await questions.ask(tx, [(one.store_id, one.reward_id) for one in asked])
    more = {one.store_id: tx.now for one in freed} if len(freed) == RELEASE_BATCH else {}
    return await rewards_sql.next_due(tx, stores) | more


async def let_go(tx: Tx, rewards: Sequence[Reward], *, term: Term | None = None) -> list[Reward]:
    """Releases these. Their stores must be locked, and each must be settled, above zero and not released. `term`: how
    long they can be used, where that is not for their rules to say.
    """
    if not rewards:
        return []
    outcomes = await lots.post(
        tx, [Written(_posting(one), move_of(one, one.target_minor, term=term)) for one in rewards]
    )
    done = [released(reward, now=tx.now) for reward in rewards]
    lying = {reward.reward_id: one.lot_id for reward, one in zip(rewards, outcomes, strict=True)}
    await rewards_sql.save(tx, done, lots=lying)
    announce_released(tx, done)
    return done


def _posting(reward: Reward) -> Posting:
    return release(
        store_id=reward.store_id,
        reward_id=reward.reward_id,
        side=reward.side,
        beneficiary_id=reward.beneficiary_id,
        unit=reward.unit,
        amount=reward.target_minor,
        granted_by=reward.granted_by,
    )
