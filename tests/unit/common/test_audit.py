"""The list of what can be noted and what is noted in the code are the same; each action has its icon."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import services
from services.common.audit import ACTIONS, FIGURES, action_text, figure_text
from services.ui import load_speech
from services.ui.assets import STATIC

CODE = Path(next(iter(services.__path__)))
ICONS = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text()))
ACTION = re.compile(r"[a-z_]+\.[a-z_]+")


def texts_of_actions() -> Iterator[str]:
    """Every text in the services' code that has the form of an action and begins as one of ours does."""
    kinds = {action.partition(".")[0] for action in ACTIONS}
    for path in CODE.rglob("*.py"):
        if "migrations" in path.parts or path.name == "audit.py":
            continue
        text = path.read_text()
        if ".note(" not in text and "_note(" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            text_of = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            if ACTION.fullmatch(text_of) and text_of.partition(".")[0] in kinds:
                yield text_of


def test_the_list_names_what_the_code_notes_and_nothing_else() -> None:
    assert set(texts_of_actions()) == ACTIONS.keys()


def test_every_action_has_an_icon_of_the_sprite() -> None:
    assert {action.icon for action in ACTIONS.values()} - ICONS == set()


def test_no_figure_is_a_name_or_an_address() -> None:
    assert not FIGURES.keys() & {"name", "email", "phone", "external_id", "label", "reason", "code", "slug", "address"}


def test_actions_and_figures_are_said_in_the_reader_s_language() -> None:
    english, russian = load_speech("en"), load_speech("ru")
    assert action_text("reward.approved", english) == "Reward approved"
    assert action_text("reward.approved", russian) == "Награда одобрена"
    assert figure_text("budget_minor", russian) == "Бюджет"
    assert action_text("planet.found_again", russian) == "Planet found again"
