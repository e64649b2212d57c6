"""QR codes that readers read."""

import pytest

from services.links.qr.domain import QUIET_MODULES, BadStyle, Style, draw, tag

URL = "https://go.shop.example/r/anna?ch=qr"


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_equal_choices_give_equal_bytes(kind: str) -> None:
    style = Style(size=300, correction="Q")
    assert draw(URL, kind, style) == draw(URL, kind, style)  # type: ignore[arg-type]  # a kind


def test_every_choice_changes_the_tag() -> None:
    styles = [Style(), Style(size=300), Style(correction="H"), Style(foreground="#13201a"), Style(background="#fffff0")]
    tags = {tag(URL, "svg", style) for style in styles} | {tag(URL, "png", Style()), tag(URL + "x", "svg", Style())}
    assert len(tags) == len(styles) + 2


def test_the_picture_has_its_quiet_zone_and_is_at_most_as_wide_as_asked() -> None:
    svg = draw(URL, "svg", Style(size=512)).decode()
    assert 'width="512.0"' in svg
    png = draw(URL, "png", Style(size=500))
    width = int.from_bytes(png[16:20], "big")
    assert 400 < width <= 500
    assert width % (width // (29 + 2 * QUIET_MODULES)) == 0


@pytest.mark.parametrize(
    ("foreground", "background"),
    [("ffffff", "000000"), ("888888", "999999"), ("red", "ffffff"), ("12345", "ffffff"), ("000000", "")],
)
def test_what_no_reader_could_read_is_refused(foreground: str, background: str) -> None:
    with pytest.raises(BadStyle):
        Style.of(size=256, correction="M", foreground=foreground, background=background)


def test_short_colours_are_understood() -> None:
    style = Style.of(size=256, correction="M", foreground="#036", background="fff")
    assert (style.foreground, style.background) == ("#003366", "#ffffff")
