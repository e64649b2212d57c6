"""Ambassadors as a spreadsheet has them: a heading, and a person a line. Pure."""

import csv
import io
from collections.abc import Iterator
from typing import Final, NamedTuple

from services.common.words import Translatable, _

COLUMNS: Final = ("name", "email", "phone", "external_id", "group", "role", "locale", "public_name")
_ALSO: Final = {"e-mail": "email", "mail": "email", "customer_id": "external_id", "customer id": "external_id"}
_SEPARATORS: Final = ",;\t"


class BadSheet(ValueError):
    """Why a text is no such sheet."""

    def __init__(self, mend: Translatable) -> None:
        super().__init__(mend)
        self.mend = mend


class Line(NamedTuple):
    """A person, and where they stand."""

    number: int
    fields: dict[str, str]


def read_sheet(text: str, *, most: int) -> list[Line]:
    """The lines that say something, from the one behind the heading on, numbered as an editor numbers them. Columns are
    separated by commas, semicolons or tabs. Raises `BadSheet`.
    """
    text = text.removeprefix("\ufeff").replace("\x00", "")
    heading = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=heading.count)
    rows = _rows(text, separator)
    _line, names = next(rows, (0, []))
    columns = [_column(name) for name in names]
    if not any(columns):
        raise BadSheet(
            Translatable(_("The first line names the columns, such as %(names)s."), names=", ".join(COLUMNS[:4]))
        )
    if len(set(columns)) != len(columns):
        raise BadSheet(Translatable(_("A column is named twice.")))
    found: list[Line] = []
    for number, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(columns):
            raise BadSheet(Translatable(_("Line %(n)s has more cells than the first line has columns."), n=number))
        if len(found) == most:
            raise BadSheet(
                Translatable(_("There are more than %(most)s people: send them in several parts."), most=most)
            )
        values = zip(columns, cells, strict=False)
        found.append(Line(number, {name: cell.strip() for name, cell in values if cell.strip()}))
    if not found:
        raise BadSheet(Translatable(_("Below the first line stands nobody.")))
    return found


def _rows(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error:
        mend = Translatable(_("Line %(n)s cannot be read: a quotation mark may be left open."), n=reader.line_num)
        raise BadSheet(mend) from None


def _column(name: str) -> str:
    known = name.strip().lower()
    known = _ALSO.get(known, known)
    if known not in COLUMNS:
        mend = _("There is no column “%(name)s”; columns are %(names)s.")
        raise BadSheet(Translatable(mend, name=name.strip()[:40], names=", ".join(COLUMNS)))
    return known
