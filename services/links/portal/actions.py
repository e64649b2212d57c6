"""Opening an ambassador's page by a proof of their mail address."""

from services.kernel.db import Tx
from services.links.people import sql as rows
from services.links.people.sql import Ambassador
from services.links.proofs.sql import Proof


async def ambassador_of(tx: Tx, proof: Proof) -> Ambassador | None:
    """Whose address a proof is about: of the program that was asked for, else of the store's newest."""
    ambassador_id = await rows.by_mail(tx, proof.store_id, proof.mail_hash, first=proof.program_id)
    found = None if ambassador_id is None else await rows.get(tx, proof.store_id, ambassador_id)
    return None if found is None or found.status == "erased" else found
