"""`kith split`: the product as separate processes on this machine, and the commands that act on the running one."""

import asyncio
import json
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli.local import process
from services.cli.local.process import StartFailed
from services.cli.options import HISTORY_DAYS, History, ShopPort, refuse_used_ports
from services.cli.ui import Json, Ui

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
    shop_port: ShopPort = None,
    history: History = HISTORY_DAYS,
    as_json: Json = False,
) -> None:
    """Run everything as separate processes: Kafka, a database per service, two replicas of each, a gateway."""
    if context.invoked_subcommand is not None:
        return
    import uvloop

    from services.cli.local.keep import only_one
    from services.cli.split import life
    from services.kernel.settings import Settings

    settings = Settings() if port is None else Settings(port=port)
    if not settings.embedded:
        raise StartFailed("`kith split` brings its own databases: unset KITH_DATABASE_URL")
    shop_port = shop_port or settings.port + 1
    refuse_used_ports(settings.host, KITH_SPLIT_PORT=settings.port, KITH_SHOP_PORT=shop_port if settings.demo else None)
    with only_one(settings.data_dir / "split"):
        uvloop.run(life.run(settings, shop_port=shop_port, history_days=history, ui=Ui(as_json=as_json)))


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
        rolled = asyncio.run(
            process.becomes(lambda: _running()[1]["rolled"] > state["rolled"], within=RESTART_S, every=0.3)
        )
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
    folder = Path(os.environ.get("KITH_DATA_DIR", ".kith")) / "split"
    with suppress(FileNotFoundError):
        state: dict[str, Any] = json.loads((folder / "state.json").read_text())
        if process.is_alive(state["pid"]):
            return folder, state
    raise StartFailed(f"no `kith split` runs on {folder.parent}")
