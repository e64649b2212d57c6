"""`kith shop`: the demo shop as a process of its own. Hidden: `kith run` and `kith split` start it."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.local.process import StartFailed


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("shop", hidden=True)(command)


def command(
    details: Annotated[Path, typer.Option(help="File with the demo store's keys.")],
    kith_url: Annotated[str, typer.Option(help="Kith as the shop's server reaches it.")],
    browser_url: Annotated[str, typer.Option(help="Kith as a buyer's browser reaches it.")],
    port: Annotated[int, typer.Option(help="Port to listen on.")],
    host: Annotated[str, typer.Option(help="Interface to listen on.")] = "127.0.0.1",
) -> None:
    """Serve the demo shop."""
    import uvicorn
    import uvloop

    from demo.details import Details
    from demo.shop.app import Kith, build_shop

    store = Details.load(details)
    if store is None:
        raise StartFailed(f"there is no {details}")
    shop = build_shop(Kith(server_url=kith_url, browser_url=browser_url, details=store))
    config = uvicorn.Config(shop, host=host, port=port, log_level="warning", access_log=False)
    uvloop.run(uvicorn.Server(config).serve())
