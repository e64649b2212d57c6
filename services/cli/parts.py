"""How long each part of a start took, said in one line when the product is ready, and in one more when all is there."""

import time


class Parts:
    """Parts that follow one another. `begin` ends the one before."""

    def __init__(self) -> None:
        self._began: list[tuple[str, float]] = []

    def begin(self, name: str) -> None:
        """From now on it is this part that takes time."""
        self._began.append((name, time.monotonic()))

    def summary(self) -> str:
        """All parts with their seconds, and what they come to; what took no time is left out."""
        now = time.monotonic()
        ends = [*(moment for _, moment in self._began[1:]), now]
        took = [(name, end - moment) for (name, moment), end in zip(self._began, ends, strict=True)]
        parts = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in took if seconds >= 0.05)
        return f"Ready after {sum(seconds for _, seconds in took):.0f} s: {parts}."

    def summary_of_last(self) -> str:
        """The last part alone, for one that came while all others were in use already; of one that took no time, that
        it was there.
        """
        (name, began), now = self._began[-1], time.monotonic()
        if now - began < 0.05:
            return f"Its {name} was there."
        return f"Its {name} took {now - began:.1f} s, and all is there after {now - self._began[0][1]:.0f} s."
