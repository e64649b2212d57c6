"""`kith mail bounces`: what came back to the return address, from the maildir of the operator’s mail system."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from services.cli.local.process import StartFailed
from services.cli.ui import Json, Ui

Folder = Annotated[Path, typer.Argument(help="A maildir: the folder that has `new` and `cur` in it.")]


def register(app: typer.Typer) -> None:
    """Adds the group."""
    group = typer.Typer(help="Take what mail systems send back.", no_args_is_help=True)
    group.callback()(_group)
    group.command("bounces")(bounces)
    app.add_typer(group, name="mail")


def _group() -> None:
    """Take what mail systems send back."""


def bounces(folder: Folder, as_json: Json = False) -> None:
    """Take all new messages of a maildir: addresses that are nobody's, or whose owners complain, get no more mails.

    A message is marked as seen (moved to `cur`) once what it means is done. Run it by a timer.
    """
    import uvloop

    if not ((folder / "new").is_dir() and (folder / "cur").is_dir()):
        raise StartFailed(f"{folder} is no maildir: it has no `new` and `cur`")
    uvloop.run(_bounces(Ui(as_json=as_json), folder))


async def _bounces(ui: Ui, folder: Path) -> None:
    from services.cli import starting
    from services.cli.inspect.stores import opened
    from services.common.scopes import SCOPES
    from services.kernel.settings import Settings
    from services.links.bounces.actions import take
    from services.links.bounces.domain import MOST_BYTES, Unreadable

    counts: Counter[str] = Counter()
    async with starting.complete(Settings(), keep_running=True) as settings, opened(settings, "links") as db:
        ring = settings.key_ring(SCOPES)
        for path in sorted((folder / "new").iterdir()):
            with path.open("rb") as source:
                raw = source.read(MOST_BYTES)
            try:
                counts.update(done for _, done in await take(db, ring, raw))
            except Unreadable:
                counts["unreadable"] += 1
            path.rename(folder / "cur" / f"{path.name.partition(':')[0]}:2,S")
    names = ("suppressed", "kept", "retried", "ignored", "unreadable")
    ui.say(", ".join(f"{counts[name]} {name}" for name in names) if counts else "Nothing new.")
    ui.emit({name: counts[name] for name in names})
