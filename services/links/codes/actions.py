"""Making promo codes, and retiring them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from contracts.events.catalog import CodeSaved
from services.common.codes import fold, lives_everywhere
from services.kernel.db import Tx
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.ids import new_id, short_code
from services.links.changes import sql as noted
from services.links.codes import domain, sql
from services.links.codes.sql import Code
from services.links.people import actions as people
from services.links.people.sql import Ambassador
from services.links.programs import actions as programs
from services.links.store_codes import sql as store_codes


class CodeTaken(Conflict):
    """The store has a code of this spelling."""

    code = "code_taken"


async def create(
    tx: Tx,
    store_id: str,
    *,
    program_id: str,
    ambassador_id: str | None = None,
    code: str | None = None,
    max_uses: int | None = None,
    expires_at: datetime | None = None,
    split: int | None = None,
) -> Code:
    """Makes a code, a random one unless `code` says which; of a split alone, the one that there is. Raises `NotFound`,
    `Erased`, `Invalid` or `CodeTaken`.
    """
    if ambassador_id is None:
        await programs.get(tx, store_id, program_id)
    else:
        ambassador = await people.present(tx, store_id, ambassador_id)
        if ambassador.program_id != program_id:
            raise Invalid.field("ambassador_id", "This ambassador takes part in another program.", code="other_program")
    if split is not None:
        if ambassador_id is None:
            raise Invalid.field("split", "A code of the program alone has no ambassador to share with; leave it out.")
        await programs.check_split(tx, store_id, program_id, split)
        plain = code is None and max_uses is None and expires_at is None
        # The ambassador is locked: nobody else makes one at the same time.
        if plain and (there := await sql.with_split(tx, store_id, ambassador_id, split)) is not None:
            return there
    if code is None:
        proposals: Iterable[str] = domain.personal_codes(None, "", short_code)
    else:
        folded = fold(code)
        if folded is None:
            raise Invalid.field("code", "A code holds 1 to 64 Latin letters, digits, hyphens and underscores.")
        await _check_everywhere(tx, store_id, program_id, folded)
        proposals = (folded,)
    made = await add(
        tx,
        store_id,
        proposals,
        program_id=program_id,
        ambassador_id=ambassador_id,
        max_uses=max_uses,
        expires_at=expires_at,
        split=split,
    )
    tx.note(
        "code.made",
        on=made.code_id,
        after={"program_id": program_id, "ambassador_id": ambassador_id, "max_uses": max_uses},
    )
    return made


async def _check_everywhere(tx: Tx, store_id: str, program_id: str, code: str) -> None:
    """A discount's code has to live in the shop where a connection puts it there. Raises `Invalid` for one that not
    every platform takes.
    """
    if lives_everywhere(code) or not await store_codes.carried(tx, store_id):
        return
    if (await programs.get(tx, store_id, program_id)).program.discount_served is not None:
        raise Invalid.field(
            "code",
            "A connection of the store puts codes into its shop, and not every platform takes this one: give at most 20"
            " Latin letters and digits, without hyphens and underscores.",
            code="not_everywhere",
        )


async def own(tx: Tx, ambassador: Ambassador, code: str) -> str:
    """The id of the code by which an ambassador is known from now on: one that they have already and that works, or a
    new one. Those from before stay good; the one that they are known by already stays, also where it was retired.
    Raises `Invalid` for text that is no code, `CodeTaken` for another's.
    """
    known = await sql.by_code(tx, ambassador.store_id, fold(code) or "")
    theirs = known is not None and known.ambassador_id == ambassador.ambassador_id
    if known is not None and theirs and (known.code_id == ambassador.code_id or not known.retired):
        return known.code_id
    made = await create(
        tx,
        ambassador.store_id,
        program_id=ambassador.program_id,
        ambassador_id=ambassador.ambassador_id,
        code=code,
    )
    return made.code_id


async def add(
    tx: Tx,
    store_id: str,
    proposals: Iterable[str],
    *,
    program_id: str,
    ambassador_id: str | None = None,
    code_id: str | None = None,
    max_uses: int | None = None,
    expires_at: datetime | None = None,
    split: int | None = None,
) -> Code:
    """Takes the first proposal that is free in the store. Raises `CodeTaken` when none is."""
    for text in proposals:
        code = Code(
            code_id=code_id or new_id("cod", at=tx.now),
            store_id=store_id,
            code=text,
            program_id=program_id,
            ambassador_id=ambassador_id,
            max_uses=max_uses,
            expires_at=expires_at,
            split=split,
            created_at=tx.now,
            revision=1,
        )
        if await sql.insert(tx, code):
            _announce(tx, code)
            return code
    raise CodeTaken("The store has this code already; choose another.")


async def add_all(tx: Tx, store_id: str, wanted: Sequence[tuple[Code, Iterator[str]]]) -> dict[str, Code]:
    """For each code the first of its proposals that is free, by the code's id; one statement for each round of
    proposals. Of equal proposals within a round one gets it, the others go on to their next.
    """
    made: dict[str, Code] = {}
    open_ = dict.fromkeys(range(len(wanted)))
    while open_:
        tried = {}
        for place in open_:
            code, proposals = wanted[place]
            tried[place] = replace(code, code=next(proposals))
        free = await sql.insert_all(tx, store_id, list(tried.values()))
        for place, code in tried.items():
            if code.code_id in free:
                made[code.code_id] = code
                del open_[place]
                _announce(tx, code)
    return made


async def get(tx: Tx, store_id: str, code_id: str) -> Code:
    """A code by its id. Raises `NotFound`."""
    code = await sql.get(tx, store_id, code_id)
    if code is None:
        raise NotFound("There is no such code.")
    return code


async def change(tx: Tx, store_id: str, code_id: str, changes: Mapping[str, object]) -> Code:
    """Sets the given fields among max_uses, expires_at and retired. Raises `NotFound`, or `Erased` for bringing back a
    code of somebody who is.
    """
    if changes.get("retired") is False and (owner := (await get(tx, store_id, code_id)).ambassador_id) is not None:
        await people.present(tx, store_id, owner)
    before = await sql.get(tx, store_id, code_id, lock=True)
    if before is None:
        raise NotFound("There is no such code.")
    after = replace(before, **changes)  # type: ignore[arg-type]  # the schema gives each field its type
    if after == before:
        return before
    after = replace(after, revision=before.revision + 1)
    await sql.update(tx, after)
    if after.ambassador_id is not None:
        await noted.note(tx, "ambassador", after.ambassador_id)
    _announce(tx, after)
    changed = sorted(name for name in changes if getattr(after, name) != getattr(before, name))
    tx.note(
        "code.retired" if after.retired and not before.retired else "code.changed",
        on=code_id,
        before={"retired": before.retired, "max_uses": before.max_uses},
        after={"retired": after.retired, "max_uses": after.max_uses, "changed": ",".join(changed)},
    )
    return after


async def retire_all(tx: Tx, store_id: str, ambassador_id: str) -> None:
    """Retires every code of an ambassador."""
    for code_id in await sql.ids_of(tx, store_id, ambassador_id):
        await change(tx, store_id, code_id, {"retired": True})


def _announce(tx: Tx, code: Code) -> None:
    tx.emit(
        CodeSaved(
            store_id=code.store_id,
            code_id=code.code_id,
            code=code.code,
            program_id=code.program_id,
            ambassador_id=code.ambassador_id,
            max_uses=code.max_uses,
            expires_at=code.expires_at,
            retired=code.retired,
            created_at=code.created_at,
            revision=code.revision,
            split=code.split,
        )
    )
