"""`kith run`: the whole product in one process on this machine, with its own PostgreSQL, and a demo if asked for."""

import shutil
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from services.cli import catalog, starting
from services.cli.local import process
from services.cli.local.keep import only_one
from services.cli.local.process import StartFailed
from services.cli.showcase import Showcase, announce
from services.cli.ui import Json, Ui
from services.kernel.runner import Process, run_services
from services.kernel.server import Server
from services.kernel.settings import Settings

HISTORY_DAYS = 42


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("run")(command)


def command(
    port: Annotated[int | None, typer.Option(help="Port of the product (default KITH_PORT, 8080).")] = None,
    shop_port: Annotated[
        int | None, typer.Option(envvar="KITH_SHOP_PORT", help="Port of the demo shop (default: the next one).")
    ] = None,
    history: Annotated[
        int, typer.Option(envvar="KITH_DEMO_DAYS", min=0, help="Days of history of the demo store.")
    ] = HISTORY_DAYS,
    as_json: Json = False,
) -> None:
    """Run everything in one process. With KITH_DEMO=1 a demo store and its shop come along."""
    settings = Settings() if port is None else Settings(port=port)
    ui = Ui(as_json=as_json)
    shop_port = shop_port or settings.port + 1
    refuse_used_ports(settings, KITH_PORT=settings.port, KITH_SHOP_PORT=shop_port if settings.demo else None)
    with only_one(settings.data_dir):
        uvloop.run(_run(settings, shop_port, history, ui))


def refuse_used_ports(settings: Settings, **ports: int | None) -> None:
    """Raises `StartFailed` before anything is started if somebody listens on one of these ports."""
    for name, port in ports.items():
        if port is not None and process.is_listening(port, settings.host):
            raise StartFailed(f"port {port} is in use; set {name} to another")


async def _run(settings: Settings, shop_port: int, history: int, ui: Ui) -> None:
    services = catalog.load_all()
    shop_url = settings.shop_url or f"http://127.0.0.1:{shop_port}"
    showcase = Showcase(settings.data_dir, shop_url, history) if settings.demo else None
    if showcase is not None:
        settings = settings.model_copy(update={"shop_url": shop_url})
        if showcase.interrupted and settings.embedded:
            _start_over(settings.data_dir, ui)
            showcase.forget()
    async with AsyncExitStack() as stack:
        with ui.working("Starting PostgreSQL and bringing its schemas up to date"):
            settings = await stack.enter_async_context(starting.complete(settings))
            await starting.migrate_all(services, settings)

        async def ready(running: Process) -> None:
            if showcase is None:
                ui.say(f"\n[bold]Kith is ready at {settings.base_url}[/]   (Ctrl-C stops it)")
                ui.emit({"ready": True, "url": settings.base_url})
                return
            from demo.shop.app import build_shop

            details = await showcase.ensure(running.url, settings, ui)
            shop = build_shop(showcase.kith(running.url, settings.base_url, details))
            await stack.enter_async_context(Server(shop, host=settings.host, port=shop_port))
            announce(ui, settings, details, shop_url, also=lambda: ui.say("Ctrl-C stops it.\n"))

        checks = () if showcase is None else (showcase.check,)
        await run_services(services, settings, on_ready=ready, checks=checks)
    ui.say("Kith has stopped.")


def _start_over(folder: Path, ui: Ui) -> None:
    """A demo whose history was interrupted holds nothing but half a story: it is told from the beginning."""
    ui.say("The demo's history was interrupted last time; starting it over.")
    shutil.rmtree(folder / "postgres", ignore_errors=True)
    shutil.rmtree(folder / "spool", ignore_errors=True)
