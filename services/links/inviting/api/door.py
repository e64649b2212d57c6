"""Where an invitation's mail leads."""

from typing import Final

from fastapi import APIRouter, Request, Response

from services.common.portal_session import SIGN_IN_PATH
from services.kernel.context import Context
from services.kernel.errors import NotFound
from services.kernel.http.call import CONTEXT
from services.kernel.http.limits import limit
from services.links.ambassadors import sql as members
from services.links.hosts.hot import share_base
from services.links.invites import actions, sql
from services.links.links.schemas import share_url

router = APIRouter(include_in_schema=False)
_QUIET: Final = {"cache-control": "no-store", "referrer-policy": "no-referrer", "x-robots-tag": "noindex"}


@router.get("/i/{token}", dependencies=[limit("invitation", per_minute=60)])
async def get_invitation(token: str, request: Request) -> Response:
    """Leads to the friend's link, to the page to join, or to signing in for who has joined. From here on nobody is
    reminded: a scanner that looks first costs a reminder, and nothing else.
    """
    ctx: Context = request.scope[CONTEXT]
    found = actions.store_of(ctx.ring, token)
    if found is None:
        raise NotFound("This invitation is not valid any more.")
    store_id, invite_id = found
    async with ctx.db.transaction([store_id]) as tx:
        invite = await sql.get(tx, store_id, invite_id)
        if invite is None:
            raise NotFound("This invitation is not valid any more.")
        await sql.follow(tx, store_id, invite_id)
        if invite.purpose == "join" and await sql.is_used(tx, store_id, invite_id):
            where = f"{ctx.settings.base_url}{SIGN_IN_PATH}?program={invite.program_id}&lang={invite.language}"
        elif invite.purpose == "join":
            where = f"{ctx.settings.base_url}/join/{invite.program_id}?invitation={token}&lang={invite.language}"
        else:
            member = await members.get(tx, store_id, invite.inviter_id)
            if member is None or member.ambassador.status == "erased":
                raise NotFound("This invitation is not valid any more.")
            where = f"{share_url(share_base(ctx, store_id), member.slug)}?ch=email"
    return Response(status_code=303, headers={"location": where, **_QUIET})
