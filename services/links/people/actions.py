"""Finding ambassadors, for every feature that belongs to one."""

from collections.abc import Iterable

from services.common.words import Translatable, _
from services.kernel.auth.api_keys import Caller
from services.kernel.db import Tx
from services.kernel.errors import Conflict, NotFound
from services.links.people import sql
from services.links.people.sql import Ambassador


class Erased(Conflict):
    """The person behind this ambassador is no longer known."""

    code = "erased"


async def get(tx: Tx, store_id: str, ambassador_id: str) -> Ambassador:
    """One ambassador. Raises `NotFound`."""
    ambassador = await sql.get(tx, store_id, ambassador_id)
    if ambassador is None:
        raise NotFound(Translatable(_("There is no such ambassador.")))
    return ambassador


async def present(tx: Tx, store_id: str, ambassador_id: str) -> Ambassador:
    """One ambassador who may be changed and given something, locked until the transaction ends. Raises `NotFound`, or
    `Erased`.
    """
    ambassador = await sql.get(tx, store_id, ambassador_id, lock=True)
    if ambassador is None:
        raise NotFound(Translatable(_("There is no such ambassador.")))
    if ambassador.status == "erased":
        raise Erased("This ambassador was erased, for good; add the person anew if they come back.")
    return ambassador


class Labels:
    """Names and codes for the ambassadors of an export, gathered page by page; names for those who may read people."""

    def __init__(self, caller: Caller) -> None:
        self._may_name = "ambassadors:read" in caller.scopes
        self._known: dict[str, tuple[str | None, str | None]] = {}

    async def learn(self, tx: Tx, store_id: str, ambassador_ids: Iterable[str | None]) -> None:
        """Looks up those that are not known yet."""
        wanted = {ident for ident in ambassador_ids if ident is not None} - self._known.keys()
        if wanted:
            self._known |= await sql.labels(tx, store_id, wanted)

    def of(self, ambassador_id: str | None) -> dict[str, str | None]:
        """The cells beside an ambassador's id."""
        name, code = self._known.get(ambassador_id or "", (None, None))
        return {"ambassador_name": name if self._may_name else None, "ambassador_code": code}
