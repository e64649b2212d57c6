"""Preparing materials, and putting somebody's own link into them."""

from dataclasses import dataclass, replace

from services.kernel.db import Tx
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.ids import new_id
from services.links.looks.actions import remade
from services.links.materials import domain, sql
from services.links.materials.domain import Kind
from services.links.materials.sql import Material
from services.links.programs import actions as programs

MOST_MATERIALS = 200
"""Of one program: an ambassador's page shows them all."""
_MOST_EDGE = 1_600
_MOST_KEPT = 150_000


@dataclass(frozen=True, slots=True)
class Picture:
    """A banner's picture as it is kept."""

    body: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Ready:
    """A material with somebody's link: what is pasted where text is, and where HTML is."""

    material: Material
    link: str
    picture: str
    text: str
    html: str


def drawn(given: bytes) -> Picture:
    """A banner made anew as WebP, at most 1,600 pixels wide or high: nothing of the given file is kept. Takes some
    hundredths of a second. Raises `Invalid`.
    """
    body, (width, height) = remade(given, field="picture", edges=(_MOST_EDGE, 1_200, 800, 400), most=_MOST_KEPT)
    return Picture(body, width, height)


async def create(
    tx: Tx,
    store_id: str,
    *,
    program_id: str,
    kind: Kind,
    language: str | None,
    title: str,
    text: str,
    picture: Picture | None,
) -> Material:
    """Adds a material to a program. Raises `Invalid`, `NotFound`, `Conflict` where a program has too many."""
    await programs.get(tx, store_id, program_id)
    _complete(kind, text=text, has_picture=picture is not None)
    if await sql.count(tx, store_id, program_id) >= MOST_MATERIALS:
        raise Conflict(f"A program has at most {MOST_MATERIALS} materials: delete some.", code="too_many_materials")
    made = Material(
        material_id=new_id("mat", at=tx.now),
        store_id=store_id,
        program_id=program_id,
        kind=kind,
        language=language,
        title=title,
        body=text,
        width=picture.width if picture else None,
        height=picture.height if picture else None,
        created_at=tx.now,
        updated_at=tx.now,
    )
    await sql.insert(tx, made, picture.body if picture else None)
    tx.note("material.made", on=made.material_id, after={"kind": kind, "locale": language})
    return made


async def change(
    tx: Tx, store_id: str, material_id: str, changes: dict[str, str | None], picture: Picture | None
) -> Material:
    """Sets the given ones of `language`, `title` and `body`, and a new picture. Raises `Invalid`, `NotFound`."""
    before = await get(tx, store_id, material_id)
    after = replace(before, **changes)  # type: ignore[arg-type]  # by their names
    if picture is not None:
        after = replace(after, width=picture.width, height=picture.height)
    _complete(after.kind, text=after.body, has_picture=after.width is not None)
    if after != before or picture is not None:
        after = replace(after, updated_at=tx.now)
        await sql.update(tx, after, picture.body if picture else None)
        changed = [name for name in ("language", "title", "body") if getattr(after, name) != getattr(before, name)]
        changed += ["picture"] if picture is not None else []
        tx.note("material.changed", on=material_id, after={"changed": ",".join(changed)})
    return after


async def delete(tx: Tx, store_id: str, material_id: str) -> None:
    """Deletes one; its links lead on. Raises `NotFound`."""
    await get(tx, store_id, material_id)
    await sql.delete(tx, store_id, material_id)
    tx.note("material.ended", on=material_id)


async def get(tx: Tx, store_id: str, material_id: str) -> Material:
    """One material. Raises `NotFound`."""
    found = await sql.get(tx, store_id, material_id)
    if found is None:
        raise NotFound("There is no such material.")
    return found


def ready(material: Material, *, base: str, slug: str, code: str) -> Ready:
    """The material with the link of this slug, below the address where links begin."""
    link = f"{base}/m/{material.material_id}/{slug}"
    picture = f"{link}/picture.webp" if material.width else ""
    if material.kind == "banner":
        html = domain.banner_html(
            link=link, picture=picture, title=material.title, width=material.width or 0, height=material.height or 0
        )
        return Ready(material, link, picture, domain.filled(material.body, link=link, code=code), html)
    text = domain.filled(material.body, link=link, code=code)
    return Ready(material, link, picture, text, domain.text_html(material.body, link=link, code=code))


def _complete(kind: Kind, *, text: str, has_picture: bool) -> None:
    if kind == "banner" and not has_picture:
        raise Invalid.field("picture", "A banner is a picture: send one.")
    if kind != "banner" and not text.strip():
        raise Invalid.field("text", "Write what is to be shared.")
