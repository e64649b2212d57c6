"""How an ambassador shares their reward with their friends: a link and a code for each choice."""

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request, Response

from services.kernel.context import Context
from services.kernel.errors import Invalid, NotFound
from services.kernel.http.call import CONTEXT
from services.kernel.http.limits import limit
from services.links.codes import actions as codes
from services.links.links import actions as links
from services.links.people import actions as people
from services.links.portal.api.visitor import visitor
from services.links.programs import actions as programs

router = APIRouter(include_in_schema=False)

SPLIT: Final = "/p/split"


@router.post(SPLIT, dependencies=[limit("portal-split", per_minute=30)])
async def post_split(request: Request, share: Annotated[str, Form(max_length=8)] = "") -> Response:
    """Makes the link and the code of a choice, or finds those that there are, and shows them. What is usual in the
    program is the main link's, so that there is one code for it. A choice that is not offered any more leads back to
    the page.
    """
    ctx: Context = request.scope[CONTEXT]
    session = await visitor(ctx, request)
    if not share.isdecimal():
        return Response(status_code=303, headers={"location": "/p"})
    part = int(share)
    try:
        async with ctx.db.transaction([session.store_id], actor=session.principal) as tx:
            who = await people.present(tx, session.store_id, session.ambassador_id)
            whose, program_id = who.ambassador_id, who.program_id
            bounds = (await programs.get(tx, session.store_id, program_id)).program.split
            if bounds is not None and part == bounds.default_basis_points:
                return Response(status_code=303, headers={"location": "/p"})
            await links.create(tx, session.store_id, program_id=program_id, ambassador_id=whose, split=part)
            await codes.create(tx, session.store_id, program_id=program_id, ambassador_id=whose, split=part)
    except (Invalid, NotFound):
        return Response(status_code=303, headers={"location": "/p"})
    return Response(status_code=303, headers={"location": f"/p?split={part}"})
