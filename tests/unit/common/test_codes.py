"""Promo codes and slugs: one folded form, nothing that only looks like ASCII."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.codes import fold, fold_slug, is_reserved


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("anna10", "ANNA10"),
        ("  Anna-10_x ", "ANNA-10_X"),
        ("ＡＮＮＡ１０", "ANNA10"),
        ("\u212aITH", "KITH"),  # the Kelvin sign is a K
        ("АNNA", None),  # a Cyrillic A is not
        ("an\u200bna", "ANNA"),
        ("\ufeffanna\u2060\u200e", "ANNA"),
        ("an\u00adna", "ANNA"),  # a soft hyphen is seen at the end of a line only
        ("anna\ufe0f", "ANNA"),
        ("anna\u20107", "ANNA-7"),
        ("anna\u20117", "ANNA-7"),
        ("anna\u20137", "ANNA-7"),
        ("anna\u20147", "ANNA-7"),
        ("anna\u22127", "ANNA-7"),
        ("anna\uff0d7", "ANNA-7"),
        ("anna\ufe587", "ANNA-7"),
        ("annı-7", None),
        ("groß-7", None),
        ("\u200b", None),
        ("dırt", None),
        ("ﬁne", "FINE"),
        ("a b", None),
        ("", None),
        ("-", "-"),
        ("x" * 64, "X" * 64),
        ("x" * 65, None),
        ("x" * 100_000, None),
        ("a\0", None),
        ("a\n", "A"),
        ("straße", None),
    ],
)
def test_codes_fold(text: str, folded: str | None) -> None:
    assert fold(text) == folded


@given(st.text(max_size=80))
def test_folding_twice_is_folding_once(text: str) -> None:
    code, slug = fold(text), fold_slug(text)
    assert code is None or fold(code) == code == fold(code.lower())
    assert slug is None or fold_slug(slug) == slug


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Anna", "anna"),
        ("anna-10", "anna-10"),
        ("-anna", None),
        ("anna-", None),
        ("a", "a"),
        ("anna\u201110", "anna-10"),
        ("\u200banna", "anna"),
        ("annı", None),
        ("groß", None),
        ("a_b", None),
        ("a/b", None),
        ("..", None),
    ],
)
def test_slugs_fold(text: str, folded: str | None) -> None:
    assert fold_slug(text) == folded


def test_the_product_s_own_words_are_reserved() -> None:
    assert is_reserved("console")
    assert not is_reserved("anna")
