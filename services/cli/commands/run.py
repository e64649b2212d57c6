"""`kith run`: the whole product in one process on this machine."""

from typing import Annotated

import typer

from services.cli.options import HISTORY_DAYS, History, ShopPort, refuse_used_ports
from services.cli.ui import Json, Ui


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("run")(command)


def command(
    port: Annotated[int | None, typer.Option(help="Port of the product (default KITH_PORT, 8080).")] = None,
    shop_port: ShopPort = None,
    history: History = HISTORY_DAYS,
    as_json: Json = False,
) -> None:
    """Run everything in one process. With KITH_DEMO=1 a demo store and its shop come along."""
    import uvloop

    from services.cli import embedded
    from services.cli.local.keep import only_one
    from services.kernel.settings import Settings

    settings = Settings() if port is None else Settings(port=port)
    shop_port = shop_port or settings.port + 1
    refuse_used_ports(settings.host, KITH_PORT=settings.port, KITH_SHOP_PORT=shop_port if settings.demo else None)
    with only_one(settings.data_dir):
        uvloop.run(embedded.run(settings, shop_port=shop_port, history_days=history, ui=Ui(as_json=as_json)))
