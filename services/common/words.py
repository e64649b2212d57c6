"""What the words of this package's tables are said with."""

from typing import Protocol, Self


class Translator(Protocol):
    """A reader's language: `services.ui.Speech` is one."""

    def say(self, message: str, /, **values: object) -> str:
        """The message in that language."""


def _(message: str) -> str:
    """Marks a text to be translated where it is said."""
    return message


class Translatable(str):
    """A sentence in English that remembers how it was made: callers of the API read it as it is, and whoever reads a
    page has it in their own language. Values stand as in `Translator.say`.
    """

    __slots__ = ("_template", "_values")
    _template: str
    _values: dict[str, object]

    def __new__(cls, template: str, /, **values: object) -> Self:
        made = super().__new__(cls, template % values if values else template)
        made._template, made._values = template, values
        return made

    def by(self, speech: Translator) -> str:
        """The same in a reader's language."""
        return speech.say(self._template, **self._values)
