"""`kith keys grant`: a secret key with chosen scopes, for the owner of a store who has none that may give them."""

from typing import Annotated

import typer

from services.cli.local.process import StartFailed
from services.cli.ui import Json, Ui

Chosen = Annotated[str, typer.Option("--store", help="The store's id.")]
Scopes = Annotated[list[str], typer.Option("--scope", help="As `domains:*` or `orders:read`; may be repeated.")]
Label = Annotated[str, typer.Option("--label", help="What the list of keys calls it.", max=120)]


def register(app: typer.Typer) -> None:
    """Adds the group."""
    group = typer.Typer(help="Make API keys as the operator.", no_args_is_help=True)
    group.callback()(_group)
    group.command("grant")(grant)
    app.add_typer(group, name="keys")


def _group() -> None:
    """Make API keys as the operator."""


def grant(store: Chosen, scope: Scopes, label: Label = "Granted by the operator", as_json: Json = False) -> None:
    """Make a secret key of a store and print it: nobody can print it again. `DELETE /v1/keys/{id}` takes it back."""
    import uvloop

    uvloop.run(_grant(Ui(as_json=as_json), store, scope, label))


async def _grant(ui: Ui, store_id: str, scopes: list[str], label: str) -> None:
    from services.cli import starting
    from services.cli.inspect.stores import opened
    from services.common.scopes import SCOPES
    from services.kernel.auth.api_keys import issue
    from services.kernel.auth.principal import CLI
    from services.kernel.errors import AppError
    from services.kernel.settings import Settings
    from services.links.keys import actions as keys
    from services.links.stores import actions as stores

    async with starting.complete(Settings(), keep_running=True) as settings, opened(settings, "links") as db:
        try:
            async with db.transaction([store_id], actor=CLI) as tx:
                await stores.get(tx, store_id)
                key = await keys.create(tx, store_id, kind="sk", scopes=scopes, label=label)
        except AppError as error:
            raise StartFailed(" ".join([error.detail, *(one.detail for one in error.errors)])) from None
        text = issue(settings.key_ring(SCOPES), kind="sk", store_id=store_id, key_id=key.key_id, scopes=key.scopes)
    ui.say(f"{text}\n{key.key_id} may: {' '.join(key.scopes)}")
    ui.emit({"id": key.key_id, "scopes": list(key.scopes), "key": text})
