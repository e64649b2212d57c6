"""Making and revoking API keys."""

from collections.abc import Iterable

from contracts.events.catalog import KeyRevoked
from services.common import identify
from services.common import scopes as known
from services.kernel.auth.api_keys import KeyKind
from services.kernel.db import Tx
from services.kernel.errors import Invalid, NotFound
from services.kernel.ids import new_id
from services.links.keys import sql
from services.links.keys.sql import Key


async def create(
    tx: Tx,
    store_id: str,
    *,
    kind: KeyKind,
    scopes: Iterable[str] | None = None,
    label: str = "",
    within: frozenset[str] = known.SECRET,
) -> Key:
    """Makes a key with these scopes, or with what its kind usually has. Raises `Invalid`.

    A secret key gets nothing that is not `within`: nobody can make a key that may do more than their own.
    """
    allowed = known.SECRET & within if kind == "sk" else known.PUBLISHABLE
    try:
        granted = allowed - known.NAMED_ONLY if scopes is None else known.SCOPES.from_mask(known.SCOPES.to_mask(scopes))
    except ValueError as error:
        raise Invalid.field("scopes", f"{error}.".capitalize(), code="unknown_scope") from None
    if not granted or not granted <= allowed:
        wanted = "no scope but those of the key that makes it" if kind == "sk" else "track and nothing else"
        raise Invalid.field("scopes", f"A key of this kind can have {wanted}.", code="wrong_scope")
    key = Key(
        key_id=new_id("key", at=tx.now),
        store_id=store_id,
        kind=kind,
        scopes=tuple(scope for scope in known.ALL if scope in granted),
        label=label,
        created_at=tx.now,
    )
    await sql.insert(tx, key)
    tx.note("key.made", on=key.key_id, after={"kind": key.kind, "scopes": ",".join(key.scopes)})
    return key


async def get(tx: Tx, store_id: str, key_id: str) -> Key:
    """One key. Raises `NotFound`."""
    key = await sql.get(tx, store_id, key_id)
    if key is None:
        raise NotFound("There is no such key.")
    return key


async def revoke(tx: Tx, store_id: str, key_id: str) -> None:
    """Bars a key everywhere, within a second or two. Twice is as good as once. Raises `NotFound`."""
    key = await get(tx, store_id, key_id)
    if await sql.revoke(tx, store_id, key_id):
        tx.note("key.revoked", on=key_id, before={"kind": key.kind, "scopes": ",".join(key.scopes)})
        tx.emit(KeyRevoked(store_id=store_id, key_id=key_id, revoked_at=tx.now))


async def shown_identify_secret(tx: Tx, store_id: str) -> int:
    """Which generation of the identify secret to show; who looked is noted."""
    generation = await sql.generation(tx, store_id)
    tx.note("identify_secret.shown", on=store_id, after={"generation": generation})
    return generation


async def rotate_identify_secret(tx: Tx, store_id: str) -> int:
    """Hands out the next generation of the identify secret and ends the one before the last, within a second or two."""
    generation = await sql.rotate(tx, store_id)
    tx.note(
        "identify_secret.rotated",
        on=store_id,
        before={"generation": generation - 1},
        after={"generation": generation},
    )
    ended = identify.barred_by(generation)
    if ended is not None:
        key_id = identify.key_id(store_id, ended)
        await sql.bar(tx, key_id)
        tx.emit(KeyRevoked(store_id=store_id, key_id=key_id, revoked_at=tx.now))
    return generation
