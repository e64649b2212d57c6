"""Lets connections carry codes, and wakes them when the set-up changed."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from contracts.events.store_codes import CodesCarried, StoreCodeChanged
from services.connectors.accounts.sql import Account
from services.connectors.store_codes.domain.port import State
from services.connectors.store_codes.sql import carriers, changed, codes
from services.connectors.store_codes.sql.carriers import Carrier
from services.kernel.db import Tx
from services.kernel.revisions import Ref
from services.kernel.work import NewTask, add_tasks, release

TASK: Final = "store-codes"
"""The kind of task that does what a connection's codes wait for, some of them at a time."""


async def turn(tx: Tx, account: Account, *, on: bool) -> None:
    """Lets a connection carry the store's codes, or no longer. What is in the shop by then stays there, as it is."""
    if not on and await carriers.one(tx, account.store_id, account.account_id) is None:
        return  # it never carried any
    if not await carriers.turn(tx, account.store_id, account.account_id, platform=account.platform, on=on):
        return
    carrier = await carriers.one(tx, account.store_id, account.account_id, lock=True)
    if carrier is None:
        return
    _announce(tx, carrier)
    tx.note("codes.carried" if on else "codes.not_carried", on=account.account_id)
    if on:
        await wake(tx, [carrier])


async def end(tx: Tx, account: Account) -> None:
    """A connection that ended carries nothing."""
    await turn(tx, account, on=False)


async def switch(tx: Tx, account: Account, *, applies: bool) -> None:
    """Lets links lead to the shop by an address that applies the code, or no longer."""
    if applies and await carriers.one(tx, account.store_id, account.account_id) is None:
        return  # so it is from the beginning
    if not await carriers.switch(tx, account.store_id, account.account_id, platform=account.platform, applies=applies):
        return
    carrier = await carriers.one(tx, account.store_id, account.account_id, lock=True)
    if carrier is not None:
        _announce(tx, carrier)
        tx.note("codes.applied" if applies else "codes.not_applied", on=account.account_id)


async def know(tx: Tx, carrier: Carrier, hosts: Sequence[str]) -> Carrier:
    """Keeps which hosts the shop has, and announces them, also where they are as before: links may have read the last
    announcement in a version that did not know of hosts. The caller holds the carrier's lock.
    """
    after = replace(carrier, hosts=tuple(hosts), hosts_at=tx.now, revision=carrier.revision + 1)
    await carriers.keep_hosts(tx, after)
    _announce(tx, after)
    return after


async def go_on(tx: Tx, store_id: str, connection_id: str) -> None:
    """Has a connection try at once what it stood still with: somebody gave access, or mended the shop."""
    await release(tx, kind=TASK, lane=connection_id)
    carrier = await carriers.one(tx, store_id, connection_id, lock=True)
    if carrier is not None and carrier.on:
        # A turn that is on its way with what was there before is not to speak of what is there now.
        await carriers.begin_anew(tx, store_id, connection_id)
        await wake(tx, [replace(carrier, problem=None)])


async def move(tx: Tx, store_id: str, connection_id: str) -> None:
    """The connection leads to another shop, of which nothing is known yet."""
    carrier = await carriers.one(tx, store_id, connection_id, lock=True)
    if carrier is not None:
        await codes.elsewhere(tx, store_id, connection_id)
        await know(tx, carrier, ())
        await go_on(tx, store_id, connection_id)


async def doubt(tx: Tx, store_id: str, connection_id: str) -> None:
    """The key may be another account's: whatever should be there is looked up before anybody believes that it is."""
    if await carriers.one(tx, store_id, connection_id, lock=True) is not None:
        await codes.doubt(tx, store_id, connection_id)
        await go_on(tx, store_id, connection_id)


async def wake_stores(
    tx: Tx, *, whole: Collection[str], saved: Sequence[Ref], owners: Sequence[Ref], stores: Collection[str]
) -> None:
    """Has the connections of these stores compare the set-up with what their shops have: all of it in the `whole` ones,
    else the codes that were `saved`, and those of `owners`.
    """
    found = await carriers.locked(tx, sorted(stores))
    named = await changed.note(tx, saved, owners) if found else set()
    await wake(tx, [one for one in found if one.store_id in whole])
    await wake(tx, [one for one in found if one.store_id not in whole and one.ref in named], whole=False)


async def wake(tx: Tx, found: Sequence[Carrier], *, whole: bool = True) -> None:
    """Starts a task for each connection that has none on its way. The caller holds their locks. `whole`: it compares
    everything, from the beginning.
    """
    tasks = []
    for carrier in found:
        after = replace(carrier, sweep="") if whole else carrier
        if carrier.awake and after == carrier:
            continue  # what is on its way sees to it
        if not carrier.awake:
            after = replace(after, awake=True, round=carrier.round + 1)
            tasks.append(task(after))
        await carriers.write(tx, after)
    await add_tasks(tx, tasks)


async def try_again(tx: Tx, store_id: str, connection_id: str) -> int:
    """Asks once more for what the shop refused: its owner freed the codes, say. How many there are."""
    carrier = await carriers.one(tx, store_id, connection_id, lock=True)
    if carrier is None or not carrier.on:
        return 0
    found = await codes.again(tx, store_id, connection_id)
    for code_id, code, revision in found:
        report(tx, carrier, code_id, code, "waiting", None, revision)
    tx.note("codes.tried_again", on=connection_id)
    await go_on(tx, store_id, connection_id)
    return len(found)


def task(carrier: Carrier) -> NewTask:
    """The task of a connection's round."""
    return NewTask(
        kind=TASK,
        store_id=carrier.store_id,
        lane=carrier.connection_id,
        key=f"{carrier.connection_id}:{carrier.round}",
        payload={"connection": carrier.connection_id},
    )


def _announce(tx: Tx, carrier: Carrier) -> None:
    tx.emit(
        CodesCarried(
            store_id=carrier.store_id,
            connection_id=carrier.connection_id,
            platform=carrier.platform,
            carries=carrier.on,
            discount_hosts=carrier.discount_hosts,
            revision=carrier.revision,
        )
    )


def report(tx: Tx, carrier: Carrier, code_id: str, code: str, state: State, reason: str | None, revision: int) -> None:
    """Reports what became of a code."""
    tx.emit(
        StoreCodeChanged(
            store_id=carrier.store_id,
            connection_id=carrier.connection_id,
            platform=carrier.platform,
            code_id=code_id,
            code=code,
            state=state,
            reason=reason,
            changed_at=tx.now,
            revision=revision,
        )
    )
