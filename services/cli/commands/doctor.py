"""`kith doctor`: looks at everything that an installation needs, says what is wrong, and what to do."""

from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.ui import Json, Ui

if TYPE_CHECKING:
    from services.cli.inspect.findings import Finding

_SIGNS = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "failure": "[red]✗[/]"}


Domain = Annotated[str, typer.Argument(help="The domain that mails come from: what follows the @ of the sender.")]
Selector = Annotated[str, typer.Option("--selector", help="The relay's DKIM selector, as in s1._domainkey.")]


def register(app: typer.Typer) -> None:
    """Adds the command, and the one below it."""
    group = typer.Typer(invoke_without_command=True, help=command.__doc__)
    group.callback()(command)
    group.command("mail")(mail)
    app.add_typer(group, name="doctor")


def command(context: typer.Context, as_json: Json = False) -> None:
    """Check ports, disk, secrets, mail, databases, schemas, clocks, bus, lag, outboxes and spools."""
    import uvloop

    if context.invoked_subcommand is not None:
        return
    ui = Ui(as_json=as_json)
    with ui.working("Looking"):
        found = uvloop.run(_look())
    _show(ui, found)


def mail(domain: Domain, selector: Selector = "", as_json: Json = False) -> None:
    """Check what receivers are told of a domain that mails come from: SPF, DKIM, DMARC, MX."""
    import uvloop

    from services.cli.inspect import sender

    ui = Ui(as_json=as_json)
    with ui.working("Asking the name system"):
        found = uvloop.run(sender.look(domain.strip().rstrip(".").lower(), selector.strip()))
    _show(ui, found)


def _show(ui: Ui, found: "list[Finding]") -> None:
    for finding in found:
        ui.say(f"{_SIGNS[finding.verdict]} {finding.name:24} {finding.detail}")
        if finding.advice:
            ui.say(f"  {'':24} → {finding.advice}")
    failed = any(finding.verdict == "failure" for finding in found)
    ui.emit({"well": not failed, "findings": [finding.as_json() for finding in found]})
    raise typer.Exit(1 if failed else 0)


async def _look() -> "list[Finding]":
    from services.cli import manifests, starting
    from services.cli.inspect import bus, database, handover, machine, mail
    from services.kernel.settings import Settings

    services = manifests.load_all()
    async with starting.complete(Settings(), keep_running=True) as settings:
        found = [*await machine.look(settings), await mail.look(demo=settings.demo)]
        for service in services:
            found += await database.look(service, settings.database_url_of(service.name))
        found += await handover.look(settings)
        return found + await bus.look(services, settings)
