"""What is said of ambassadors on several pages."""

from services.links.people.sql import Status
from services.ui import Chip, Speech


def status_chip(status: Status, speech: Speech) -> Chip:
    """Whether somebody takes part."""
    match status:
        case "active":
            return Chip(speech.label("chip", "Active"), "good", "disc")
        case "blocked":
            return Chip(speech.label("chip", "Blocked"), "bad", "cross")
        case "erased":
            return Chip(speech.label("chip", "Erased"), "neutral", "dash")
