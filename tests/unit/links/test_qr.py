"""QR codes that readers read."""

import re

import pytest

from services.links.qr.domain import MAX_SIZE, MIN_SIZE, QUIET_MODULES, BadStyle, Correction, Style, draw, tag

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
    png = draw(URL, "png", Style(size=500))
    width = int.from_bytes(png[16:20], "big")
    assert 400 < width <= 500
    assert width % (width // (29 + 2 * QUIET_MODULES)) == 0


@pytest.mark.parametrize("correction", ["L", "M", "Q", "H"])
def test_an_svg_has_four_quiet_modules_on_all_sides_at_every_size(correction: Correction) -> None:
    for size in (MIN_SIZE, 100, 200, 300, 333, 512, 777, 1000, 1024, MAX_SIZE):
        svg = draw(URL, "svg", Style(size=size, correction=correction)).decode()
        assert f'width="{size}" height="{size}"' in svg
        [edge] = {int(found) for found in re.findall(r'viewBox="0 0 (\d+) \d+"', svg)}
        assert f'd="M0 0h{edge}v{edge}h-{edge}z"' in svg  # the ground is as large as the picture
        left, top, right, bottom = _extent(re.findall(r'stroke="#000" d="([^"]*)"', svg)[0])
        assert (left, top, right, bottom) == (QUIET_MODULES, QUIET_MODULES, edge - QUIET_MODULES, edge - QUIET_MODULES)
        assert "transform" not in svg


def _extent(path: str) -> tuple[float, float, float, float]:
    """The box of what a path of horizontal strokes, one module thick, paints."""
    x = y = 0.0
    xs, ys = [], []
    for command, numbers in re.findall(r"([Mmh])([^Mmh]*)", path):
        reported = [float(number) for number in re.findall(r"-?\d*\.?\d+", numbers)]
        if command == "h":
            xs += [x, x + reported[0]]
            ys += [y - 0.5, y + 0.5]
            x += reported[0]
        elif command == "M":
            x, y = reported
        else:
            x, y = x + reported[0], y + reported[1]
    return min(xs), min(ys), max(xs), max(ys)


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
