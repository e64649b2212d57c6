"""What the demo store is made of: ids, keys and addresses, kept in a file so that a second start finds them."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """The demo store as its shop and its starter need it."""

    store_id: str
    secret_key: str
    publishable_key: str
    program_id: str
    ambassador_id: str
    code: str
    link_url: str
    portal_url: str
    email: str = ""
    """The ambassador's, for signing in to the portal."""

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """The details in this file, or None if there is none yet."""
        return cls(**json.loads(path.read_text())) if path.exists() else None

    def save(self, path: Path) -> None:
        """Writes the file so that only its owner can read it, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(asdict(self), indent=2) + "\n")
        draft.rename(path)
