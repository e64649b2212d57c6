"""What the clock does: invitations are written, people are reminded, and addresses forgotten."""

from collections.abc import Sequence
from typing import Any

from services.kernel.db import Tx
from services.kernel.service import DueJob
from services.links.inviting import actions
from services.links.preferences.actions import INVITES_JOB


async def work_off(tx: Tx, stores: Sequence[str]) -> dict[str, Any]:
    """Does it, and says when each store has more."""
    moments = {store: await actions.work_off(tx, store) for store in stores}
    return {store: moment for store, moment in moments.items() if moment is not None}


DUE_JOBS = (DueJob(name=INVITES_JOB, run=work_off, stores=1),)
"""A store at a time: invitations to one address are counted over all stores, and who counts holds that till the end."""
