"""Answers are read from roll-ups alone: their cost cannot follow the history."""

import re

from contracts.events import EVENTS
from contracts.events.conversions import Conversion
from contracts.events.rewards import Reward
from services.analytics.main import SERVICE
from services.analytics.metrics import sql
from services.analytics.rollups.domain.measures import ROLLUPS

OWN = {"parts", "sums", "active"}
"""Names that a statement gives to its own parts."""


def statements() -> list[str]:
    """Every reading statement of the metrics, alone or by name."""
    kept = [value for name, value in vars(sql).items() if name[0] == "_"]
    texts = [text for value in kept for text in (value.values() if isinstance(value, dict) else [value])]
    return [text for text in texts if isinstance(text, str) and "select" in text]


def test_no_answer_reads_a_fact() -> None:
    read = {table for text in statements() for table in re.findall(r"\b(?:from|join)\s+(\w+)", text)}
    assert len(statements()) >= 8
    assert read <= {*ROLLUPS, *OWN, "sketches", "progress"}


def test_every_reading_statement_is_bound_to_one_store() -> None:
    assert all("store_id = :store" in text for text in statements())


def test_every_decision_and_every_reward_is_heard() -> None:
    subscribed = {model.TYPE for handler in SERVICE.handlers for model in handler.events}
    published = {kind for kind, model in EVENTS.items() if issubclass(model, Conversion | Reward)}
    assert published <= subscribed
