"""`kith doctor`: looks at everything that an installation needs, says what is wrong, and what to do."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.ui import Json, Ui

if TYPE_CHECKING:
    from services.cli.inspect.findings import Finding

_SIGNS = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "failure": "[red]✗[/]"}


Domain = Annotated[str, typer.Argument(help="The domain that mails come from: what follows the @ of the sender.")]
Selector = Annotated[str, typer.Option("--selector", help="The relay's DKIM selector, as in s1._domainkey.")]


def register(app: typer.Typer) -> None:
    """Adds the command, and the one below it."""
    group = typer.Typer(invoke_without_command=True, help=command.__doc__)
    group.callback()(command)
    group.command("mail")(mail)
    app.add_typer(group, name="doctor")


def command(
    context: typer.Context,
    store: Annotated[str, typer.Option("--store", help="Check this store's page and its connection instead.")] = "",
    key: Annotated[str, typer.Option("--key", envvar="KITH_SECRET_KEY", help="A secret key of the store.")] = "",
    kith: Annotated[str, typer.Option("--kith", help="Where Kith is; else what the page's line says.")] = "",
    wait: Annotated[
        int, typer.Option("--wait", min=0, help="So many seconds it waits for what is still to come.")
    ] = 120,
    check: Annotated[str, typer.Option("--check", help="A check that goes on already (chk_…).")] = "",
    without: Annotated[list[str] | None, typer.Option("--without", help="A step that the store does without.")] = None,
    as_json: Json = False,
) -> None:
    """Check ports, disk, secrets, mail, databases, schemas, clocks, bus, lag, outboxes and spools; with --store, how a
    store is connected, while you try it.
    """
    import uvloop

    if context.invoked_subcommand is not None:
        return
    ui = Ui(as_json=as_json)
    if store:
        _show(ui, uvloop.run(_store(ui, store, key, kith.rstrip("/"), wait, check, without or [])))
    with ui.working("Looking"):
        found = uvloop.run(_look())
    _show(ui, found)


def mail(domain: Domain, selector: Selector = "", as_json: Json = False) -> None:
    """Check what receivers are told of a domain that mails come from: SPF, DKIM, DMARC, MX."""
    import uvloop

    from services.cli.inspect import sender

    name = domain.strip().rstrip(".").lower()
    if not sender.is_domain(name):
        raise typer.BadParameter("Give a domain, as in shop.example: what follows the @ of the sender.")
    ui = Ui(as_json=as_json)
    with ui.working("Asking the name system"):
        found = uvloop.run(sender.look(name, selector.strip()))
    _show(ui, found)


def _show(ui: Ui, found: "list[Finding]") -> None:
    for finding in found:
        ui.say(f"{_SIGNS[finding.verdict]} {finding.name:24} {finding.detail}")
        if finding.advice:
            ui.say(f"  {'':24} → {finding.advice}")
    failed = any(finding.verdict == "failure" for finding in found)
    ui.emit({"well": not failed, "findings": [finding.as_json() for finding in found]})
    raise typer.Exit(1 if failed else 0)


async def _store(
    ui: Ui, url: str, secret: str, kith: str, wait_s: int, check: str, without: "list[str]"
) -> "list[Finding]":
    """What is found of a store. Each step is said when it arrives."""
    import httpx

    from services.cli.inspect import store
    from services.cli.local.process import StartFailed

    if not secret.startswith("kith_sk_"):
        raise StartFailed("give a secret key of the store: --key kith_sk_…, or KITH_SECRET_KEY")
    async with httpx.AsyncClient(timeout=15, trust_env=False) as client:
        found, address = await store.look_at_page(client, url if "://" in url else f"https://{url}", secret)
        kith = kith or address or "http://localhost:8080"
        latest: list[dict[str, Any]] = []
        try:
            check = check or await store.begin(client, kith, secret, without)
            ui.say(
                f"Check {check}: open the store, follow a share link, place an order and pay it. Waiting {wait_s} s …"
            )
            async for stand in store.steps(client, kith, secret, check, wait_s=wait_s):
                for step in stand["steps"]:
                    if step not in latest and (step["state"] != "waiting" or step["text"]):
                        ui.say(f"  {step['title']}: {step['text'] or step['state']}")
                latest = stand["steps"]
        except store.CannotAsk as error:
            raise StartFailed(str(error)) from error
    return [*found, *map(store.finding_of, latest)]


async def _look() -> "list[Finding]":
    from services.cli import manifests, starting
    from services.cli.inspect import bus, database, handover, machine, mail
    from services.kernel.settings import Settings

    services = manifests.load_all()
    async with starting.complete(Settings(), keep_running=True) as settings:
        found = [*await machine.look(settings), await mail.look(demo=settings.demo)]
        for service in services:
            found += await database.look(service, settings.database_url_of(service.name))
        found += await handover.look(settings)
        return found + await bus.look(services, settings)
