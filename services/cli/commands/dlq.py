"""`kith dlq list|show|replay|drop`: what consumers put aside, why, another try once the cause is mended, or the end."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from services.cli.local.process import StartFailed
from services.cli.ui import Json, Ui

if TYPE_CHECKING:
    from services.cli.inspect.letters import Letter
    from services.kernel.settings import Settings

Group = Annotated[str, typer.Option("--group", help="Only this consumer group, as `kith.rewards`.")]


def register(app: typer.Typer) -> None:
    """Adds the group."""
    group = typer.Typer(help="Look into the dead letters, and replay them.", no_args_is_help=True)
    group.command("list")(list_letters)
    group.command("show")(show)
    group.command("replay")(replay)
    group.command("drop")(drop)
    app.add_typer(group, name="dlq")


def list_letters(
    group: Group = "",
    dropped: Annotated[bool, typer.Option("--dropped", help="Those that were struck off, with why.")] = False,
    as_json: Json = False,
) -> None:
    """List the events that wait for a person: place, reason, and what they are about."""
    import uvloop

    uvloop.run(_list(Ui(as_json=as_json), group, dropped))


def show(place: Annotated[str, typer.Argument(help="As `list` prints it.")], as_json: Json = False) -> None:
    """Show one event whole: its headers and its payload, which holds no personal data."""
    import uvloop

    uvloop.run(_show(Ui(as_json=as_json), place))


def replay(
    places: Annotated[list[str] | None, typer.Argument(help="As `list` prints them.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that wait.")] = False,
    group: Group = "",
    as_json: Json = False,
) -> None:
    """Give events to their group's handlers again, one by one; ends with 1 if any still cannot be handled."""
    import uvloop

    if bool(places) == everything:
        raise StartFailed("name the places to replay, or give --all")
    raise typer.Exit(0 if uvloop.run(_replay(Ui(as_json=as_json), places or [], group)) else 1)


def drop(
    places: Annotated[list[str], typer.Argument(help="As `list` prints them.")],
    reason: Annotated[str, typer.Option("--reason", help="Why nobody can mend them; kept, without personal data.")],
    as_json: Json = False,
) -> None:
    """Strike off events that nobody can mend: they wait no longer, and nothing comes of them."""
    import uvloop

    if not reason.strip():
        raise StartFailed("give a --reason: whoever looks later finds nothing else")
    uvloop.run(_drop(Ui(as_json=as_json), places, reason.strip()[:500]))


async def _list(ui: Ui, group: str, dropped: bool) -> None:
    from services.cli import starting
    from services.kernel.settings import Settings

    async with starting.complete(Settings(), keep_running=True) as settings:
        letters = await _waiting(settings, group, dropped=dropped)
    for letter in letters:
        about = f"{letter.type} {letter.subject} of {letter.store_id}"
        ui.say(f"{letter.place:20} {letter.reason:9} {letter.error:28} {about}, put aside at {letter.put_aside_at}")
        if letter.dropped:
            ui.say(f"{'':20} struck off: {escape(letter.dropped)}")
        ui.emit(letter.as_json())
    if not dropped:
        ui.say(f"{len(letters)} wait." if letters else "None waits.")


async def _show(ui: Ui, place: str) -> None:
    import orjson

    from services.cli import starting
    from services.kernel.settings import Settings

    async with starting.complete(Settings(), keep_running=True) as settings:
        letter = _at(await _waiting(settings, ""), place)
    headers = {name: value.decode(errors="replace") for name, value in sorted(letter.record.headers.items())}
    try:
        payload: object = orjson.loads(letter.record.value)
    except orjson.JSONDecodeError:
        payload = letter.record.value.decode(errors="replace")
    for name, value in headers.items():
        ui.say(f"{name}: {value}")
    ui.say(orjson.dumps(payload, option=orjson.OPT_INDENT_2).decode())
    ui.emit({**letter.as_json(), "headers": headers, "payload": payload})


async def _replay(ui: Ui, places: list[str], group: str) -> bool:
    from services.cli import manifests, starting
    from services.cli.inspect import letters as inspect
    from services.cli.inspect.stores import opened
    from services.kernel.runner import bus_of
    from services.kernel.settings import Settings
    from services.kernel.telemetry import describe

    services = manifests.load_all()
    well = True
    async with starting.complete(Settings(), keep_running=True) as settings:
        waiting = await _waiting(settings, group)
        chosen = [_at(waiting, place) for place in dict.fromkeys(places)] if places else waiting
        bus = bus_of(services, settings)
        await bus.start()
        try:
            with ui.progress() as bar:
                done = bar.add_task("Letters", total=len(chosen))
                for letter in chosen:
                    service = manifests.load(letter.group.split(".")[1])
                    result: dict[str, object] = {"place": letter.place, "replayed": True}
                    async with opened(settings, service.name) as db:
                        try:
                            await inspect.replay(letter, service, db)
                            await inspect.mark(bus, letter)
                        except Exception as error:  # named by its class, as in the log: a message may quote values
                            well = False
                            result |= {"replayed": False, **describe(error)}
                    bar.advance(done)
                    mark = (
                        "[green]✓[/]"
                        if result["replayed"]
                        else f"[red]✗[/] {result.get('error')} at {result.get('where')}:"
                    )
                    ui.say(f"{mark} {letter.place} {letter.type} {letter.subject}")
                    ui.emit(result)
        finally:
            await bus.stop()
    return well


async def _drop(ui: Ui, places: list[str], reason: str) -> None:
    from services.cli import manifests, starting
    from services.cli.inspect import letters as inspect
    from services.cli.inspect.stores import opened
    from services.kernel.runner import bus_of
    from services.kernel.settings import Settings

    services = manifests.load_all()
    async with starting.complete(Settings(), keep_running=True) as settings:
        waiting = await _waiting(settings, "")
        chosen = [_at(waiting, place) for place in dict.fromkeys(places)]
        bus = bus_of(services, settings)
        await bus.start()
        try:
            for letter in chosen:
                async with opened(settings, letter.group.split(".")[1]) as db:
                    await inspect.drop(bus, letter, reason, db)
                ui.say(f"struck off: {letter.place} {letter.type} {letter.subject}")
                ui.emit({**letter.as_json(), "dropped": reason})
        finally:
            await bus.stop()


async def _waiting(settings: "Settings", group: str, *, dropped: bool = False) -> "list[Letter]":
    from services.cli import manifests
    from services.cli.inspect import letters
    from services.kernel.runner import groups_of

    services = manifests.load_all()
    if group and group not in groups_of(services):
        raise StartFailed(f"there is no group {group!r}; there are {', '.join(groups_of(services))}")
    return [
        letter for letter in await letters.waiting(services, settings, dropped=dropped) if group in ("", letter.group)
    ]


def _at(letters: "list[Letter]", place: str) -> "Letter":
    for letter in letters:
        if letter.place == place:
            return letter
    raise StartFailed(f"no letter waits at {place!r}; `kith dlq list` prints the places")
