"""Whether a program can still give: what the page of invitation asks from the friend's browser, as services do not ask
each other.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from services.kernel.context import Context
from services.kernel.http.call import CONTEXT
from services.kernel.http.limits import limit
from services.rewards.grants.sql import counters
from services.rewards.slices import sql as slices

router = APIRouter(tags=["rewards"])

Id = Annotated[str, Path(max_length=64)]


class Room(BaseModel):
    """Whether a program's budget has something left."""

    open: bool = Field(description="False once all of it is granted; true for a program without a budget, or unknown.")


@router.get("/room/{store_id}/{program_id}", dependencies=[limit("room", per_minute=120)])
async def get_room(store_id: Id, program_id: Id, request: Request, response: Response) -> Room:
    """Says whether a program can still give. For everybody: it is what a friend finds out by buying."""
    ctx: Context = request.scope[CONTEXT]
    async with ctx.db.transaction([store_id]) as tx:
        budgets = await slices.budgets(tx, [(store_id, program_id)])
        spent = await counters.spent(tx, [(store_id, program_id)])
    response.headers["cache-control"] = "public, max-age=60"
    return Room(open=all(spent.get(key, 0) < most for key, most in budgets.items()))
