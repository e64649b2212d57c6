"""The picture of a share link: what is drawn on it, and that it finds room."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.links.landing.domain.picture import WIDTH, picture, width_of
from services.links.looks.domain import look
from services.ui.paper import WIDTHS

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*, store: str = "Zerno", who: str = "Anna invites you", title: str = "€5 off") -> list[ET.Element]:
    svg = picture(store=store, who=who, title=title, look=look(None, None), widths=WIDTHS)
    return [element for element in ET.fromstring(svg).iter(f"{SVG}text") if element.text]


def test_it_says_store_inviter_and_gift() -> None:
    assert [element.text for element in drawn()] == ["Z", "Zerno", "Anna invites you", "€5 off"]


def test_a_name_in_letters_that_the_font_lacks_is_left_out() -> None:
    assert [element.text for element in drawn(who="ანა invites you")] == ["Z", "Zerno", "€5 off"]


def test_markup_in_a_name_stays_text() -> None:
    assert drawn(store="<b>&co")[1].text == "<b>&co"


@pytest.mark.parametrize(
    "title", ["Знижка 1 000 000 ₴ на перше замовлення", "Reducere de 10 % la prima comandă", "x" * 300]
)
def test_every_line_stays_inside(title: str) -> None:
    for element in drawn(title=title):
        right = float(element.get("x", "0")) + width_of(element.text or "", int(element.get("font-size", "0")), WIDTHS)
        assert right <= WIDTH or element.get("text-anchor") == "middle"


@given(st.text(max_size=80), st.text(max_size=60), st.text(max_size=120))
def test_any_text_makes_a_drawing(store: str, who: str, title: str) -> None:
    drawn(store=store, who=who, title=title)
