"""`kith replay` and `kith reconcile`: do decisions follow from their facts, and is everything somewhere, once?"""

from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.options import Store
from services.cli.ui import Json, Ui

if TYPE_CHECKING:
    from services.kernel.db import Database
    from services.kernel.settings import Settings

_REPORTS = ("kith.order.received.v1", "kith.order.amended.v1")
"""The events without which an order is not known."""


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("replay")(replay)
    app.command("reconcile")(reconcile)


def replay(
    store: Store = "",
    order: Annotated[str, typer.Option("--order", help="Only the newest decision of this order; needs --store.")] = "",
    whole: Annotated[
        bool, typer.Option("--whole", help="Compare what is remembered of each friend with all of their facts, too.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Decide again from the stored facts, and compare byte by byte; ends with 1 if any decision differs."""
    import uvloop

    if order and not store:
        raise typer.BadParameter("an order is known within its store: give --store too")
    if order and whole:
        raise typer.BadParameter("--whole is about all friends of a store, --order about one order")
    raise typer.Exit(0 if uvloop.run(_replay(Ui(as_json=as_json), store, order, whole=whole)) else 1)


def reconcile(store: Store = "", as_json: Json = False) -> None:
    """Show where every acknowledged order and delivery is; ends with 1 if any is nowhere, or counted twice."""
    import uvloop

    raise typer.Exit(0 if uvloop.run(_reconcile(Ui(as_json=as_json), store)) else 1)


async def _replay(ui: Ui, only: str, order: str, *, whole: bool) -> bool:
    from services.attribution.decisions.actions.replay import replay as once
    from services.attribution.decisions.actions.replay import replay_all
    from services.cli import starting
    from services.cli.inspect.stores import listed, opened
    from services.kernel.settings import Settings

    equal = True
    async with starting.complete(Settings(), keep_running=True) as settings, opened(settings, "attribution") as db:
        stores = await listed(db, only)
        with ui.progress() as bar:
            done = bar.add_task("Stores", total=len(stores))
            for store_id in stores:
                counts = {"equal": 0, "different": 0, "other_engine": 0}
                different: list[dict[str, object]] = []
                after = ("", 0)
                while True:
                    async with db.transaction([store_id], snapshot=True) as tx:
                        found = (
                            [await once(tx, store_id, order)] if order else await replay_all(tx, store_id, after=after)
                        )
                    for one in found:
                        kind = "other_engine" if one.recomputed is None else "equal" if one.equal else "different"
                        counts[kind] += 1
                        if kind == "different":
                            different.append({"order_id": one.order_id, "revision": one.revision, "as_of": one.as_of})
                    if order or not found:
                        break
                    after = (found[-1].order_id, found[-1].revision)
                wrong = await _wrong_summaries(db, store_id) if whole else []
                events = {} if order else await _events(db, store_id)
                bar.advance(done)
                equal = equal and not different and not wrong and not events.get("different")
                mark = "[red]✗[/]" if different else "[green]✓[/]"
                other = f", {counts['other_engine']} by another engine" if counts["other_engine"] else ""
                ui.say(f"{mark} {store_id}: {counts['equal']} equal, {counts['different']} different{other}")
                for one_of in different:
                    ui.say(f"  order {one_of['order_id']}, decision {one_of['revision']}")
                for person_id in wrong:
                    ui.say(f"  [red]✗[/] person {person_id}: what is remembered is not what the facts say")
                for event_id in events.get("different", ()):
                    ui.say(f"  [red]✗[/] event {event_id}: what was decided is not what the facts say")
                result = {"store": store_id, **counts, "differences": different, "misremembered": wrong}
                ui.emit(result | {"events": {kind: len(ids) for kind, ids in events.items()}})
    return equal


async def _events(db: "Database", store_id: str) -> dict[str, list[str]]:
    """A store's custom events by what comes of deciding them again: `equal`, `different`, or `fixed` for those of which
    nothing can be said, since they have settled.
    """
    from services.attribution.custom_events.actions.check import check

    kinds: dict[bool | None, str] = {True: "equal", False: "different", None: "fixed"}
    found: dict[str, list[str]] = {kind: [] for kind in kinds.values()}
    after = ""
    while True:
        async with db.transaction([store_id], snapshot=True) as tx:
            some = await check(tx, store_id, after=after)
        if not some:
            return found
        for one in some:
            found[kinds[one.equal]].append(one.event_id)
        after = some[-1].event_id


async def _wrong_summaries(db: "Database", store_id: str) -> list[str]:
    """People of a store of whom something else is remembered than their facts say."""
    from services.attribution.decisions.actions.replay import check_remembered

    wrong: list[str] = []
    after = ""
    while True:
        async with db.transaction([store_id], snapshot=True) as tx:
            found = await check_remembered(tx, store_id, after=after)
        if not found:
            return wrong
        wrong += [one.person_id for one in found if not one.equal]
        after = found[-1].person_id


async def _reconcile(ui: Ui, only: str) -> bool:
    from services.cli import starting
    from services.kernel.settings import Settings

    async with starting.complete(Settings(), keep_running=True) as settings:
        orders = await _reconcile_orders(ui, settings, only)
        return await _reconcile_deliveries(ui, settings, only) and orders


async def _reconcile_orders(ui: Ui, settings: "Settings", only: str) -> bool:
    from dataclasses import asdict

    from services.attribution.custom_events.actions.check import reconcile as events_counted
    from services.attribution.decisions.actions.reconcile import reconcile as counted
    from services.cli import manifests
    from services.cli.inspect import letters
    from services.cli.inspect.stores import listed, opened

    whole = True
    aside: dict[str, set[str]] = {}
    for dropped in (False, True):
        for letter in await letters.waiting(manifests.load_all(), settings, dropped=dropped):
            if letter.group == "kith.attribution" and letter.type in _REPORTS:
                aside.setdefault(letter.store_id, set()).add(letter.subject)
    async with opened(settings, "attribution") as db:
        for store_id in await listed(db, only):
            async with db.transaction([store_id], snapshot=True) as tx:
                found = await counted(tx, store_id, dead_lettered=frozenset(aside.get(store_id, ())))
                events = await events_counted(tx, store_id)
            whole = whole and found.difference == 0 and events.difference == 0
            mark = "[green]✓[/]" if found.difference == 0 else f"[red]✗ {found.difference} missing[/]"
            ui.say(
                f"{mark} {store_id}: {found.acked} acked = {found.attributed} attributed"
                f" + {found.unattributed} unattributed + {_sum('rejected', found.rejected)}"
                f" + {_sum('waiting', found.waiting)} + {found.dead_lettered} dead-lettered"
                f" + {found.in_flight} in flight"
            )
            if events.acked:
                decided = "".join(f" + {n} {status}" for status, n in sorted(events.by_status.items()))
                sign = "[green]✓[/]" if events.difference == 0 else f"[red]✗ {events.difference} missing[/]"
                ui.say(f"  {sign} {events.acked} events acked = {events.in_flight} in flight{decided}")
            ui.emit({**asdict(found), "difference": found.difference, "events": asdict(events)})
    return whole


async def _reconcile_deliveries(ui: Ui, settings: "Settings", only: str) -> bool:
    from services.cli.inspect.stores import listed, opened
    from services.connectors.inbox.actions import reconcile as counted

    whole = True
    async with opened(settings, "connectors") as db:
        for store_id in await listed(db, only):
            async with db.transaction([store_id], snapshot=True) as tx:
                found = await counted(tx, store_id)
            if not found.acked and not found.difference:
                continue
            whole = whole and found.difference == 0
            mark = "[green]✓[/]" if found.difference == 0 else f"[red]✗ {found.difference} missing[/]"
            parts = " + ".join(f"{count} {outcome}" for outcome, count in found.outcomes.items())
            ui.say(f"{mark} {store_id}: {found.acked} deliveries acked = {parts}")
            ui.emit({"store_id": store_id, "deliveries": found.acked, **found.outcomes, "difference": found.difference})
    return whole


def _sum(name: str, by_reason: dict[str, int]) -> str:
    reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(by_reason.items()))
    return f"{sum(by_reason.values())} {name}" + (f" ({reasons})" if reasons else "")
