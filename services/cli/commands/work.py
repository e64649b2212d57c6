"""`kith work list|show|retry`: tasks that talk to others: what waits, what was given up and why, and another try."""

from typing import Annotated, Any

import typer

from services.cli.local.process import StartFailed
from services.cli.ui import Json, Ui

Kind = Annotated[str, typer.Option("--kind", help="Only tasks of this kind.")]
STATES = ("waiting", "given_up", "done")


def register(app: typer.Typer) -> None:
    """Adds the group."""
    group = typer.Typer(help="Look at tasks that talk to others, and have them tried again.", no_args_is_help=True)
    group.command("list")(list_tasks)
    group.command("show")(show)
    group.command("retry")(retry)
    app.add_typer(group, name="work")


def list_tasks(
    state: Annotated[str, typer.Option("--state", help=f"One of {', '.join(STATES)}, or `all`.")] = "given_up",
    kind: Kind = "",
    count: Annotated[int, typer.Option("--count", help="At most so many of each service, the newest.")] = 100,
    as_json: Json = False,
) -> None:
    """List tasks, those given up unless another state is named."""
    import uvloop

    if state not in {*STATES, "all"}:
        raise StartFailed(f"there is no state {state!r}; there are {', '.join(STATES)} and all")
    uvloop.run(_list(Ui(as_json=as_json), None if state == "all" else state, kind or None, count))


def show(place: Annotated[str, typer.Argument(help="As `list` prints it: links/12.")], as_json: Json = False) -> None:
    """Show one task whole. Its payload holds ids only."""
    import uvloop

    uvloop.run(_show(Ui(as_json=as_json), place))


def retry(
    places: Annotated[list[str] | None, typer.Argument(help="As `list` prints them.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that were given up.")] = False,
    kind: Kind = "",
    as_json: Json = False,
) -> None:
    """Have tasks that were given up tried again, from the beginning of their schedule."""
    import uvloop

    if bool(places) == everything:
        raise StartFailed("name the tasks to try again, or give --all")
    uvloop.run(_retry(Ui(as_json=as_json), places or [], kind or None))


async def _list(ui: Ui, state: str | None, kind: str | None, count: int) -> None:
    from services.cli import manifests, starting
    from services.cli.inspect.stores import opened
    from services.kernel.settings import Settings
    from services.kernel.work import sql

    total, cut = 0, []
    async with starting.complete(Settings(), keep_running=True) as settings:
        for service in manifests.load_all():
            async with opened(settings, service.name) as db, db.transaction() as tx:
                rows = await sql.listed(tx, state=state, kind=kind, count=count + 1)
            if len(rows) > count:
                rows = rows[:count]
                cut.append(service.name)
            total += len(rows)
            for row in rows:
                item = _as_json(service.name, row)
                ui.say(
                    f"{item['place']:18} {item['state']:9} {row.kind:20} {row.lane:24} attempts {row.attempts},"
                    f" {row.reason or '-'}, due {item['due']}"
                )
                ui.emit(item)
    ui.say(f"{total} tasks." if total else "There is none.")
    if cut:
        ui.say(f"There are more of {', '.join(cut)}: ask for more with --count.")


async def _show(ui: Ui, place: str) -> None:
    import orjson

    from services.cli import starting
    from services.cli.inspect.stores import opened
    from services.kernel.settings import Settings
    from services.kernel.work import sql

    service, number = _parsed(place)
    async with (
        starting.complete(Settings(), keep_running=True) as settings,
        opened(settings, service) as db,
        db.transaction() as tx,
    ):
        row = await sql.one(tx, number)
    if row is None:
        raise StartFailed(f"there is no task {place}")
    item = {**_as_json(service, row), "payload": orjson.loads(row.payload)}
    ui.say(orjson.dumps(item, option=orjson.OPT_INDENT_2).decode())
    ui.emit(item)


async def _retry(ui: Ui, places: list[str], kind: str | None) -> None:
    from services.cli import manifests, starting
    from services.cli.inspect.stores import opened
    from services.kernel.auth.principal import CLI
    from services.kernel.settings import Settings
    from services.kernel.work import sql

    wanted = [_parsed(place) for place in dict.fromkeys(places)]
    async with starting.complete(Settings(), keep_running=True) as settings:
        for service in manifests.load_all():
            numbers = [number for name, number in wanted if name == service.name]
            async with opened(settings, service.name) as db, db.transaction(actor=CLI) as tx:
                chosen: list[int | None] = [*numbers] if wanted else [None]
                done = [task for number in chosen for task in await sql.retry(tx, task_id=number, kind=kind)]
                await tx.see({task.store_id for task in done})
                for task in done:
                    on = f"{service.name}/{task.id}"
                    tx.note("task.retried", on=on, after={"kind": task.kind}, store_id=task.store_id)
            if numbers or done:
                ui.say(f"{service.name}: {len(done)} will be tried again")
                ui.emit({"service": service.name, "retried": len(done)})


def _parsed(place: str) -> tuple[str, int]:
    from services.cli.names import NAMES

    service, _, number = place.partition("/")
    if service not in NAMES or not number.isdigit():
        raise StartFailed(f"{place!r} names no task; `kith work list` prints them, as links/12")
    return service, int(number)


def _as_json(service: str, row: Any) -> dict[str, object]:
    return {
        "place": f"{service}/{row.id}",
        "kind": row.kind,
        "store_id": row.store_id,
        "lane": row.lane,
        "key": row.key,
        "state": "running" if row.running else row.state,
        "due": row.due.isoformat(),
        "attempts": row.attempts,
        "reason": row.reason,
        "created_at": row.created_at.isoformat(),
        "ended_at": row.ended_at.isoformat() if row.ended_at else None,
    }
