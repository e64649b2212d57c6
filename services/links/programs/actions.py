"""Publishing programs: each change is a new version, and a version never changes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from pydantic import ValidationError

from contracts.events.catalog import ProgramPublished
from contracts.joining import Terms
from contracts.program import Program
from services.common import money
from services.common.words import Translatable, _
from services.kernel.db import Tx
from services.kernel.due import schedule
from services.kernel.errors import Conflict, FieldError, Invalid, NotFound
from services.kernel.ids import new_id
from services.links.changes import sql as noted
from services.links.preferences.actions import INVITES_JOB
from services.links.programs import sql
from services.links.programs.domain.merge import merged
from services.links.programs.sql import Version
from services.links.stores import actions as stores
from services.links.stores.domain import BadAddress, own_page

MOST_TERMS: Final = 40_000
"""Letters of a program's terms in all languages together: each may be six bytes of JSON, and 256 KiB is the most that
a request may carry."""


async def create(tx: Tx, store_id: str, program: Program) -> Version:
    """Publishes version 1. Raises `Invalid`."""
    await _check(tx, store_id, program)
    made = Version(
        program_id=new_id("prg", at=tx.now),
        store_id=store_id,
        version=1,
        program=program,
        published_at=tx.now,
        created_at=tx.now,
    )
    tx.note("program.published", on=made.program_id, after=_figures(made))
    return await _publish(tx, made)


async def change(tx: Tx, store_id: str, program_id: str, patch: Mapping[str, Any]) -> Version:
    """Merges the patch into the newest version and publishes the next, or returns the newest when nothing differs."""
    newest = await sql.get(tx, store_id, program_id, lock=True)
    if newest is None:
        raise NotFound(Translatable(_("There is no such program.")))
    try:
        program = Program.model_validate(merged(newest.program.model_dump(mode="json"), patch))
    except ValidationError as error:
        raise _invalid(error) from None
    return await _next(tx, newest, program)


async def replace_with(tx: Tx, store_id: str, program_id: str, program: Program, *, seen: int) -> Version:
    """Publishes a whole new definition over the version that its author saw. Raises `Conflict` over any other."""
    newest = await sql.get(tx, store_id, program_id, lock=True)
    if newest is None:
        raise NotFound(Translatable(_("There is no such program.")))
    if newest.version != seen:
        raise Conflict(Translatable(_("Somebody changed this program meanwhile: open it again.")), code="stale_version")
    return await _next(tx, newest, program)


async def _next(tx: Tx, newest: Version, program: Program) -> Version:
    if program == newest.program:
        return newest
    if program.currency != newest.program.currency:
        raise Invalid.field(
            "currency", Translatable(_("A program keeps its currency; make a new program for another."))
        )
    await _check(tx, newest.store_id, program, before=newest.program)
    if program.status != "active":
        await schedule(tx, INVITES_JOB, {newest.store_id: tx.now})  # its invitations end with it
    after = replace(newest, version=newest.version + 1, program=program, published_at=tx.now)
    _note_change(tx, newest, after)
    return await _publish(tx, after)


def _note_change(tx: Tx, before: Version, after: Version) -> None:
    changed = [name for name in Program.model_fields if getattr(before.program, name) != getattr(after.program, name)]
    action = "program.changed"
    if "status" in changed:
        action = {"paused": "program.paused", "archived": "program.archived", "active": "program.resumed"}[
            after.program.status
        ]
    tx.note(
        action,
        on=after.program_id,
        before=_figures(before),
        after={**_figures(after), "changed": ",".join(changed)},
    )


def _figures(version: Version) -> dict[str, str | int | None]:
    budget = version.program.budget
    return {
        "version": version.version,
        "status": version.program.status,
        "budget_minor": budget.amount_minor if budget else None,
        "currency": version.program.currency,
    }


async def get(tx: Tx, store_id: str, program_id: str, *, version: int | None = None) -> Version:
    """The newest version of a program, or the given one. Raises `NotFound`."""
    found = await sql.get(tx, store_id, program_id, version=version)
    if found is None:
        message = _("There is no such program.") if version is None else _("There is no such version of this program.")
        raise NotFound(Translatable(message))
    return found


async def check_split(tx: Tx, store_id: str, program_id: str, split: int) -> None:
    """Whether an ambassador may choose this part of the reward for themselves now. Raises `NotFound` or `Invalid`."""
    bounds = (await get(tx, store_id, program_id)).program.split
    if bounds is None:
        raise Invalid.field("split", "No rule of this program is shared with friends; leave it out.", code="no_split")
    if not bounds.allows(split):
        least, most = bounds.min_basis_points, bounds.max_basis_points
        raise Invalid.field("split", f"This program lets ambassadors choose {least} to {most}.", code="outside_split")


async def _publish(tx: Tx, version: Version) -> Version:
    await sql.save(tx, version)
    if version.version > 1:
        await noted.note(tx, "program", version.program_id)
    tx.emit(
        ProgramPublished(
            store_id=version.store_id,
            program_id=version.program_id,
            version=version.version,
            published_at=version.published_at,
            program=version.program,
        )
    )
    return version


async def _check(tx: Tx, store_id: str, program: Program, *, before: Program | None = None) -> None:
    if before is None or before.joining != program.joining:
        _check_terms(program.joining.terms if program.joining else None)
    own = await stores.get(tx, store_id)
    try:
        own_page(str(program.landing_url), own.domains)
    except BadAddress as error:
        raise Invalid.field("landing_url", str(error), code="foreign_destination") from None
    money.exponent(program.currency)


def _check_terms(terms: Terms | None) -> None:
    """Raises `Invalid` by the longest of the texts by language where they are too long together."""
    texts = (terms.texts.model_dump(exclude_none=True) if terms.texts else {}) if terms else {}
    if terms and len(terms.text) + sum(map(len, texts.values())) > MOST_TERMS:
        longest = max(texts, key=lambda language: len(texts[language]))
        says = Translatable(_("This is too long: all terms together have at most %(most)s letters."), most=MOST_TERMS)
        raise Invalid.field(f"joining.terms.texts.{longest}", says, code="too_long")


def _invalid(error: ValidationError) -> Invalid:
    wrong = [
        FieldError(".".join(str(part) for part in found["loc"]), found["type"], found["msg"])
        for found in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    return Invalid("The program would not be valid after this change.", errors=wrong)
