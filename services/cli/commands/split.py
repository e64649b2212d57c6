"""`kith split`: the product as separate processes on this machine, and the commands that act on the running one."""

import asyncio
import json
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop

from services.cli.commands.run import HISTORY_DAYS, refuse_used_ports
from services.cli.local import process
from services.cli.local.keep import only_one
from services.cli.local.process import StartFailed
from services.cli.showcase import Showcase, announce
from services.cli.split.product import Product
from services.cli.ui import Json, Ui
from services.kernel.settings import Settings

RESTART_S = 600.0
STOP_S = 120.0

group = typer.Typer(invoke_without_command=True, help="Run everything as separate processes, on Kafka.")


def register(app: typer.Typer) -> None:
    """Adds the group."""
    app.add_typer(group, name="split")


@group.callback()
def command(
    context: typer.Context,
    port: Annotated[
        int | None, typer.Option(envvar="KITH_SPLIT_PORT", help="Port of the gateway (default KITH_PORT, 8080).")
    ] = None,
    shop_port: Annotated[
        int | None, typer.Option(envvar="KITH_SHOP_PORT", help="Port of the demo shop (default: the next one).")
    ] = None,
    history: Annotated[
        int, typer.Option(envvar="KITH_DEMO_DAYS", min=0, help="Days of history of the demo store.")
    ] = HISTORY_DAYS,
    as_json: Json = False,
) -> None:
    """Run everything as separate processes: Kafka, a database per service, two replicas of each, a gateway."""
    if context.invoked_subcommand is not None:
        return
    settings = Settings() if port is None else Settings(port=port)
    if not settings.embedded:
        raise StartFailed("`kith split` brings its own databases: unset KITH_DATABASE_URL")
    shop_port = shop_port or settings.port + 1
    refuse_used_ports(settings, KITH_SPLIT_PORT=settings.port, KITH_SHOP_PORT=shop_port if settings.demo else None)
    with only_one(settings.data_dir / "split"):
        uvloop.run(_run(settings, shop_port, history, Ui(as_json=as_json)))


@group.command("status")
def status(as_json: Json = False) -> None:
    """Show the running product's processes."""
    ui = Ui(as_json=as_json)
    folder, state = _running()
    ui.say(f"Kith at {state['url']}, supervisor {state['pid']}")
    children = {path.stem: int(path.read_text()) for path in sorted(folder.glob("*.pid"))}
    for name, pid in children.items():
        ui.say(f"  {name:16} {pid}{'' if process.is_alive(pid) else '  dead'}")
    ui.emit({**state, "children": children})


@group.command("restart")
def restart(as_json: Json = False) -> None:
    """Restart every replica, one after the other, under load if need be."""
    ui = Ui(as_json=as_json)
    _, state = _running()
    os.kill(state["pid"], signal.SIGHUP)
    with ui.working("Restarting the replicas"):
        rolled = asyncio.run(process.becomes(lambda: _running()[1]["rolled"] > state["rolled"], within=RESTART_S))
    if not rolled:
        raise StartFailed(f"the replicas were not restarted within {RESTART_S:g} s; see the supervisor's console")
    ui.say("All replicas have been restarted.")
    ui.emit({"restarted": True})


@group.command("stop")
def stop(as_json: Json = False) -> None:
    """Stop the running product."""
    ui = Ui(as_json=as_json)
    _, state = _running()
    os.kill(state["pid"], signal.SIGTERM)
    with ui.working("Stopping"):
        stopped = asyncio.run(process.becomes(lambda: not process.is_alive(state["pid"]), within=STOP_S))
    if not stopped:
        raise StartFailed(f"supervisor {state['pid']} did not stop within {STOP_S:g} s")
    ui.say("Kith has stopped.")
    ui.emit({"stopped": True})


def _running() -> tuple[Path, dict[str, Any]]:
    """The folder and the state of the running product. Raises `StartFailed` if none runs."""
    folder = Settings().data_dir / "split"
    with suppress(FileNotFoundError):
        state: dict[str, Any] = json.loads((folder / "state.json").read_text())
        if process.is_alive(state["pid"]):
            return folder, state
    raise StartFailed(f"no `kith split` runs on {folder.parent}")


async def _run(settings: Settings, shop_port: int, history: int, ui: Ui) -> None:
    shop_url = settings.shop_url or f"http://127.0.0.1:{shop_port}"
    if settings.demo:
        settings = settings.model_copy(update={"shop_url": shop_url})
    product = Product(settings, shop_port=shop_port, say=ui.say)
    showcase = Showcase(product.folder, shop_url, history) if settings.demo else None
    if showcase is not None and showcase.interrupted:
        product.start_over()
        showcase.forget()
        ui.say("The demo's history was interrupted last time; starting it over.")
    ended, hang_up = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    loop.add_signal_handler(signal.SIGHUP, hang_up.set)
    life = asyncio.create_task(_live(product, showcase, hang_up, ui))
    signals = asyncio.create_task(ended.wait())
    try:
        await asyncio.wait({life, signals}, return_when=asyncio.FIRST_COMPLETED)
        if life.done():
            life.result()
    finally:
        for task in (life, signals):
            task.cancel()
        await asyncio.gather(life, signals, return_exceptions=True)
        with ui.working("Stopping"):
            await product.stop()
        ui.say("Kith has stopped.")


async def _live(product: Product, showcase: Showcase | None, hang_up: asyncio.Event, ui: Ui) -> None:
    """Starts the product and the demo, then restarts the replicas at each SIGHUP. Ends only by an error."""

    def step(what: str) -> None:
        ui.say(f"Starting: {what}")

    await product.start(checks=() if showcase is None else (showcase.check,), tell=step)
    settings = Settings(port=product.settings.port)
    if showcase is not None:
        details = await showcase.ensure(f"http://127.0.0.1:{settings.port}", settings, ui)
        await product.start_shop(showcase.details_path)
        announce(ui, settings, details, showcase.shop_url, also=lambda: _explain(product, ui))
    else:
        ui.say(f"\n[bold]Kith is ready at {product.url}[/]")
        _explain(product, ui)
        ui.emit({"ready": True, "url": product.url})
    rolled = 0
    while True:
        await hang_up.wait()
        hang_up.clear()
        await product.roll(ui.say)
        rolled += 1
        product.write_state(rolled=rolled)


def _explain(product: Product, ui: Ui) -> None:
    ui.say(f"Each process has its number in {product.folder}/<name>.pid and its log in {product.logs}.")
    ui.say("`kith split restart` restarts the replicas one by one; Ctrl-C stops everything.\n")
