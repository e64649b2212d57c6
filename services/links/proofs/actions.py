"""Asking for a proof, and giving it."""

import secrets
from datetime import timedelta
from typing import Literal

from services.kernel.auth.ring import KeyRing
from services.kernel.auth.sessions import real_time
from services.kernel.db import Tx
from services.kernel.due import schedule
from services.links.mail import actions as mails
from services.links.proofs import domain, sql
from services.links.proofs.sql import Proof

Purpose = Literal["sign_in", "join"]
FORGET_JOB = "links.proofs"
LIFE: dict[Purpose, timedelta] = {"sign_in": timedelta(minutes=10), "join": timedelta(hours=24)}
"""How long a mail's token and code are good."""


async def ask(
    tx: Tx,
    store_id: str,
    *,
    purpose: Purpose,
    program_id: str,
    mail_hash: str,
    browser: str,
    language: str,
    about: str | None = None,
    write: bool = True,
) -> Proof | None:
    """Has a proof asked for by mail (with `write` off, its caller sees to that); None when this address was asked to
    get too many for this purpose within the hour. Does the same for an address that nobody has: who that is, the task
    looks up.
    """
    if not await sql.admit(tx, store_id, purpose=purpose, mail_hash=mail_hash):
        return None
    proof = Proof(
        proof_id=f"prf_{secrets.token_hex(16)}",
        store_id=store_id,
        purpose=purpose,
        program_id=program_id,
        about=about,
        mail_hash=mail_hash,
        browser_hash=domain.browser_hash(browser),
        language=language,
        expires_at=real_time(LIFE[purpose]).replace(microsecond=0),
    )
    await sql.add(tx, proof)
    await schedule(tx, FORGET_JOB, {store_id: proof.expires_at + sql.KEPT_OVER + tx.offset})
    if write:
        await mails.send(tx, store_id, kind=purpose, about=proof.proof_id)
    return proof


async def by_code(tx: Tx, ring: KeyRing, store_id: str, *, browser: str, typed: str) -> Proof | None:
    """The proof whose code somebody typed into the browser that asked, yet to be used; None, and one try less, for
    another. Only the newest few are looked at, however many a browser asked for, and tries are counted per proof, per
    browser and per address: many open proofs make no guess likelier.
    """
    asked = await sql.open_to(tx, store_id, domain.browser_hash(browser))
    for proof in asked:
        if domain.is_code(ring, proof.proof_id, typed):
            return proof
    await sql.tried(tx, store_id, [proof.proof_id for proof in asked])
    return None
