"""What InSales calls when a shop's owner installs an app, or removes it: the password of its API is made of a token."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from services.connectors.accounts import actions as accounts
from services.connectors.accounts.actions import Access
from services.connectors.accounts.sql import Account
from services.connectors.history import actions as history
from services.connectors.inbox.domain.questions import READ_BACK
from services.connectors.platforms.domain.proof import same
from services.connectors.polls import actions as polls
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.errors import Unauthorized
from services.kernel.http.call import CONTEXT
from services.kernel.http.limits import limit
from services.kernel.work import release

router = APIRouter(tags=["connections"])
Id = Annotated[str, Path(max_length=64)]
Said = Annotated[str, Query(max_length=300)]


@router.get("/in/insales/{connection_id}/{key}/install", dependencies=[limit("installs", per_minute=30)])
async def get_install(
    connection_id: Id, key: Id, request: Request, shop: Said = "", token: Said = "", insales_id: Said = ""
) -> Response:
    """The app was installed in the shop that the connection names: from now on its orders can be read."""
    ctx: Context = request.scope[CONTEXT]
    async with ctx.db.transaction() as tx:
        account, access = await _proved(tx, ctx, connection_id, key, shop)
        if not token or access.app_secret is None:
            raise _unknown()
        # MD5 is the platform's choice: it makes a password of two secrets, and protects nothing else.
        password = hashlib.md5(f"{token}{access.app_secret}".encode(), usedforsecurity=False).hexdigest()
        installed = Access(access.user, password, access.app_secret)
        changed = await accounts.change(tx, ctx.require_sealing(), account.store_id, connection_id, access=installed)
        await polls.opened(tx, changed)
        await history.opened(tx, changed)
        await release(tx, kind=READ_BACK, lane=connection_id)
    return Response(status_code=200)


@router.get("/in/insales/{connection_id}/{key}/uninstall", dependencies=[limit("installs", per_minute=30)])
async def get_uninstall(
    connection_id: Id, key: Id, request: Request, shop: Said = "", token: Said = "", insales_id: Said = ""
) -> Response:
    """The app was removed: its password opens nothing any more. Here the token is the password itself."""
    ctx: Context = request.scope[CONTEXT]
    async with ctx.db.transaction() as tx:
        account, access = await _proved(tx, ctx, connection_id, key, shop)
        if access.password is None or not same([token], [access.password.encode()]):
            raise _unknown()
        removed = Access(access.user, None, access.app_secret)
        await accounts.change(tx, ctx.require_sealing(), account.store_id, connection_id, access=removed)
    return Response(status_code=200)


async def _proved(tx: Tx, ctx: Context, connection_id: str, key: str, shop: str) -> tuple[Account, Access]:
    """The connection that the address holds the secret of, if it is this shop's. Raises `Unauthorized`."""
    sealing = ctx.require_sealing()
    account = await accounts.find(tx, connection_id)
    if account is None or account.platform != "insales":
        raise _unknown()
    known = accounts.secrets_of(sealing, account, tx.now)
    try:
        access = accounts.access_of(sealing, account)
    except ValueError:
        access = None  # its sealing key has left: whoever owns the connection gives access anew
    # The host was named by who owns the connection: a call must not lead the store's questions to another.
    if not same([key], known) or access is None or shop.strip().lower() != account.host:
        raise _unknown()
    return account, access


def _unknown() -> Unauthorized:
    return Unauthorized("This address is no connection's.", code="bad_signature")
