"""`kith migrate`: schemas to their newest form, and whether the migrations say what the models say."""

import typer

from services.cli.ui import Json, Ui


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("migrate")(command)


def command(
    check: bool = typer.Option(
        False, "--check", help="Change nothing: compare migrations with models on a scratch database."
    ),
    as_json: Json = False,
) -> None:
    """Bring every service's schema to its newest form, and rows to the service that owns them now."""
    import uvloop

    ui = Ui(as_json=as_json)
    if check:
        raise typer.Exit(1 if uvloop.run(_check(ui)) else 0)
    uvloop.run(_migrate(ui))


async def _migrate(ui: Ui) -> None:
    from services.cli import manifests, starting
    from services.kernel.settings import Settings

    def done(name: str) -> None:
        ui.say(f"[green]✓[/] {name}")
        ui.emit({"migrated": name})

    async with starting.complete(Settings(), keep_running=True) as settings:
        moved = await starting.migrate_all(manifests.load_all(), settings, done=done)
    if moved:
        ui.say(f"[green]✓[/] moved to connectors: {moved.hooks} addresses of platforms, {moved.deliveries} deliveries")
        ui.emit({"moved": {"hooks": moved.hooks, "deliveries": moved.deliveries, "sealed": moved.sealed}})
    if moved.sealed:
        ui.say(
            f"[yellow]![/] {moved.sealed} could not be moved: the key that they were encrypted with is not in"
            " KITH_SECRET_KEYS. Put it back behind the others and run this again"
        )


async def _check(ui: Ui) -> bool:
    """Whether anything differs."""
    from services.cli import manifests, starting
    from services.kernel.bus.schema import migrate_bus
    from services.kernel.migrate import drift, migrate

    wrong = False
    async with starting.scratch_database() as url:
        await migrate_bus(url)
        for service in manifests.load_all():
            await migrate(service, url)
            differences = await drift(service, url)
            wrong = wrong or bool(differences)
            ui.say(f"[red]✗[/] {service.name}: migrations and models differ" if differences else f"✓ {service.name}")
            for difference in differences:
                ui.say(f"  {difference}")
            ui.emit({"service": service.name, "differences": differences})
    return wrong
