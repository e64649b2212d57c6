"""What InSales calls when a shop's owner installs an app, or removes it: the password of its API is made of a token.

The call is taken here, sealed; what it means is worked out by who may open the app's secret.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from services.connectors.accounts import actions as accounts
from services.connectors.connections import actions
from services.connectors.platforms.domain.proof import same
from services.kernel.context import Context
from services.kernel.errors import Unauthorized
from services.kernel.http.call import CONTEXT
from services.kernel.http.limits import limit

router = APIRouter(tags=["connections"])
Id = Annotated[str, Path(max_length=64)]
QueryText = Annotated[str, Query(max_length=300)]


@router.get("/in/insales/{connection_id}/{key}/install", dependencies=[limit("installs", per_minute=30)])
async def get_install(
    connection_id: Id,
    key: Id,
    request: Request,
    shop: QueryText = "",
    token: QueryText = "",
    insales_id: QueryText = "",
) -> Response:
    """The app was installed in the shop that the connection names: a moment later its orders can be read."""
    return await _take(request.scope[CONTEXT], "installed", connection_id, key, shop, token)


@router.get("/in/insales/{connection_id}/{key}/uninstall", dependencies=[limit("installs", per_minute=30)])
async def get_uninstall(
    connection_id: Id,
    key: Id,
    request: Request,
    shop: QueryText = "",
    token: QueryText = "",
    insales_id: QueryText = "",
) -> Response:
    """The app was removed: its password, the token here, opens nothing any more. Another token ends nothing."""
    return await _take(request.scope[CONTEXT], "removed", connection_id, key, shop, token)


async def _take(ctx: Context, what: actions.AppCall, connection_id: str, key: str, shop: str, token: str) -> Response:
    """Notes a call of the shop that the connection names, by who knows its address. Raises `Unauthorized`."""
    async with ctx.db.transaction() as tx:
        account = await accounts.find(tx, connection_id)
        if account is None or account.platform != "insales":
            raise _unknown()
        known = accounts.secrets_of(ctx.require_sealing(), account, tx.now)
        # The host was named by who owns the connection: a call must not lead the store's questions to another.
        if not same([key], known) or account.access is None or shop.strip().lower() != account.host or not token:
            raise _unknown()
        await actions.note_app_call(tx, ctx.require_sealing(), account, what, token)
    return Response(status_code=200)


def _unknown() -> Unauthorized:
    return Unauthorized("This address is no connection's.", code="bad_signature")
