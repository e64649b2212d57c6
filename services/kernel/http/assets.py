"""The files that browsers load, of all services: every process serves them all, since a page may name any of them."""

from functools import cache
from pathlib import Path

from starlette.routing import BaseRoute

import services
from services.kernel.pages.assets import Assets


@cache
def all_assets() -> Assets:
    """The kernel's files and those in every feature's `assets` folder, read once per process."""
    packages = Path(next(iter(services.__path__)))
    return Assets(folder for folder in sorted(packages.glob("*/*/assets")) if folder.is_dir())


def asset_routes() -> list[BaseRoute]:
    """The one route under `/assets/`."""
    return list(all_assets().routes())
