"""What was done and by whom: rows that a transaction notes beside what it changes, and reports once it commits.

The table is append-only for the service's role. Values are figures, flags, codes and ids: what holds a space, an `@`
or a sign outside of ids is refused, so that no name and no mail address can slip in; which fields an action may have
is the product's to say.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import asyncpg
import orjson

from contracts.events.audit import AuditNoted, Figure
from services.kernel.auth.principal import Principal
from services.kernel.ids import new_id

Figures = Mapping[str, Figure]

_INSERT: Final = (
    "insert into audit (store_id, audit_id, at, actor_kind, actor_id, session_id, action, subject, before, after,"
    " request_id) select s, i, a, k, w, se, ac, su, cast(b as jsonb), cast(f as jsonb), r from unnest($1::text[],"
    " $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],"
    " $10::text[], $11::text[]) u (s, i, a, k, w, se, ac, su, b, f, r)"
)
_CODE: Final = re.compile(r"[A-Za-z0-9_.:,*/\[\]+-]{0,1000}", re.ASCII)


def noted(
    action: str,
    *,
    on: str,
    store_id: str,
    service: str,
    actor: Principal,
    at: datetime,
    before: Figures,
    after: Figures,
    request_id: str,
) -> AuditNoted:
    """One note. Raises `ValueError` for a value that is no figure, code or id."""
    for name, value in (*before.items(), *after.items(), ("on", on)):
        if isinstance(value, str) and not _CODE.fullmatch(value):
            raise ValueError(f"{name} of {action} is no code, figure or id")
    return AuditNoted(
        store_id=store_id,
        audit_id=new_id("aud"),
        at=at,
        service=service,
        actor_kind=actor.kind,
        actor_id=actor.id,
        session_id=actor.session or None,
        action=action,
        on=on,
        before=dict(before),
        after=dict(after),
        request_id=request_id or None,
    )


def in_order(notes: Sequence[AuditNoted]) -> list[AuditNoted]:
    """The notes with ids in the order in which they were noted: of one moment, chance would shuffle them."""
    ids = sorted(one.audit_id for one in notes)
    return [one.model_copy(update={"audit_id": audit_id}) for one, audit_id in zip(notes, ids, strict=True)]


async def insert(connection: asyncpg.Connection, notes: Sequence[AuditNoted]) -> None:
    """Writes notes, within the connection's transaction."""
    rows = [
        (
            one.store_id,
            one.audit_id,
            one.at,
            one.actor_kind,
            one.actor_id,
            one.session_id,
            one.action,
            one.on,
            orjson.dumps(one.before).decode(),
            orjson.dumps(one.after).decode(),
            one.request_id,
        )
        for one in notes
    ]
    await connection.execute(_INSERT, *map(list, zip(*rows, strict=True)))
