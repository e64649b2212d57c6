"""What the clock does: views and clicks of materials are written."""

from services.kernel.context import Context
from services.kernel.service import Job
from services.links.materials.hot import materials_of


async def write_counts(ctx: Context) -> None:
    """Writes what this process has counted."""
    await materials_of(ctx).write(ctx)


JOBS = (Job(name="links.material_counts", every_s=3.0, run=write_counts, role="web"),)
