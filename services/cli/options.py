"""Options that several commands share, and the checks that belong to them."""

from typing import Annotated

import typer

from services.cli.local import process
from services.cli.local.process import StartFailed

ShopPort = Annotated[
    int | None, typer.Option(envvar="KITH_SHOP_PORT", help="Port of the demo shop (default: the product's next).")
]
History = Annotated[int, typer.Option(envvar="KITH_DEMO_DAYS", min=0, help="Days of history of the demo store.")]

Store = Annotated[str, typer.Option("--store", help="One store's id; all stores if left out.")]

HISTORY_DAYS = 56
"""Enough for a trend, a refund, and rewards that have come due."""


def refuse_used_ports(host: str, **ports: int | None) -> None:
    """Raises `StartFailed`, before anything is started, if somebody listens on one of these ports."""
    for name, port in ports.items():
        if port is not None and process.is_listening(port, host):
            raise StartFailed(f"port {port} is in use; set {name} to another")
