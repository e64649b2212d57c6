"""Cursors and CSV: exact both ways, harmless whoever made them up."""

import csv
import io
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.errors import Invalid
from services.kernel.http import cursor
from services.kernel.http.pages import csv_response, csv_text, page_of

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


def test_a_mark_of_byte_order_comes_only_with_other_letters() -> None:
    assert csv_text([["Anna"]], ["name"]).startswith("name")
    assert csv_text([["Анна"]], ["name"]).startswith("\ufeffname")


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=5))
def test_every_cell_comes_back(rows: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO(csv_text(rows, ["a", "b"]).removeprefix("\ufeff"), newline="")))[1:]
    assert [[cell.removeprefix("'") for cell in row] for row in read] == [
        [cell.replace("\0", "").removeprefix("'") for cell in row] for row in rows
    ]


@pytest.mark.parametrize("name", ["orders", "orders.csv", 'a"b\r\nc', "../../x", "заказы", ""])
def test_a_download_has_a_harmless_name(name: str) -> None:
    header = csv_response([], ["a"], filename=name).headers["content-disposition"]
    assert header.isascii()
    assert header.count('"') == 2
    assert header.endswith('.csv"')
    assert "/" not in header
