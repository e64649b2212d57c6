"""`kith recount`: counts every store's states again and mends the roll-ups, while the product runs."""

from typing import Annotated

import typer

from services.cli.options import Store
from services.cli.ui import Json, Ui


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("recount")(recount)


def recount(
    store: Store = "",
    check: Annotated[bool, typer.Option("--check", help="Compare only; ends with 1 if anything differs.")] = False,
    as_json: Json = False,
) -> None:
    """Count analytics' roll-ups again from the last known states, and mend what differs."""
    import uvloop

    same = uvloop.run(_recount(Ui(as_json=as_json), store, check=check))
    raise typer.Exit(0 if same or not check else 1)


async def _recount(ui: Ui, only: str, *, check: bool) -> bool:
    from services.analytics.rollups.actions import recount as counting
    from services.cli import starting
    from services.cli.inspect.stores import listed, opened
    from services.kernel.settings import Settings

    same = True
    async with starting.complete(Settings(), keep_running=True) as settings, opened(settings, "analytics") as db:
        stores = await listed(db, only)
        with ui.progress() as bar:
            done = bar.add_task("Stores", total=len(stores))
            for store_id in stores:
                async with db.transaction([store_id], snapshot=True) as tx:
                    found = await counting.drift(tx, store_id)
                if not (found.none or check):
                    await counting.mend(db, found)
                same = same and found.none
                bar.advance(done)
                mark = "[green]✓[/]" if found.none else "[red]✗[/]" if check else "[yellow]mended[/]"
                ui.say(f"{mark} {store_id}: {found.states} states, {len(found.rows)} rows differed")
                for rollup, key, amounts in found.rows:
                    ui.say(f"  {rollup} {' '.join(str(part) for part in key[1:])}: {amounts}")
                ui.emit(
                    {
                        "store": store_id,
                        "states": found.states,
                        "same": found.none,
                        "mended": not (found.none or check),
                        "rows": [
                            {"rollup": rollup, "key": [str(part) for part in key[1:]], "by": amounts}
                            for rollup, key, amounts in found.rows
                        ],
                        "friends": len(found.friends),
                    }
                )
    return same
