"""Works out what the installation or removal of an app means for the access to its shop. Asks nobody."""

import hashlib
from base64 import b64decode
from dataclasses import replace
from typing import Final

from services.connectors.accounts import actions as accounts
from services.connectors.accounts import sql as accounts_sql
from services.connectors.accounts.domain import Access
from services.connectors.connections import actions
from services.connectors.platforms.domain.proof import same
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.work import Done, Outcome, Retry, Task, TaskKind


async def run(ctx: Context, task: Task) -> Outcome:
    """Opens the app's secret and the token. Without the key it waits for it."""
    connection_id = str(task.payload["connection"])
    async with ctx.db.transaction([task.store_id], patient=True) as tx:
        account = await accounts_sql.one(tx, task.store_id, connection_id)
    if account is None:
        return Done()
    sealed = b64decode(str(task.payload["token"]))
    try:
        access = accounts.access_of(ctx, account)
        token = ctx.opener().open(actions.APP_CALL, sealed, owner=connection_id).decode()
    except ValueError:
        return Retry(reason="no_key", hold_lane=True)
    after = None if access is None else access_after(access, str(task.payload["what"]), token)
    if after is None:
        return Done()
    changed, given_at = after, account.access_at

    async def note(tx: Tx) -> None:
        now = await accounts_sql.one(tx, task.store_id, connection_id, lock=True)
        # Who gave access anew meanwhile is not undone by a call from before.
        if now is not None and now.access is not None and now.access_at == given_at:
            await actions.take_app_call(tx, ctx, task.store_id, connection_id, changed)

    return Done(note=note)


def access_after(access: Access, what: str, token: str) -> Access | None:
    """The access once an app was installed or removed; None where the call changes nothing. Pure."""
    if what == "installed":
        if access.app_secret is None:
            return None
        # MD5 is the platform's choice: it makes a password of two secrets, and protects nothing else.
        password = hashlib.md5(f"{token}{access.app_secret}".encode(), usedforsecurity=False).hexdigest()
        return replace(access, password=password)
    if access.password is None or not same([token], [access.password.encode()]):
        return None
    return replace(access, password=None)


TASK_KINDS: Final = (TaskKind(name=actions.APP_CALL, run=run),)
"""One at a time for each connection, so that a removal follows the installation before it."""
