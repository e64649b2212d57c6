"""The rules of the platforms as the documents have them; a test holds that they have the same words as the console."""

from collections.abc import Iterable

from services.connectors.platforms.domain.port import Platform
from services.connectors.platforms.domain.rules import QUESTIONS


def as_markdown(platforms: Iterable[Platform]) -> str:
    """A heading and a table for each platform."""
    return "\n".join(_one(platform) for platform in platforms)


def _one(platform: Platform) -> str:
    topics = ", ".join(f"`{topic}`" for topic in platform.topics)
    rows = [f"| {question} | {getattr(platform.rules, name)} |" for name, question in QUESTIONS.items()]
    if topics:
        rows.insert(0, f"| What it tells of | {topics} |")
    return "\n".join([f"### {platform.title}: `{platform.name}`", "", "| | |", "|---|---|", *rows, ""])
