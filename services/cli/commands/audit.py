"""`kith audit`: who did what, from the services' own tables, oldest first."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.ui import Json, Ui

if TYPE_CHECKING:
    from services.kernel.db import Database

Chosen = Annotated[str, typer.Argument(help="Only this store; `*` for what concerns all of them.")]
_AT_ONCE = 1000
_NEXT = """
select store_id, audit_id, at, actor_kind, actor_id, session_id, action, subject, before, after, request_id
from audit where store_id = :store and (cast(:at as timestamptz) is null or (at, audit_id) > (:at, cast(:id as text)))
order by at, audit_id limit :count
"""


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("audit")(audit)


def audit(store: Chosen = "", as_json: Json = False) -> None:
    """Show who did what and when, in all services: the source of truth behind the console's page of activity."""
    import uvloop

    uvloop.run(_audit(Ui(as_json=as_json), store))


async def _audit(ui: Ui, only: str) -> None:
    from services.cli import manifests, starting
    from services.cli.inspect.stores import listed, opened
    from services.common.audit import ACTIONS
    from services.kernel.db import ALL_STORES
    from services.kernel.settings import Settings

    found: list[dict[str, Any]] = []
    async with starting.complete(Settings(), keep_running=True) as settings:
        for service in manifests.load_all():
            async with opened(settings, service.name) as db:
                stores = [only] if only == ALL_STORES else await listed(db, only)
                if not only:
                    stores = [ALL_STORES, *stores]
                for store_id in stores:
                    found += [{**row, "service": service.name} for row in await _rows(db, store_id)]
    for row in sorted(found, key=lambda one: (one["at"], one["audit_id"])):
        known = ACTIONS.get(row["action"])
        by = ":".join(filter(None, (row["actor_kind"], row["actor_id"], row["session_id"])))
        reported = f"{row['before']} -> {row['after']}"
        name = known.name if known else row["action"]
        ui.say(f"{row['at']:%Y-%m-%d %H:%M:%S}  {row['store_id']}  {by}  {name}  {row['subject']}  {reported}")
        ui.emit({**row, "at": row["at"].isoformat()})
    ui.say(f"{len(found)} entries." if found else "Nothing was done yet.")


async def _rows(db: "Database", store_id: str) -> list[dict[str, Any]]:
    """All notes of one store in one service."""
    rows: list[dict[str, Any]] = []
    place: tuple[Any, str] = (None, "")
    while True:
        async with db.transaction([store_id]) as tx:
            some = await tx.all(_NEXT, store=store_id, at=place[0], id=place[1], count=_AT_ONCE)
        rows += [row._asdict() for row in some]
        if len(some) < _AT_ONCE:
            return rows
        place = (some[-1].at, some[-1].audit_id)
