"""Ambassadors as a spreadsheet has them: a heading, and a person a line. Pure."""

import csv
import io
from collections.abc import Iterator
from typing import Final, NamedTuple

COLUMNS: Final = ("name", "email", "phone", "external_id", "group", "role", "locale", "public_name")
_ALSO: Final = {"e-mail": "email", "mail": "email", "customer_id": "external_id", "customer id": "external_id"}
_SEPARATORS: Final = ",;\t"


class BadSheet(ValueError):
    """Why a text is no such sheet, in words for the caller."""


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
    _, names = next(rows, (0, []))
    columns = [_column(name) for name in names]
    if not any(columns):
        raise BadSheet(f"The first line names the columns, such as {', '.join(COLUMNS[:4])}.")
    if len(set(columns)) != len(columns):
        raise BadSheet("A column is named twice.")
    found: list[Line] = []
    for number, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(columns):
            raise BadSheet(f"Line {number} has more cells than the first line has columns.")
        if len(found) == most:
            raise BadSheet(f"There are more than {most:,} people: send them in several parts.")
        values = zip(columns, cells, strict=False)
        found.append(Line(number, {name: cell.strip() for name, cell in values if cell.strip()}))
    if not found:
        raise BadSheet("Below the first line stands nobody.")
    return found


def _rows(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise BadSheet(f"Line {reader.line_num} cannot be read: {error}.") from None


def _column(name: str) -> str:
    known = name.strip().lower()
    known = _ALSO.get(known, known)
    if known not in COLUMNS:
        raise BadSheet(f"There is no column {name.strip()[:40]!r}; columns are {', '.join(COLUMNS)}.")
    return known
