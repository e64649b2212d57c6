"""What spreadsheets say of ambassadors beside their ids."""

from collections.abc import Iterable

from services.kernel.db import Tx
from services.rewards.slices import sql


class Labels:
    """Codes for the ambassadors of an export, gathered page by page. Their names are in links only."""

    def __init__(self) -> None:
        self._codes: dict[str, str] = {}

    async def learn(self, tx: Tx, store_id: str, ambassador_ids: Iterable[str | None]) -> None:
        """Looks up those that are not known yet."""
        wanted = {ident for ident in ambassador_ids if ident is not None} - self._codes.keys()
        if wanted:
            self._codes |= await sql.codes_of(tx, store_id, wanted)

    def of(self, ambassador_id: str | None) -> dict[str, object]:
        """The cell beside an ambassador's id."""
        return {"ambassador_code": self._codes.get(ambassador_id or "")}
