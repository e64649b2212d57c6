"""What a reward's sets do to lots of points and store credit."""

from services.rewards.grants.domain.reward import Reward
from services.rewards.lots.actions import Move
from services.rewards.lots.domain import Holder, Term


def move_of(reward: Reward, amount: int, *, anew: bool = False, term: Term | None = None) -> Move | None:
    """What an available amount of a reward is among lots: None for cash. `anew`: it is in no lot yet."""
    if reward.pay_as == "cash":
        return None
    return Move(
        holder=Holder(reward.store_id, reward.side, reward.beneficiary_id, reward.unit, reward.pay_as),
        program_id=reward.program_id,
        program_version=reward.program_version,
        rule=reward.rule,
        lot_id=None if anew else reward.lot_id,
        amount=amount,
        term=term,
    )
