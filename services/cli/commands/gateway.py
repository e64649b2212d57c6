"""`kith caddyfile`: the gateway's configuration, for an installation where something else runs the processes."""

from typing import Annotated

import typer

ADDRESS = "http://:8080"
UPSTREAM = "{service}:8080"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("caddyfile")(command)


def command(
    address: Annotated[str, typer.Option(help="Site that the gateway answers for, in Caddy's words.")] = ADDRESS,
    upstream: Annotated[str, typer.Option(help="Where a service's replicas are; {service} is its name.")] = UPSTREAM,
) -> None:
    """Print a Caddyfile made from the services' routes."""
    typer.echo(configuration(address, upstream), nl=False)


def configuration(address: str = ADDRESS, upstream: str = UPSTREAM) -> str:
    """The Caddyfile's text."""
    from services.cli import manifests
    from services.cli.local.caddyfile import Upstream, caddyfile

    upstreams = [
        Upstream(name=service.name, routes=service.routes, replicas=(upstream.format(service=service.name),))
        for service in manifests.load_all()
    ]
    return caddyfile(upstreams, address=address)
