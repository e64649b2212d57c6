"""`kith keys grant`: a secret key with chosen scopes, for the owner of a store who has none that may give them;
`kith keys reseal`: what services keep sealed, under their newest sealing keys.
"""

from typing import Annotated

import typer

from services.cli.local.process import StartFailed
from services.cli.ui import Json, Ui

Chosen = Annotated[str, typer.Option("--store", help="The store's id.")]
Scopes = Annotated[list[str], typer.Option("--scope", help="As `domains:*` or `orders:read`; may be repeated.")]
Label = Annotated[str, typer.Option("--label", help="What the list of keys calls it.", max=120)]


def register(app: typer.Typer) -> None:
    """Adds the group."""
    group = typer.Typer(help="Make API keys as the operator, and renew what is sealed.", no_args_is_help=True)
    group.callback()(_group)
    group.command("grant")(grant)
    group.command("reseal")(reseal)
    app.add_typer(group, name="keys")


def _group() -> None:
    """Make API keys as the operator, and renew what is sealed."""


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


def reseal(as_json: Json = False) -> None:
    """Seal what services keep sealed under their newest sealing keys, so that an older one can be taken away."""
    import uvloop

    if not uvloop.run(_reseal(Ui(as_json=as_json))):
        raise typer.Exit(1)


async def _reseal(ui: Ui) -> bool:
    from services.cli import manifests, starting
    from services.cli.inspect.stores import listed, opened
    from services.common.scopes import SCOPES
    from services.kernel.reseal import reseal_all
    from services.kernel.settings import Settings

    well = True
    async with starting.complete(Settings(), keep_running=True) as settings:
        ring = settings.key_ring(SCOPES)
        for service in manifests.load_all():
            if not service.sealed:
                continue
            sealing = settings.sealing_of(service.name, ring)
            if not sealing:
                raise StartFailed(f"set KITH_{service.name.upper()}_SEALING_KEYS: {service.name} keeps credentials")
            opening = settings.opening_of(service.name, sealing)
            async with opened(settings, service.name) as db:
                stores = await listed(db)
                for where in service.sealed:
                    keys = opening if where.for_workers and opening else sealing
                    done, lost = await reseal_all(db, keys, where, stores)
                    well = well and not lost
                    place = f"{service.name}.{where.table}.{where.column}"
                    ui.say(f"{place}: {done} sealed anew" + (f", [red]{lost} cannot be opened[/]" if lost else ""))
                    ui.emit({"column": place, "resealed": done, "lost": lost})
    return well
