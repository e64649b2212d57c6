"""How an amount is divided between an ambassador and the friend. Pure."""

from contracts.splits import WHOLE
from services.rewards.rules.domain.order import Side


def part_of(amount_minor: int, share: int, side: Side) -> int:
    """A side's part of an amount: `share` basis points of it are the ambassador's, rounded down, and all else is the
    friend's. The parts add up, and neither falls when the amount rises: so the smaller of two amounts has the smaller
    parts, and caps may hold for the sum.
    """
    ambassadors = amount_minor * share // WHOLE
    return ambassadors if side == "ambassador" else amount_minor - ambassadors
