"""What decisions take from outside."""

from zoneinfo import ZoneInfo

from services.common.periods import local_day
from services.kernel.db import Tx
from services.kernel.ids import new_id
from services.rewards.grants.domain.plan import Moment


def moment_in(tx: Tx, zone: ZoneInfo) -> Moment:
    """The transaction's time, days as they are in the zone, and fresh ids of rewards."""
    return Moment(now=tx.now, day_of=lambda at: local_day(at, zone), new_id=lambda: new_id("rwd", at=tx.now))
