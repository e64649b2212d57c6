"""Several processes' Prometheus texts as one, each sample labelled with the process it came from. Pure."""

from collections.abc import Iterable, Mapping


def merge(texts: Mapping[str, str], *, label: str = "replica") -> str:
    """Joins the texts by metric family, since a family may stand in one place only. Unknown lines are left out."""
    heads: dict[str, list[str]] = {}
    samples: dict[str, list[str]] = {}
    for process, text in texts.items():
        for family, head, line in _lines(text):
            if head:
                known = heads.setdefault(family, [])
                if line.split(" ", 3)[:3] not in [other.split(" ", 3)[:3] for other in known]:
                    known.append(line)
            else:
                samples.setdefault(family, []).append(_labelled(line, label, process))
    lines = [line for family in heads | samples for line in (*heads.get(family, ()), *samples.get(family, ()))]
    return "\n".join([*lines, ""])


def _lines(text: str) -> Iterable[tuple[str, bool, str]]:
    """(family, whether it is a HELP or TYPE line, line). Samples follow their family's head in the format."""
    family = ""
    for line in text.splitlines():
        if line.startswith(("# HELP ", "# TYPE ")):
            family = line.split(" ", 3)[2]
            yield family, True, line
        elif line and not line.startswith("#"):
            yield family or _name(line), False, line


def _name(sample: str) -> str:
    return sample.partition("{")[0].partition(" ")[0]


def _labelled(sample: str, label: str, value: str) -> str:
    pair = f'{label}="{value}"'
    name = _name(sample)
    rest = sample[len(name) :]
    if not rest.startswith("{"):
        return f"{name}{{{pair}}}{rest}"
    separator = "" if rest.startswith("{}") else ","
    return f"{name}{{{pair}{separator}{rest[1:]}"
