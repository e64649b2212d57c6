"""Every template of every service, as it stands in the source: it compiles, and it asks only for what there is."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import services
from services.ui import Pages
from services.ui.assets import STATIC

ROOT = Path(next(iter(services.__path__)))
SERVICES = sorted(path for path in ROOT.iterdir() if path.is_dir() and any(path.glob("*/pages/*.html")))
SPRITE = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text()))


def templates() -> Iterator[Path]:
    yield from sorted(ROOT.glob("*/*/pages/**/*.html"))
    yield from sorted((STATIC.parent / "templates").rglob("*.html"))


def test_every_template_compiles() -> None:
    environment = Pages().environment("en")
    for path in set(templates()):
        environment.parse(path.read_text(), filename=str(path))


def test_no_template_holds_what_the_policy_would_drop() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {found.group(0)}"
        for path in templates()
        if path.name != "letter.html"  # a mail is read where no policy of ours holds, and no stylesheet
        for found in re.finditer(
            r"\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|<style|<script(?![^>]*src=)|hx-on", path.read_text()
        )
    ]
    assert wrong == []


def test_every_macro_and_icon_that_a_template_names_exists() -> None:
    ui = Pages().environment("en").globals["ui"]
    wrong = []
    for path in templates():
        source = path.read_text()
        named = set(re.findall(r"\bui\.(\w+)\(", source))
        wrong += [f"{path.relative_to(ROOT)}: ui.{name}" for name in named if not hasattr(ui, name)]
        icons = set(re.findall(r'ui\.icon\("([\w-]+)"', source)) | set(re.findall(r'icon_id="([\w-]+)"', source))
        wrong += [f"{path.relative_to(ROOT)}: icon {name}" for name in icons if name not in SPRITE and name[-1] != "-"]
    for path in sorted(ROOT.rglob("*.py")):
        named = set(re.findall(r'NavItem\((?:"[^"]*", ){3}"([\w-]+)"\)', path.read_text()))
        wrong += [f"{path.relative_to(ROOT)}: icon {name}" for name in named - SPRITE]
    assert wrong == []


def test_a_main_button_of_the_portal_is_of_the_stores_colour() -> None:
    pages = [path for path in templates() if 'extends "portal.html"' in path.read_text()]
    assert len(pages) > 10
    assert [str(path.relative_to(ROOT)) for path in pages if '"primary"' in path.read_text()] == []


@pytest.mark.parametrize("package", SERVICES, ids=lambda path: path.name)
def test_a_template_shown_by_the_frame_says_nothing_that_no_catalogue_could_translate(package: Path) -> None:
    """Words stand inside `_()`, `ngettext()` or `pgettext()`, or come from the caller: never bare between tags."""
    bare = []
    for path in sorted(package.glob("*/pages/**/*.html")):
        text = re.sub(
            r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<!--.*?-->|<(code|script|style)\b.*?</\1>|<[^>]*>",
            " ",
            path.read_text(),
            flags=re.S,
        )
        words = [
            word for word in re.findall(r"[A-Za-z]{3,}", re.sub(r"&\w+;", " ", text)) if word not in {"JSON", "CSV"}
        ]
        bare += [f"{path.relative_to(package)}: {word}" for word in words]
    assert bare == []
