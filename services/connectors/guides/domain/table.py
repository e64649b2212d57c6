"""The guides as the documents have them; a test holds that they have the same words as the console."""

from collections.abc import Iterable, Iterator, Mapping

from services.connectors.guides.domain.guide import ADDRESS, Guide, Step, filled
from services.connectors.platforms.domain.port import Platform


def as_markdown(guides: Iterable[Guide], platforms: Mapping[str, Platform]) -> str:
    """A section for each."""
    lines: list[str] = []
    for guide in guides:
        for line in _lines(guide, platforms.get(guide.name)):
            if line or lines[-1]:
                lines.append(line)
    return "\n".join(lines)


def _lines(guide: Guide, platform: Platform | None) -> Iterator[str]:
    yield from (f"## {guide.heading}", "")
    first = 1
    if guide.body:
        yield f"1. `POST /v1/connections` with `{guide.body}` {guide.answer}"
        first = 2
    for number, step in enumerate(guide.steps, first):
        yield from _step(number, step, platform)
    yield ""
    if guide.types:
        yield from ("| type | data |", "|---|---|")
        yield from (f"| `{name}` | {text} |" for name, text in guide.types)
        yield ""
    for note in guide.notes:
        yield from (note, "")


def _step(number: int, step: Step, platform: Platform | None) -> Iterator[str]:
    yield f"{number}. {step.text}"
    if step.topics and platform is not None:
        yield f"   {', '.join(f'`{topic}`' for topic in platform.topics)}"
    if step.code:
        code = filled(step.code, kith=ADDRESS, url=f"{ADDRESS}/in/{platform.name}/con_…" if platform else "")
        yield from ("", f"```{step.language}\n{code}\n```", "")
