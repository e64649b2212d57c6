"""Keeps notes and finds them again."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import orjson

from contracts.events.audit import AuditNoted
from services.analytics.activity.domain import Note
from services.kernel.db import ALL_STORES, Tx

_SAVE = """
insert into activity (store_id, audit_id, at, service, actor_kind, actor_id, session_id, action, subject, before, after,
    request_id)
select s, i, a, sv, k, w, se, ac, su, cast(b as jsonb), cast(f as jsonb), r
from unnest(cast(:stores as text[]), cast(:ids as text[]), cast(:ats as timestamptz[]), cast(:services as text[]),
            cast(:kinds as text[]), cast(:actors as text[]), cast(:sessions as text[]), cast(:actions as text[]),
            cast(:subjects as text[]), cast(:befores as text[]), cast(:afters as text[]), cast(:requests as text[]))
     as u (s, i, a, sv, k, w, se, ac, su, b, f, r)
order by 1, 2 on conflict do nothing
"""
_LIST = """
select audit_id, at, service, actor_kind, actor_id, session_id, action, subject, before, after, request_id
from activity where store_id = any(cast(:stores as text[]))
  and (cast(:since as timestamptz) is null or at >= :since)
  and (cast(:until as timestamptz) is null or at < :until)
  and (cast(:actor as text) is null or actor_kind = :actor or actor_id = :actor or session_id = :actor)
  and (cast(:action as text) is null or action = :action)
  and (cast(:subject as text) is null or subject = :subject)
  and (cast(:before_at as timestamptz) is null or (at, audit_id) < (:before_at, cast(:before_id as text)))
order by at desc, audit_id desc limit :count
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which notes are asked for; None for all. `actor` is a kind, an id, or a session."""

    since: datetime | None = None
    until: datetime | None = None
    actor: str | None = None
    action: str | None = None
    subject: str | None = None


async def save(tx: Tx, notes: Sequence[AuditNoted]) -> None:
    """Keeps notes; one that is there already stays as it is."""
    await tx.execute(
        _SAVE,
        stores=[one.store_id for one in notes],
        ids=[one.audit_id for one in notes],
        ats=[one.at for one in notes],
        services=[one.service for one in notes],
        kinds=[one.actor_kind for one in notes],
        actors=[one.actor_id for one in notes],
        sessions=[one.session_id for one in notes],
        actions=[one.action for one in notes],
        subjects=[one.on for one in notes],
        befores=[orjson.dumps(one.before).decode() for one in notes],
        afters=[orjson.dumps(one.after).decode() for one in notes],
        requests=[one.request_id for one in notes],
    )


async def page(
    tx: Tx, store_id: str, wanted: Filter, *, before: tuple[datetime, str] | None, count: int
) -> Sequence[Note]:
    """A store's notes and those of all stores, the newest first. The transaction must see both."""
    rows = await tx.all(
        _LIST,
        stores=[store_id, ALL_STORES],
        **asdict(wanted),
        before_at=before[0] if before else None,
        before_id=before[1] if before else None,
        count=count,
    )
    return [Note(**row._asdict()) for row in rows]
