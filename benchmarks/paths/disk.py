"""What orders take on disk, by table, while they are open and after they have settled."""

from benchmarks.disk import as_table, lived
from benchmarks.lab import Lab
from benchmarks.report import Line

MOST_GB = 6


async def disk(lab: Lab) -> None:
    """Orders that went the real way, multiplied to a million in the figures."""
    stage = await lab.stage.beside("disk")
    close_gb = rows_gb = 0.0
    async for when, found in lived(stage, lab.size.kept):
        kept = [one for one in found if not one.passes]
        # Bytes for each order: a million of them make so many MB.
        close_gb = sum(one.close for one in kept) / 1000
        rows_gb = sum(one.rows + one.indexes for one in kept) / 1000
        lab.report.sections.append((f"Disk for a million orders, {when}", as_table(found)))
        lab.tick()
    lab.report.lines.append(
        Line(
            f"disk for ever for a million settled orders, measured with {lab.size.kept:,}",
            "–",
            f"{close_gb:.2f} GB as close as rows can lie, {rows_gb:.2f} GB before anything was vacuumed",
            "–",
            f"≤ {MOST_GB} GB",
            close_gb <= MOST_GB,
        )
    )
