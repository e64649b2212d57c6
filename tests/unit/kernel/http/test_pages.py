"""Cursors and CSV: exact both ways, harmless whoever made them up."""

import csv
import io
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import StreamingResponse

from services.kernel.errors import Invalid
from services.kernel.http import cursor
from services.kernel.http.pages import AT_ONCE, csv_download, csv_response, csv_text, page_of

MOMENTS = st.datetimes(timezones=st.just(UTC))


@given(MOMENTS, st.text().filter(lambda text: "\0" not in text), st.integers(-(2**53), 2**53))
def test_a_cursor_gives_back_what_it_holds(at: datetime, text: str, number: int) -> None:
    made = cursor.encode(at, text, number)
    if len(made) <= 1024:
        assert cursor.decode(made, datetime, str, int) == (at, text, number)


def test_no_cursor_is_the_first_page() -> None:
    assert cursor.decode(None, str) is None


@given(st.text(max_size=100) | st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")))
def test_any_other_text_is_read_or_refused(text: str) -> None:
    with suppress(Invalid):
        cursor.decode(text, str)
    with suppress(Invalid):
        cursor.decode(text, datetime, int)


@pytest.mark.parametrize("values", [(1,), ("a", "b"), ("2026-01-01T00:00:00",), ("x",)])
def test_a_cursor_of_another_list_is_refused(values: tuple[str | int, ...]) -> None:
    with pytest.raises(Invalid) as refused:
        cursor.decode(cursor.encode(*values), datetime)
    assert refused.value.errors[0].field == "cursor"


def test_a_page_ends_where_its_rows_end() -> None:
    def page(count: int) -> tuple[list[str], str | None]:
        made = page_of(list(range(count)), 3, show=str, after=lambda row: (row,))
        return made.data, made.next_cursor

    assert page(0) == ([], None)
    assert page(3) == (["0", "1", "2"], None)
    data, after = page(4)
    assert data == ["0", "1", "2"]
    assert cursor.decode(after, int) == (2,)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "\n=", " =", "＝", "＋", "－", "＠", "\0="])
def test_text_that_starts_like_a_formula_gets_a_quote(start: str) -> None:
    (cell,) = next(
        csv.reader(
            io.StringIO(csv_text([{"a": f"{start}1+1"}], ["a"]).removeprefix("\ufeff").partition("\r\n")[2], newline="")
        )
    )
    assert cell.startswith("'")


def test_numbers_are_never_quoted_even_below_zero() -> None:
    assert csv_text([[-5, 1.5, None, True]], ["a", "b", "c", "d"]) == "a,b,c,d\r\n-5,1.5,,true\r\n"
    assert csv_text([[Decimal("-1250.00"), Decimal("1E+3")]], ["a", "b"]) == "a,b\r\n-1250.00,1000\r\n"


def test_a_mark_of_byte_order_comes_only_with_other_letters() -> None:
    assert csv_text([["Anna"]], ["name"]).startswith("name")
    assert csv_text([["Анна"]], ["name"]).startswith("\ufeffname")


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=5))
def test_every_cell_comes_back(rows: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO(csv_text(rows, ["a", "b"]).removeprefix("\ufeff"), newline="")))[1:]
    assert [[without_guards(cell) for cell in row] for row in read] == [
        [without_guards(cell.replace("\0", "")) for cell in row] for row in rows
    ]


def without_guards(cell: str) -> str:
    return re.sub(r"(^|[;\t\r\n])'", r"\1", cell)


@given(st.text("=+-@;\t\r\n 'a"))
def test_no_part_of_a_cell_that_a_spreadsheet_may_cut_off_is_a_formula(text: str) -> None:
    _, cell = list(csv.reader(io.StringIO(csv_text([["n", text]], ["n", "a"]), newline="")))[1]
    assert not [part for part in re.split(r"[;\t\r\n]", cell) if part.strip()[:1] in {"=", "+", "-", "@"}]


@pytest.mark.parametrize("name", ["orders", "orders.csv", 'a"b\r\nc', "../../x", "заказы", ""])
def test_a_download_has_a_harmless_name(name: str) -> None:
    header = csv_response([], ["a"], filename=name).headers["content-disposition"]
    assert header.isascii()
    assert header.count('"') == 2
    assert header.endswith('.csv"')
    assert "/" not in header


async def downloaded(rows: Sequence[tuple[int, str]], *, fails_at: int | None = None) -> str:
    """What a client has got when the download ended, well or not."""
    asked = 0

    async def fetch(after: int | None, count: int) -> Sequence[tuple[int, str]]:
        nonlocal asked
        asked += 1
        if asked == fails_at:
            raise ConnectionError("the database is away")
        begin = 0 if after is None else after + 1
        return rows[begin : begin + count]

    answer = await csv_download(
        fetch, after=lambda row: row[0], show=lambda row: row, columns=["n", "name"], filename="rows"
    )
    assert isinstance(answer, StreamingResponse)
    parts = [str(part) async for part in answer.body_iterator]
    assert all(part.count("\r\n") <= AT_ONCE + 1 for part in parts)
    return "".join(parts)


@pytest.mark.parametrize("count", [0, 1, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 3 * AT_ONCE, 3 * AT_ONCE + 7])
async def test_a_download_holds_every_row_once_and_in_order(count: int) -> None:
    text = await downloaded([(n, "Anna") for n in range(count)])
    assert text.removeprefix("\ufeff") == csv_text([(n, "Anna") for n in range(count)], ["n", "name"])


async def test_a_long_download_is_marked_because_of_what_may_come() -> None:
    assert (await downloaded([(n, "Anna") for n in range(AT_ONCE)])).startswith("\ufeffn,name")
    late = [(n, "Анна" if n == AT_ONCE + 5 else "Anna") for n in range(AT_ONCE + 9)]
    assert (await downloaded(late)) == csv_text(late, ["n", "name"])
    early = [(n, "Анна") for n in range(AT_ONCE + 9)]
    assert (await downloaded(early)).count("\ufeff") == 1


async def test_a_download_that_cannot_begin_says_so_and_one_that_breaks_does_not_end_well() -> None:
    rows = [(n, "Anna") for n in range(2 * AT_ONCE)]
    for page in (1, 2):
        with pytest.raises(ConnectionError):
            await downloaded(rows, fails_at=page)
