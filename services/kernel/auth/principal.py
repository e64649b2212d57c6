"""Who acts: what a transaction carries, and every note of what was done names."""

from dataclasses import dataclass
from typing import Final

from contracts.events.audit import ActorKind


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody, or something, that acts.

    `id` is the key's, the ambassador's, or the job's name; of an operator how they came (`operator` by key, `cli` at
    the command line); of a member, until people have accounts, the key that opened the console's session, which
    `session` names by what opens nothing.
    """

    kind: ActorKind
    id: str
    session: str = ""


CLI: Final = Principal("operator", "cli")
"""Who runs a command on a machine of the product."""


def system(name: str) -> Principal:
    """A service, or a job of it, that acts by itself."""
    return Principal("system", name)
