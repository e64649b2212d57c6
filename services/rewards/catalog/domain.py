"""Reading a program's definition back. Pure."""

from functools import lru_cache

from contracts.program import Program


@lru_cache(maxsize=4096)
def program_of(definition: str) -> Program:
    """The program that a definition says. A version never changes, so its text is parsed once.

    Unknown fields are those of a newer release and are ignored.
    """
    return Program.model_validate_json(definition, extra="ignore")
