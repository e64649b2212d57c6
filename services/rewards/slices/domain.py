"""Reading a program's definition back. Pure."""

from functools import lru_cache

from contracts.program import Program

_LONG = 16 * 1024


def program_of(definition: str) -> Program:
    """The program that a definition says. A version never changes, so its text is parsed once, unless it is so long
    that remembering many would fill the memory.

    Unknown fields are those of a newer release and are ignored.
    """
    return _remembered(definition) if len(definition) <= _LONG else _parse(definition)


def _parse(definition: str) -> Program:
    return Program.model_validate_json(definition, extra="ignore")


_remembered = lru_cache(maxsize=1024)(_parse)
