"""Rows of invitations."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from services.kernel.db import Row, Tx
from services.links.invites.domain import A_MONTH, Purpose

_FIELDS = (
    "invite_id, store_id, program_id, purpose, inviter_kind, inviter_id, mail_hash, email, language, state, consent,"
    " created_at, due, followed_at"
)
_ADD = """
insert into invites (invite_id, store_id, program_id, purpose, inviter_kind, inviter_id, mail_hash, email, language,
  state, consent, created_at, due)
select i, :store_id, :program_id, :purpose, :kind, :inviter, h, e, :language, 'waiting', :consent, :now, :now
from unnest(cast(:ids as text[]), cast(:hashes as text[]), cast(:emails as text[])) as t(i, h, e) order by h
on conflict (store_id, program_id, inviter_id, mail_hash) do nothing
"""
_GIVEN = """
select count(*) from invites where store_id = :store_id and inviter_id = :inviter and created_at > :since
"""
_GET = f"select {_FIELDS} from invites where store_id = :store_id and invite_id = :invite_id"  # noqa: S608  # our words
_DUE = f"""
select {_FIELDS} from invites where store_id = :store_id and due <= :now order by due, invite_id limit 200 for update
"""  # noqa: S608
_NEXT = "select min(due) from invites where store_id = :store_id"
_MOVE = """
update invites set state = :state, due = :due where store_id = :store_id and invite_id = any(cast(:ids as text[]))
"""
_END = """
update invites set state = 'ended', due = null, email = null
where store_id = :store_id and invite_id = any(cast(:ids as text[]))
"""
_FOLLOW = """
update invites set followed_at = coalesce(followed_at, :now), state = 'ended', due = null, email = null
where store_id = :store_id and invite_id = :invite_id
"""
_END_UNWANTED = """
update invites i set state = 'ended', due = null, email = null where i.store_id = :store_id and i.due is not null and (
  exists (select from suppressions s where s.store_id = i.store_id and s.mail_hash = i.mail_hash)
  or exists (select from invite_refusals r where r.store_id = i.store_id and r.mail_hash = i.mail_hash)
  or exists (select from notice_occasions o
    where o.store_id = i.store_id and o.occasion = 'invite_' || i.purpose and not o.told)
  or not exists (select from programs p
    where p.store_id = i.store_id and p.program_id = i.program_id and p.status = 'active')
  or (i.purpose = 'friend' and not exists (select from ambassadors a
    where a.store_id = i.store_id and a.ambassador_id = i.inviter_id and a.status = 'active')))
"""
_FORGET_GIVEN = "delete from invites where store_id = :store_id and inviter_id = :inviter"
_FORGET_GOT = "delete from invites where store_id = :store_id and mail_hash = any(cast(:hashes as text[]))"
_REFUSE = """
insert into invite_refusals (store_id, mail_hash, at)
select :store_id, h, :now from unnest(cast(:hashes as text[])) as t(h) order by h on conflict do nothing
"""
# One order for all transactions: two of different stores that count the same people wait, and do not block each other.
_COUNT = """
insert into invite_counts (mail_hash, month, count)
select h, :month, 1 from unnest(cast(:hashes as text[])) as t(h) order by h
on conflict (mail_hash) do update set month = excluded.month,
  count = case when invite_counts.month = excluded.month then invite_counts.count + 1 else 1 end
where invite_counts.month <> excluded.month or invite_counts.count < :most
returning mail_hash
"""
_FORGET_COUNTS = """
delete from invite_counts where mail_hash in (
  select mail_hash from invite_counts where month < :month limit 1000 for update skip locked)
"""
_OPEN = """
insert into invitations (invitation_id, store_id, program_id, inviter_id, label, created_at)
values (:invitation_id, :store_id, :program_id, :inviter, :label, :now)
"""
_INVITATION = """
select i.*, (select count(*) from invited v where v.store_id = i.store_id and v.by_id = i.invitation_id) as joined
from invitations i where i.store_id = :store_id
"""
_CLOSE = """
update invitations set ended_at = coalesce(ended_at, :now)
where store_id = :store_id and invitation_id = :invitation_id
"""
_INVITED = """
insert into invited (store_id, ambassador_id, by_id, inviter_id, at)
values (:store_id, :ambassador_id, :by_id, :inviter, :now) on conflict (store_id, ambassador_id) do nothing
"""

_USED = "select exists (select from invited where store_id = :store_id and by_id = :by_id)"

State = Literal["waiting", "written", "reminded", "ended"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """An address that somebody gave. `email` is None as soon as it is needed no more."""

    invite_id: str
    store_id: str
    program_id: str
    purpose: Purpose
    inviter_kind: str
    inviter_id: str
    mail_hash: str
    email: str | None
    language: str
    state: State
    consent: str
    created_at: datetime
    due: datetime | None
    followed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A personal address by which people join. `joined` is how many did."""

    invitation_id: str
    store_id: str
    program_id: str
    inviter_id: str
    label: str
    created_at: datetime
    ended_at: datetime | None
    joined: int


async def add(
    tx: Tx,
    store_id: str,
    program_id: str,
    *,
    purpose: Purpose,
    inviter: tuple[str, str],
    addresses: Mapping[str, tuple[str, str]],
    language: str,
    consent: str,
) -> None:
    """Keeps addresses, as id → (keyed hash, address), that an inviter, as (kind, id), gave, each once."""
    await tx.execute(
        _ADD,
        store_id=store_id,
        program_id=program_id,
        purpose=purpose,
        kind=inviter[0],
        inviter=inviter[1],
        ids=list(addresses),
        hashes=[mail_hash for mail_hash, _ in addresses.values()],
        emails=[email for _, email in addresses.values()],
        language=language,
        consent=consent,
        now=tx.now,
    )


async def given(tx: Tx, store_id: str, inviter_id: str, *, within: timedelta) -> int:
    """How many addresses somebody gave lately."""
    return int(await tx.scalar(_GIVEN, store_id=store_id, inviter=inviter_id, since=tx.now - within) or 0)


async def get(tx: Tx, store_id: str, invite_id: str) -> Invite | None:
    """One of them."""
    row = await tx.one_or_none(_GET, store_id=store_id, invite_id=invite_id)
    return _invite(row) if row else None


async def due(tx: Tx, store_id: str) -> Sequence[Invite]:
    """Those with which something is to be done now."""
    return [_invite(row) for row in await tx.all(_DUE, store_id=store_id, now=tx.now)]


async def next_due(tx: Tx, store_id: str) -> datetime | None:
    """When there is something to be done again."""
    found: datetime | None = await tx.scalar(_NEXT, store_id=store_id)
    return found


async def move(tx: Tx, store_id: str, ids: Sequence[str], *, state: State, due: datetime) -> None:
    """Notes how far these are, and when to look at them again."""
    if ids:
        await tx.execute(_MOVE, store_id=store_id, ids=list(ids), state=state, due=due)


async def end(tx: Tx, store_id: str, ids: Sequence[str]) -> None:
    """Forgets these addresses: nothing more is written to them."""
    if ids:
        await tx.execute(_END, store_id=store_id, ids=list(ids))


async def end_unwanted(tx: Tx, store_id: str) -> None:
    """Forgets all addresses that get no invitation any more: who wants none, and those of a program that does not run,
    of an inviter who is none any more, or of a kind that the store does not send.
    """
    await tx.execute(_END_UNWANTED, store_id=store_id)


async def follow(tx: Tx, store_id: str, invite_id: str) -> None:
    """Notes that it was opened: there will be no reminder, and the address is needed no more."""
    await tx.execute(_FOLLOW, store_id=store_id, invite_id=invite_id, now=tx.now)


async def forget_of(tx: Tx, store_id: str, inviter_id: str) -> None:
    """Forgets all that somebody gave."""
    await tx.execute(_FORGET_GIVEN, store_id=store_id, inviter=inviter_id)


async def forget(tx: Tx, store_id: str, hashes: Iterable[str]) -> None:
    """Forgets everybody's invitations to these addresses."""
    if wanted := sorted(set(hashes)):
        await tx.execute(_FORGET_GOT, store_id=store_id, hashes=wanted)


async def refuse(tx: Tx, store_id: str, hashes: Iterable[str]) -> None:
    """Has these addresses invited never again."""
    if wanted := sorted(set(hashes)):
        await tx.execute(_REFUSE, store_id=store_id, hashes=wanted, now=tx.now)


async def count(tx: Tx, hashes: Iterable[str]) -> set[str]:
    """Counts one more invitation to each of these addresses; returns them without those, uncounted, that had enough of
    them this month.
    """
    if not (wanted := sorted(set(hashes))):
        return set()
    rows = await tx.all(_COUNT, hashes=wanted, month=f"{tx.now:%Y-%m}", most=A_MONTH)
    return {row.mail_hash for row in rows}


async def forget_counts(tx: Tx) -> None:
    """Forgets some of the counts of earlier months, and waits for nobody who has one of them."""
    await tx.execute(_FORGET_COUNTS, month=f"{tx.now:%Y-%m}")


async def open_invitation(
    tx: Tx, store_id: str, invitation_id: str, *, program_id: str, inviter_id: str, label: str
) -> None:
    """Keeps a personal address."""
    await tx.execute(
        _OPEN,
        store_id=store_id,
        invitation_id=invitation_id,
        program_id=program_id,
        inviter=inviter_id,
        label=label,
        now=tx.now,
    )


async def invitation(tx: Tx, store_id: str, invitation_id: str) -> Invitation | None:
    """One personal address."""
    row = await tx.one_or_none(
        f"{_INVITATION} and i.invitation_id = :invitation_id", store_id=store_id, invitation_id=invitation_id
    )
    return Invitation(**row._asdict()) if row else None


async def invitations(tx: Tx, store_id: str, *, count: int = 200) -> Sequence[Invitation]:
    """A store's personal addresses, the newest first."""
    rows = await tx.all(f"{_INVITATION} order by i.created_at desc limit :count", store_id=store_id, count=count)
    return [Invitation(**row._asdict()) for row in rows]


async def close(tx: Tx, store_id: str, invitation_id: str) -> bool:
    """Ends a personal address; False if there is none."""
    return await tx.execute(_CLOSE, store_id=store_id, invitation_id=invitation_id, now=tx.now) > 0


async def is_used(tx: Tx, store_id: str, by_id: str) -> bool:
    """Whether somebody has joined by an invitation."""
    return bool(await tx.scalar(_USED, store_id=store_id, by_id=by_id))


async def note_invited(tx: Tx, store_id: str, ambassador_id: str, *, by_id: str, inviter_id: str) -> None:
    """Notes by which invitation somebody joined, and whose it was."""
    await tx.execute(
        _INVITED, store_id=store_id, ambassador_id=ambassador_id, by_id=by_id, inviter=inviter_id, now=tx.now
    )


def _invite(row: Row) -> Invite:
    return Invite(**row._asdict())
