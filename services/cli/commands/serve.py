"""`kith serve`: one replica of one service, as a process of its own. Databases, bus and secrets come from settings."""

from typing import Annotated

import typer

from services.cli.local.process import StartFailed
from services.cli.names import NAMES


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("serve")(command)


def command(
    service: Annotated[str, typer.Argument(help=f"One of {', '.join(NAMES)}, or `all`.")],
    role: Annotated[
        str, typer.Option(help="Its part of the work: web, consume, work (calls to others), several by commas, or all.")
    ] = "all",
    port: Annotated[int | None, typer.Option(help="Port to listen on (default KITH_PORT).")] = None,
) -> None:
    """Run one replica of one service until SIGTERM."""
    import uvloop

    from services.cli import manifests
    from services.kernel.runner import run_services
    from services.kernel.service import ROLES
    from services.kernel.settings import Settings

    names = NAMES if service == "all" else (service,)
    if unknown := set(names) - set(NAMES):
        raise typer.BadParameter(f"there is no service {unknown.pop()!r}; there are {', '.join(NAMES)}")
    asked = set(role.split(","))
    if unknown := asked - {*ROLES, "all"}:
        raise typer.BadParameter(f"there is no role {unknown.pop()!r}; there are {', '.join(sorted(ROLES))} and all")
    settings = Settings()
    if settings.embedded:
        raise StartFailed("`kith serve` needs KITH_DATABASE_URL (and secrets); `kith run` brings its own")
    services = manifests.load_all(names)
    manifests.set_side_bar(services, demo=settings.demo)
    uvloop.run(run_services(services, settings, port=port, roles=ROLES if "all" in asked else ROLES & asked))
