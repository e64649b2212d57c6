"""What a reward that follows from a count or a sum is worth now, as far as the budget allows. Pure."""

from datetime import datetime

from msgspec.structs import replace

from services.rewards.grants.domain.caps import Caps, budget_key
from services.rewards.grants.domain.reward import Change, Reward
from services.rewards.rules.domain import Reason


def worth(before: Reward | None, after: Reward, *, due: int, caps: Caps, now: datetime) -> Change | None:
    """The change to a reward of which so much of its base is due; None where nothing changes. One that was refused
    stays so. `before` is the reward as it is, if it is there, `after` the same with the terms that hold; `caps` is left
    as it is after the change.
    """
    held = before.target_minor if before is not None else 0
    refused = after.rejected_at is not None
    want = 0 if refused else due
    budget, kept = budget_key(after), min(held, want)
    caps.spend(budget, kept - held)
    bound = caps.budget_bound(budget, own=kept)
    target = want if bound is None else min(want, max(0, bound))
    caps.spend(budget, target - kept)
    if before is not None and (before.want_minor, before.target_minor) == (want, target):
        return None
    reached = Reason.GRANTED if due == after.base_minor else Reason.NOT_REACHED
    reason = after.reason if refused else reached
    if target < want:
        reason = Reason.PARTLY_CAPPED if target else Reason.CAPPED_BUDGET
    done = replace(
        after,
        want_minor=want,
        bound_minor=None if bound is None else max(0, bound),
        target_minor=target,
        reason=reason,
        # Whoever approved it has approved what it was worth then, and no more.
        approved_at=after.approved_at if target <= held else None,
        granted_at=after.granted_at or (now if target else None),
        changed_at=now,
        revision=after.revision + 1,
    )
    return Change(before, done)
