"""`kith ledger verify`: are the books of every store whole?"""

import typer

from services.cli.options import Store
from services.cli.ui import Json, Ui


def register(app: typer.Typer) -> None:
    """Adds the group."""
    group = typer.Typer(help="Look into the ledger.", no_args_is_help=True)
    group.command("verify")(verify)
    app.add_typer(group, name="ledger")


def verify(
    store: Store = "",
    as_json: Json = False,
) -> None:
    """Recompute the books from their entries; ends with 1 if anything was changed by hand or does not add up."""
    import uvloop

    raise typer.Exit(0 if uvloop.run(_verify(Ui(as_json=as_json), store)) else 1)


async def _verify(ui: Ui, only: str) -> bool:
    from services.cli import starting
    from services.cli.inspect.stores import listed, opened
    from services.kernel.settings import Settings
    from services.rewards.verification.actions import verify

    whole = True
    async with starting.complete(Settings(), keep_running=True) as settings, opened(settings, "rewards") as db:
        stores = await listed(db, only)
        with ui.progress() as bar:
            done = bar.add_task("Stores", total=len(stores))
            for store_id in stores:
                async with db.transaction([store_id], snapshot=True) as tx:
                    report = await verify(tx, store_id)
                whole = whole and report.whole
                bar.advance(done)
                mark = "[green]✓[/]" if report.whole else "[red]✗[/]"
                ui.say(f"{mark} {store_id}: {report.sets} sets, {report.entries} entries, {report.rewards} rewards")
                for finding in report.findings:
                    ui.say(f"  {finding.kind}: {finding.detail}")
                ui.emit(
                    {
                        "store": store_id,
                        "whole": report.whole,
                        "sets": report.sets,
                        "entries": report.entries,
                        "rewards": report.rewards,
                        "last_hash": report.last_hash,
                        "wrong": report.wrong,
                        "findings": [{"kind": one.kind, "detail": one.detail} for one in report.findings],
                    }
                )
    return whole
