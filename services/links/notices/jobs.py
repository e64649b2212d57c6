"""What the clock does: it notifies people of what is due."""

from collections.abc import Sequence
from typing import Any

from services.kernel.db import Tx
from services.kernel.service import DueJob
from services.links.notices.actions import announce as turns
from services.links.notices.actions import dispatch
from services.links.notices.actions.decide import JOB


async def notify(tx: Tx, stores: Sequence[str]) -> dict[str, Any]:
    """Notifies, and says when each store has more."""
    moments = {store: await dispatch.notify(tx, store) for store in stores}
    return {store: moment for store, moment in moments.items() if moment is not None}


async def announce(tx: Tx, stores: Sequence[str]) -> dict[str, Any]:
    """Has the turns of announcements, and says when each store's next one is."""
    moments = {store: await turns.have_turns(tx, store) for store in stores}
    return {store: moment for store, moment in moments.items() if moment is not None}


async def forget(tx: Tx, stores: Sequence[str]) -> dict[str, Any]:
    """Forgets what was sent long ago, and says when each store has more."""
    moments = {store: await dispatch.forget(tx, store) for store in stores}
    return {store: moment for store, moment in moments.items() if moment is not None}


DUE_JOBS = (
    DueJob(name=JOB, run=notify),
    DueJob(name=turns.TURNS, run=announce),
    DueJob(name=dispatch.FORGET_JOB, run=forget),
)
