"""Two decisions on one order, in the words in which each is shown: where they differ.

Of a settled decision the proofs and checks are those of the decision that was settled: what was fixed is not lost.
"""

from collections.abc import Iterator

from markupsafe import Markup

from services.attribution.decisions.actions.view import OrderView
from services.attribution.decisions.api import words as shown
from services.attribution.decisions.schemas.explain import Words, explanation
from services.attribution.decisions.schemas.out import DecisionBody
from services.ui import Reader

ABSENT = "–"


def differences(before: OrderView, after: OrderView, reader: Reader) -> list[tuple[str, str, str]]:
    """What differs, by its name in the reader's language, and how either decision has it."""
    old, new = dict(_lines(before, reader)), dict(_lines(after, reader))
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return [(name, old.get(name, ABSENT), new.get(name, ABSENT)) for name in names]


def _lines(found: OrderView, reader: Reader) -> Iterator[tuple[str, str]]:
    """All that a decision's page says: the sentence, the money, who was considered, the checks, and who decided."""
    speech, body = reader.speech, DecisionBody.model_validate(found.body)
    words = Words(speech, reader.fmt, found.names, found.slugs)
    yield speech.say("Decision"), explanation(body, words)
    if body.settled is not None:
        yield speech.say("Final since"), reader.fmt.date(body.settled.at.astimezone(reader.zone))
    yield speech.say("Payment"), shown.money_chip(speech, body).label
    for fact in shown.facts(body, reader):
        yield fact.label, str(fact.value)
    seen: dict[str, int] = {}
    for one in shown.considered(body, words):
        title = one.title.striptags() if isinstance(one.title, Markup) else str(one.title)
        seen[title] = seen.get(title, 0) + 1
        name = title if seen[title] == 1 else f"{title} ({reader.fmt.number(seen[title])})"
        yield name, f"{one.chip.label}. {one.reason}"
    for rule, chip, text in shown.checks(body, words):
        yield speech.say("Check: %(name)s", name=rule), f"{chip.label}. {text}"
    if body.program_version is not None:
        yield speech.say("Program’s version"), reader.fmt.number(body.program_version)
    yield speech.say("Engine"), body.engine
