"""`kith deliveries list|show|again`: what store platforms reported and nobody could read, and another reading of it."""

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from services.cli.local.process import StartFailed
from services.cli.options import Store
from services.cli.ui import Json, Ui

if TYPE_CHECKING:
    from services.connectors.inbox.actions import Readings
    from services.connectors.inbox.sql import Delivery
    from services.kernel.db import Database
    from services.kernel.settings import Settings

Chosen = Annotated[str, typer.Option("--store", help="The store's id, as `list` prints it.")]
AT_ONCE = 200
"""Deliveries that are read together: each holds a body."""


def register(app: typer.Typer) -> None:
    """Adds the group."""
    group = typer.Typer(help="Look into what store platforms delivered.", no_args_is_help=True)
    group.command("list")(list_deliveries)
    group.command("show")(show)
    group.command("again")(again)
    app.add_typer(group, name="deliveries")


def list_deliveries(
    store: Store = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Also those that were taken or ignored, or wait to be read.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the deliveries that could not be read, the oldest first."""
    import uvloop

    uvloop.run(_list(Ui(as_json=as_json), store, everything))


def show(
    delivery: Annotated[str, typer.Argument(help="Its id, as `list` prints it.")], store: Chosen, as_json: Json = False
) -> None:
    """Show one delivery as it came. It holds names and addresses: mind who looks over your shoulder."""
    import uvloop

    uvloop.run(_show(Ui(as_json=as_json), store, delivery))


def again(store: Store = "", as_json: Json = False) -> None:
    """Read all that failed once more; ends with 1 if any still cannot be read."""
    import uvloop

    raise typer.Exit(0 if uvloop.run(_again(Ui(as_json=as_json), store)) else 1)


async def _list(ui: Ui, only: str, everything: bool) -> None:
    from services.cli import starting
    from services.cli.inspect.stores import listed, opened
    from services.kernel.settings import Settings

    outcomes = ("failed", "waiting", "taken", "ignored") if everything else ("failed",)
    async with starting.complete(Settings(), keep_running=True) as settings, opened(settings, "connectors") as db:
        for store_id in await listed(db, only):
            async for one in walk(db, store_id, outcomes):
                reported = {
                    "store": store_id,
                    "delivery": one.delivery_id,
                    "platform": one.platform,
                    "topic": one.topic,
                    "received_at": one.received_at.isoformat(),
                    "outcome": one.outcome,
                    "reason": one.reason,
                    "order_id": one.order_id,
                }
                ui.say("  ".join(str(value) for value in reported.values() if value is not None))
                ui.emit(reported)


async def walk(db: "Database", store_id: str, outcomes: Sequence[str]) -> "AsyncIterator[Delivery]":
    """A store's deliveries with these outcomes, the oldest first, however many there are."""
    from services.connectors.inbox import sql

    last = None
    while True:
        async with db.transaction([store_id]) as tx:
            found = await sql.some(tx, store_id, outcomes=outcomes, after=last, most=AT_ONCE)
        for one in found:
            yield one
        if len(found) < AT_ONCE:
            return
        last = found[-1]


def readings(settings: "Settings") -> "Readings":
    """How deliveries are opened and read."""
    from services.common.scopes import SCOPES
    from services.connectors.inbox.actions import Readings
    from services.connectors.platforms.domain.registry import PLATFORMS

    ring = settings.key_ring(SCOPES)
    return Readings(PLATFORMS, ring, settings.sealing_of("connectors", ring))


async def _show(ui: Ui, store_id: str, delivery_id: str) -> None:
    from services.cli import starting
    from services.cli.inspect.stores import opened
    from services.connectors.inbox import sql
    from services.kernel.auth.principal import CLI
    from services.kernel.settings import Settings

    async with starting.complete(Settings(), keep_running=True) as settings, opened(settings, "connectors") as db:
        async with db.transaction([store_id], actor=CLI) as tx:
            kept = await sql.get(tx, store_id, delivery_id)
            if kept is not None:
                tx.note("delivery.shown", on=delivery_id)
        if kept is None:
            raise StartFailed(f"{store_id} has no delivery {delivery_id!r}; `kith deliveries list --all` prints them")
        try:
            body = readings(settings).open(kept)
        except ValueError as error:
            raise StartFailed(str(error)) from error
    text = body.decode("utf-8", "replace")
    ui.say(escape(text))
    ui.emit({"store": store_id, "delivery": delivery_id, "topic": kept.topic, "body": text})


async def _again(ui: Ui, only: str) -> bool:
    from services.cli import starting
    from services.cli.inspect.stores import listed, opened
    from services.common.order_facts import Clock
    from services.connectors.inbox.actions import read_again
    from services.kernel.auth.principal import CLI
    from services.kernel.live import LiveState
    from services.kernel.settings import Settings

    well = True
    async with starting.complete(Settings(), keep_running=True) as settings, opened(settings, "connectors") as db:
        ways, live = readings(settings), LiveState(db)
        await live.refresh()
        for store_id in await listed(db, only):
            async for kept in walk(db, store_id, ("failed",)):
                async with db.transaction([store_id], actor=CLI) as tx:
                    read = await read_again(tx, ways, kept, Clock(live.now(), live.offset))
                    tx.note("delivery.read_again", on=kept.delivery_id, after={"outcome": read.outcome})
                well = well and read.outcome != "failed"
                mark = "[red]✗[/]" if read.outcome == "failed" else "[green]✓[/]"
                ui.say(f"{mark} {store_id} {kept.delivery_id} {kept.topic}: {read.outcome} {read.reason or ''}")
                ui.emit(
                    {"store": store_id, "delivery": kept.delivery_id, "outcome": read.outcome, "reason": read.reason}
                )
    return well
