"""The whole product in one process: its own PostgreSQL, all services, and the demo if asked for."""

import os
import shutil
from contextlib import AsyncExitStack
from pathlib import Path

from services.cli import manifests, starting
from services.cli.parts import Parts
from services.cli.showcase import Showcase, announce
from services.cli.ui import Ui
from services.kernel.runner import Process, run_services
from services.kernel.server import Server
from services.kernel.settings import Settings


async def run(settings: Settings, *, shop_port: int, history_days: int, ui: Ui) -> None:
    """Runs until SIGINT or SIGTERM. Raises `StartFailed` if something does not come up."""
    services = manifests.load_all()
    manifests.set_side_bar(services, demo=settings.demo)
    shop_url = settings.shop_url or f"http://127.0.0.1:{shop_port}"
    showcase = Showcase(settings.data_dir, shop_url, history_days) if settings.demo else None
    if "KITH_LOG_LEVEL" not in os.environ:
        settings = settings.model_copy(update={"log_level": "warning"})  # the terminal is for the few lines that matter
    if showcase is not None:
        settings = settings.model_copy(update={"shop_url": shop_url})
        if showcase.interrupted and settings.embedded:
            _start_over(settings.data_dir, ui)
            showcase.forget()
    parts = Parts()
    async with AsyncExitStack() as stack:
        parts.begin("PostgreSQL")
        with ui.working("Starting PostgreSQL and bringing its schemas up to date"):
            settings = await stack.enter_async_context(starting.complete(settings, supervise=True))
            settings = starting.with_outbound(settings)
            parts.begin("schemas")
            await starting.migrate_all(services, settings, only_if_changed=True)

        async def ready(running: Process) -> None:
            ui.say(parts.summary())
            if showcase is None:
                ui.say(f"\n[bold]Kith is ready at {settings.base_url}[/]   (Ctrl-C stops it)")
                ui.emit({"ready": True, "url": settings.base_url})
                return
            from demo.shop.app import build_shop

            parts.begin("history")
            details = await showcase.ensure(running.url, settings, ui)
            shop = build_shop(showcase.kith(running.url, settings.base_url, details))
            await stack.enter_async_context(Server(shop, host=settings.host, port=shop_port))
            announce(
                ui, settings, details, shop_url, also=lambda: ui.say(f"{parts.summary_of_last()} Ctrl-C stops it.\n")
            )

        parts.begin("services")
        checks = () if showcase is None else (showcase.check,)
        await run_services(services, settings, on_ready=ready, checks=checks)
    ui.say("Kith has stopped.")


def _start_over(folder: Path, ui: Ui) -> None:
    """A demo whose history was interrupted holds nothing but half a story: it begins anew."""
    ui.say("The demo's history was interrupted last time; starting it over.")
    shutil.rmtree(folder / "postgres", ignore_errors=True)
    shutil.rmtree(folder / "spool", ignore_errors=True)
