"""`kith outbox` and `kith lag`: how much is on its way, and where it waits."""

from typing import Any

import typer

from services.cli.ui import Json, Ui

_WAITING = """
select topic, type, count(*) as events, clock_timestamp() - min(at)
    + make_interval(secs => coalesce((select offset_seconds from clock), 0)) as age
from outbox group by topic, type order by 3 desc
"""


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("outbox")(outbox)
    app.command("lag")(lag)


def outbox(as_json: Json = False) -> None:
    """Show the events of each service that the relay has yet to send, and how old the oldest is."""
    import uvloop

    uvloop.run(_outbox(Ui(as_json=as_json)))


def lag(as_json: Json = False) -> None:
    """Show how far each consumer group is behind, by topic."""
    import uvloop

    uvloop.run(_lag(Ui(as_json=as_json)))


async def _outbox(ui: Ui) -> None:
    from services.cli import manifests, starting
    from services.cli.inspect.database import connected
    from services.kernel.settings import Settings

    async with starting.complete(Settings(), keep_running=True) as settings:
        for service in manifests.load_all():
            async with connected(settings.database_url_of(service.name), schema=service.name) as connection:
                rows: list[Any] = await connection.fetch(_WAITING)
            ui.say(f"{service.name}: {sum(row['events'] for row in rows)} events wait")
            for row in rows:
                age_s = max(0.0, row["age"].total_seconds())
                ui.say(f"  {row['events']:7} {row['type']}, the oldest for {age_s:.0f} s")
            ui.emit(
                {
                    "service": service.name,
                    "events": sum(row["events"] for row in rows),
                    "oldest_s": max((max(0.0, row["age"].total_seconds()) for row in rows), default=0.0),
                    "by_type": {row["type"]: row["events"] for row in rows},
                }
            )


async def _lag(ui: Ui) -> None:
    from services.cli import manifests, starting
    from services.cli.inspect import bus
    from services.kernel.settings import Settings

    services = manifests.load_all()
    async with starting.complete(Settings(), keep_running=True) as settings:
        found = await bus.state(services, settings)
    ui.say(f"On {found.kind}:")
    for one in sorted(found.lags, key=lambda lag: (lag.group, lag.topic)):
        ui.say(f"  {one.group:24} {one.topic:20} {one.behind} behind")
        ui.emit({"group": one.group, "topic": one.topic, "behind": one.behind})
