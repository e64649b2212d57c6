"""Holds that end: from pending to available."""

from collections.abc import Sequence
from datetime import datetime

from services.kernel.db import Tx
from services.rewards.grants.actions.announce import announce_released
from services.rewards.grants.domain.plan import released
from services.rewards.grants.sql import rewards as rewards_store
from services.rewards.ledger import actions as ledger
from services.rewards.ledger.domain import release
from services.rewards.settings import RELEASE_BATCH


async def release_due(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Releases what is due in these stores, some hundreds in all, and says when to look at each store again.

    Due is a settled reward above zero whose `available_at` has come, by the database's clock.
    """
    await tx.lock_stores(stores)
    due = await rewards_store.due(tx, stores, now=tx.now, count=max(1, RELEASE_BATCH // len(stores)))
    if due:
        postings = [
            release(
                store_id=reward.store_id,
                reward_id=reward.reward_id,
                side=reward.side,
                beneficiary_id=reward.beneficiary_id,
                unit=reward.unit,
                amount=reward.target_minor,
                granted_by=reward.granted_by,
            )
            for reward in due
        ]
        await ledger.post(tx, postings)
        done = [released(reward, now=tx.now) for reward in due]
        await rewards_store.save(tx, done)
        announce_released(tx, done)
    return await rewards_store.next_due(tx, stores)
