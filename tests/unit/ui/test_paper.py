"""A table on paper: its pages, its letters, and texts that find room."""

import pypdfium2
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ui.paper import Paper, PaperColumn, PaperRow, printed, written
from tests.support.chance import examples

COLUMNS = (PaperColumn("Day", 1), PaperColumn("What", 3), PaperColumn("Amount", 1, figure=True))


def made(*rows: PaperRow, store: str = "Zerno") -> Paper:
    return Paper(
        store=store,
        title="Statement",
        facts=["1–31 January"],
        columns=COLUMNS,
        rows=rows,
        page_of=lambda number, of: f"Page {number} of {of}",
    )


def pages_of(content: bytes) -> list[str]:
    return [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(content)]


def test_each_page_has_the_head_the_columns_and_its_number_and_no_row_is_lost() -> None:
    rows = [PaperRow((f"day-{n}", "Reward granted", "4.60")) for n in range(130)]
    pages = pages_of(printed(made(*rows)))
    assert len(pages) == 4
    for number, page in enumerate(pages, 1):
        assert "Statement" in page and "Amount" in page and "Zerno" in page
        assert f"Page {number} of 4" in page
    words = " ".join(pages).split()
    assert [f"day-{n}" for n in range(130)] == [word for word in words if word.startswith("day-")]


def test_equal_input_gives_equal_bytes() -> None:
    one = made(PaperRow(("1", "x", "2"), strong=True))
    assert printed(one) == printed(one)


def test_our_languages_have_their_letters_and_others_are_left_out() -> None:
    assert written("Єва, țară, Ёж, €5") == "Єва, țară, Ёж, €5"
    assert written("1\u202f000") == "1\u00a0000"
    assert written("漢字 ok") == " ok"
    (page,) = pages_of(printed(made(PaperRow(("1", "Нагорода, țară", "5")), store="Зерно")))
    assert "Зерно" in page and "Нагорода, țară" in page


def test_a_long_text_goes_on_below_and_ends_in_dots() -> None:
    (page,) = pages_of(printed(made(PaperRow(("1", "word " * 60, "5")))))
    assert 2 < page.count("word") < 60
    assert "…" in page


@settings(max_examples=examples(20), deadline=None)
@given(texts=st.lists(st.text(max_size=400), min_size=1, max_size=30), store=st.text(max_size=200))
def test_whatever_is_written_becomes_a_file(texts: list[str], store: str) -> None:
    content = printed(made(*(PaperRow((text, text, text)) for text in texts), store=store))
    assert content.startswith(b"%PDF")
    assert len(pages_of(content)) >= 1
