"""What the redirect does by the clock."""

from typing import cast

from services.kernel.context import Context
from services.kernel.service import Job
from services.links.redirect.hot.handler import Redirect


async def catch_up(ctx: Context) -> None:
    """Forgets links that were changed elsewhere, and learns of stores' link domains."""
    redirect = cast(Redirect, ctx.resources)
    await redirect.cache.catch_up()
    await redirect.hosts.catch_up(ctx.db)


JOBS = (Job(name="links.catch_up", every_s=1.0, run=catch_up, role="web"),)
