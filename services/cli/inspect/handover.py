"""Whether everything lies with the service that owns it now."""

import asyncpg

from services.cli import handover
from services.cli.inspect.findings import Finding, ok, warning
from services.kernel.settings import Settings

NAME = "moved to connectors"


async def look(settings: Settings) -> list[Finding]:
    """What of platforms is still in attribution's database. Says nothing of a database that is not there: others do."""
    try:
        hooks, deliveries = await handover.left(settings)
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return []
    if not hooks and not deliveries:
        return [ok(NAME, "nothing is left behind")]
    left = f"{hooks} addresses and {deliveries} deliveries of platforms are attribution's still"
    return [
        warning(NAME, left, "run `kith migrate`; it names what it cannot open, for which an old key must come back")
    ]
