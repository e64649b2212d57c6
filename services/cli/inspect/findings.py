"""One finding of an inspection."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How well a thing is."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, and what to do if it is not well."""

    name: str
    verdict: Verdict
    detail: str
    advice: str = ""

    def as_json(self) -> dict[str, str]:
        """For programs."""
        advice = {"advice": self.advice} if self.advice else {}
        return {"name": self.name, "verdict": str(self.verdict), "detail": self.detail, **advice}


def ok(name: str, detail: str) -> Finding:
    """All is well."""
    return Finding(name, Verdict.OK, detail)


def warning(name: str, detail: str, advice: str) -> Finding:
    """It works, but somebody should look."""
    return Finding(name, Verdict.WARNING, detail, advice)


def failure(name: str, detail: str, advice: str) -> Finding:
    """It does not work."""
    return Finding(name, Verdict.FAILURE, detail, advice)
