"""What the words of this package's tables are said with."""

from typing import Protocol


class Says(Protocol):
    """A reader's language: `services.ui.Speech` is one."""

    def say(self, message: str, /, **values: object) -> str:
        """The message in that language."""


def _(message: str) -> str:
    """Marks a text to be translated where it is said."""
    return message
