"""`kith doctor`: looks at everything that an installation needs, says what is wrong, and what to do."""

from typing import TYPE_CHECKING

import typer

from services.cli.ui import Json, Ui

if TYPE_CHECKING:
    from services.cli.inspect.findings import Finding

_SIGNS = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "failure": "[red]✗[/]"}


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("doctor")(command)


def command(as_json: Json = False) -> None:
    """Check ports, disk, secrets, databases, schemas, clocks, bus, lag, outboxes and spools."""
    import uvloop

    ui = Ui(as_json=as_json)
    with ui.working("Looking"):
        found = uvloop.run(_look())
    for finding in found:
        ui.say(f"{_SIGNS[finding.verdict]} {finding.name:24} {finding.detail}")
        if finding.advice:
            ui.say(f"  {'':24} → {finding.advice}")
    failed = any(finding.verdict == "failure" for finding in found)
    ui.emit({"well": not failed, "findings": [finding.as_json() for finding in found]})
    raise typer.Exit(1 if failed else 0)


async def _look() -> "list[Finding]":
    from services.cli import catalog, starting
    from services.cli.inspect import bus, database, machine
    from services.kernel.settings import Settings

    services = catalog.load_all()
    async with starting.complete(Settings(), keep_running=True) as settings:
        found = await machine.look(settings)
        for service in services:
            found += await database.look(service, settings.database_url_of(service.name))
        return found + await bus.look(services, settings)
