"""Rows of proofs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.kernel.db import Row, Tx

MOST_AN_HOUR = 3
MOST_TRIES = 5
"""At one proof."""
MOST_TRIES_AN_HOUR = 15
"""In one browser, and of one address: the button of the mail still opens the page."""
NEWEST = 3
"""Of a browser's proofs, those that a code may be of."""
KEPT_OVER = timedelta(days=1)
"""How long a proof is kept after its end: somebody who comes late hears that it is over."""
_FIELDS = "proof_id, store_id, purpose, program_id, about, mail_hash, browser_hash, language, expires_at"
_TURN = "select pg_advisory_xact_lock(hashtextextended('kith.asked.' || :hash, 0))"
_COUNT = """
with over as (delete from asked_mails where at < now() - interval '1 hour')
select count(*) from asked_mails where hash = :hash and at >= now() - interval '1 hour'
"""
_ASKED = "insert into asked_mails (hash, at) values (:hash, now())"
_ADD = f"""
insert into proofs ({_FIELDS}, created_at)
values (:proof_id, :store_id, :purpose, :program_id, :about, :mail_hash, :browser_hash, :language, :expires_at, now())
"""  # noqa: S608  # our own words
_OPEN = "used_at is null and expires_at > now()"
_GET = f"select {_FIELDS} from proofs where store_id = :store_id and proof_id = :proof_id and {_OPEN}"  # noqa: S608
_NEWEST = f"""
select {_FIELDS}, tries from proofs where store_id = :store_id and browser_hash = :browser_hash and {_OPEN}
order by created_at desc, proof_id limit {NEWEST} for update
"""  # noqa: S608
_TRIES = """
select browser_hash, mail_hash, sum(tries) as tries from proofs
where store_id = :store_id and created_at > now() - interval '1 hour'
  and (browser_hash = :browser_hash or mail_hash = any(cast(:hashes as text[])))
group by browser_hash, mail_hash
"""
_USE = f"""
update proofs set used_at = now() where store_id = :store_id and proof_id = :proof_id and browser_hash = :browser_hash
  and {_OPEN} returning {_FIELDS}
"""  # noqa: S608
_TRIED = """
update proofs set tries = tries + 1 where store_id = :store_id and proof_id = any(cast(:proof_ids as text[]))
"""
_OVER = (
    "delete from proofs where store_id = any(cast(:stores as text[])) and expires_at <= now() - cast(:kept as interval)"
)
_LONG_ASKED = "delete from asked_mails where at < now() - interval '1 hour'"
_NEXT = """
select store_id, min(expires_at) as at from proofs where store_id = any(cast(:stores as text[])) group by store_id
"""
_ASKED_FOR = f"""
select exists (select from proofs where store_id = :store_id and mail_hash = :mail_hash and purpose = :purpose
  and {_OPEN})
"""  # noqa: S608
_FORGET = "delete from proofs where store_id = :store_id and mail_hash = any(cast(:hashes as text[]))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A proof that was asked for. `about` is what it is asked for; `browser_hash` says which browser may give it."""

    proof_id: str
    store_id: str
    purpose: str
    program_id: str
    about: str | None
    mail_hash: str
    browser_hash: str
    language: str
    expires_at: datetime


def _proof(row: Row) -> Proof:
    return Proof(**{field: value for field, value in row._asdict().items() if field != "tries"})


async def admit(tx: Tx, store_id: str, *, purpose: str, mail_hash: str) -> bool:
    """Whether an address may be written to once more this hour, by this store for this purpose; counts it if so. One
    at a time for one address.

    Counted for all stores and purposes together, who joins somewhere in another's name would lock them out everywhere.
    """
    asked = f"{store_id} {purpose} {mail_hash}"
    await tx.execute(_TURN, hash=asked)
    if int(await tx.scalar(_COUNT, hash=asked)) >= MOST_AN_HOUR:
        return False
    await tx.execute(_ASKED, hash=asked)
    return True


async def add(tx: Tx, proof: Proof) -> None:
    """Keeps a proof that was asked for."""
    await tx.execute(
        _ADD,
        proof_id=proof.proof_id,
        store_id=proof.store_id,
        purpose=proof.purpose,
        program_id=proof.program_id,
        about=proof.about,
        mail_hash=proof.mail_hash,
        browser_hash=proof.browser_hash,
        language=proof.language,
        expires_at=proof.expires_at,
    )


async def get(tx: Tx, store_id: str, proof_id: str) -> Proof | None:
    """A proof that can still be given."""
    row = await tx.one_or_none(_GET, store_id=store_id, proof_id=proof_id)
    return _proof(row) if row else None


async def open_to(tx: Tx, store_id: str, browser_hash: str) -> Sequence[Proof]:
    """The newest that a browser may still try to give, locked."""
    newest = await tx.all(_NEWEST, store_id=store_id, browser_hash=browser_hash)
    hashes = [row.mail_hash for row in newest]
    counted = await tx.all(_TRIES, store_id=store_id, browser_hash=browser_hash, hashes=hashes)
    if sum(row.tries for row in counted if row.browser_hash == browser_hash) >= MOST_TRIES_AN_HOUR:
        return []
    of_address = {mail_hash: sum(row.tries for row in counted if row.mail_hash == mail_hash) for mail_hash in hashes}
    return [_proof(row) for row in newest if row.tries < MOST_TRIES and of_address[row.mail_hash] < MOST_TRIES_AN_HOUR]


async def use(tx: Tx, store_id: str, proof_id: str, browser_hash: str) -> Proof | None:
    """Gives a proof, once and in the browser that asked for it; None otherwise."""
    row = await tx.one_or_none(_USE, store_id=store_id, proof_id=proof_id, browser_hash=browser_hash)
    return _proof(row) if row else None


async def tried(tx: Tx, store_id: str, proof_ids: Sequence[str]) -> None:
    """Counts a wrong code against them."""
    await tx.execute(_TRIED, store_id=store_id, proof_ids=list(proof_ids))


async def forget(tx: Tx, store_id: str, hashes: Sequence[str]) -> None:
    """Forgets what was asked for these addresses."""
    if hashes:
        await tx.execute(_FORGET, store_id=store_id, hashes=list(hashes))


async def forget_over(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Forgets the proofs of these stores whose time is long over, and whoever was written to; when each store's next
    may be forgotten.
    """
    await tx.execute(_OVER, stores=list(stores), kept=KEPT_OVER)
    await tx.execute(_LONG_ASKED)
    return {row.store_id: row.at + KEPT_OVER for row in await tx.all(_NEXT, stores=list(stores))}


async def is_asked(tx: Tx, store_id: str, mail_hash: str, *, purpose: str) -> bool:
    """Whether a proof of an address was asked for, for this purpose, and is yet to be given."""
    return bool(await tx.scalar(_ASKED_FOR, store_id=store_id, mail_hash=mail_hash, purpose=purpose))
