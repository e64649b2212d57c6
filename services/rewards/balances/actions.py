"""How far an ambassador has used the limits of a program."""

from dataclasses import dataclass
from datetime import tzinfo

from contracts.program import PerAmbassador
from services.kernel.db import Tx
from services.rewards.grants.domain.caps import CountKey, Tally
from services.rewards.grants.sql import limits
from services.rewards.rules.domain import POINTS, window
from services.rewards.slices import sql as slices


@dataclass(frozen=True, slots=True)
class Used:
    """One limit and what counts against it in the period that is running."""

    rule: str
    limit: PerAmbassador
    tally: Tally
    unit: str

    @property
    def share(self) -> float:
        """From 0 to 1."""
        used, most = (
            (self.tally.count, self.limit.count)
            if self.limit.count is not None
            else (self.tally.amount_minor, self.limit.amount_minor)
        )
        return min(1.0, used / most) if most else 1.0


async def limits_of(tx: Tx, store_id: str, ambassador_id: str, program_id: str, *, zone: tzinfo) -> list[Used]:
    """The limits per ambassador of a program's newest version, as far as this ambassador has used them."""
    program = await slices.newest(tx, store_id, program_id)
    if program is None:
        return []
    day = tx.now.astimezone(zone).date()
    asked = {
        CountKey(store_id, program_id, rule.name, ambassador_id, limit.period, window(limit.period, day)[0]): rule
        for rule in program.all_rules
        if (limit := rule.limits.per_ambassador) is not None
    }
    counted = await limits.tallies(tx, asked) if asked else {}
    used = []
    for key, rule in asked.items():
        first, last = window(key.period, day)
        nothing = Tally(first, last, 0, 0)
        tally = next((one for one in counted.get(key.limit, ()) if one.first == first), nothing)
        limit = rule.limits.per_ambassador
        assert limit is not None
        used.append(Used(rule.name, limit, tally, POINTS if rule.pay_as == "points" else program.currency))
    return used
