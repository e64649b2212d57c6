"""The reader's language, plural forms, and catalogues that keep up with the sources."""

from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import services
from services.ui import LANGUAGES, choose_language, load_speech
from services.ui.messages import LABEL_LIMITS, catalogue_path, find_messages, untranslated

ROOT = Path(next(iter(services.__path__)))
KIT = ROOT / "ui"
FIELDS = (
    "One field needs a change before this can be saved.",
    "%(num)s fields need a change before this can be saved.",
)


def test_the_address_beats_the_cookie_and_the_cookie_beats_the_browser() -> None:
    assert choose_language(asked="ro", kept="ru", accepts="uk") == "ro"
    assert choose_language(asked="xx", kept="ru", accepts="uk") == "ru"
    assert choose_language(accepts="de, uk-UA;q=0.8, en;q=0.9") == "en"
    assert choose_language(accepts="ru;q=0, fr", default="ro") == "ro"
    assert choose_language(accepts="mo") == "ro"


@pytest.mark.parametrize("accepts", [";;;,,,", "en;q=x", "x" * 5000, "q=0.5", "ru;q=nan"])
def test_an_odd_header_gives_the_default(accepts: str) -> None:
    assert choose_language(accepts=accepts, default="uk") in LANGUAGES


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("en", {0: 1, 1: 0, 2: 1, 5: 1, 11: 1, 20: 1, 21: 1, 22: 1, 101: 1, 1.5: 1}),
        ("ru", {0: 2, 1: 0, 2: 1, 5: 2, 11: 2, 20: 2, 21: 0, 22: 1, 101: 0, 1.5: 1}),
        ("uk", {0: 2, 1: 0, 2: 1, 5: 2, 11: 2, 20: 2, 21: 0, 22: 1, 101: 0, 1.5: 1}),
        ("ro", {0: 1, 1: 0, 2: 1, 5: 1, 11: 1, 20: 2, 21: 2, 22: 2, 101: 1, 1.5: 1}),
    ],
)
def test_each_count_takes_its_plural_form(language: str, forms: dict[float, int]) -> None:
    speech = load_speech(language)
    by_form = {form: speech.count(*FIELDS, number, num="#") for number, form in forms.items()}
    for number, form in forms.items():
        assert speech.count(*FIELDS, number, num="#") == by_form[form], number
    assert len(set(by_form.values())) == len(by_form)


def test_a_message_without_values_may_hold_a_percent_sign() -> None:
    assert load_speech("en").say("100% of friends") == "100% of friends"


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_everything_the_kit_says_is_translated_and_nothing_is_left_over(language: str) -> None:
    assert untranslated(KIT, language) == []


def test_short_labels_stay_within_their_limits_in_every_language() -> None:
    too_long = []
    for package in sorted(path for path in ROOT.iterdir() if path.is_dir()):
        for message in find_messages(package):
            texts = [message.id] if isinstance(message.id, str) else list(message.id)
            too_long += [text for text in texts if len(text) > LABEL_LIMITS.get(message.context or "", 999)]
        for language in LANGUAGES:
            path = catalogue_path(package, language)
            if not path.is_file():
                continue
            with path.open("rb") as source:
                for message in read_po(source, locale=language):
                    given = message.string or ""
                    texts = [given] if isinstance(given, str) else list(given)
                    too_long += [text for text in texts if len(text) > LABEL_LIMITS.get(message.context or "", 999)]
    assert too_long == []


def test_a_translation_uses_exactly_the_values_of_its_message() -> None:
    wrong = []
    for path in sorted(ROOT.glob("*/locale/*/LC_MESSAGES/messages.po")):
        with path.open("rb") as source:
            for message in read_po(source, locale=path.parts[-3]):
                if message.id and any("%(" in form for form in _forms(message.id)):
                    wanted = set().union(*(_names(form) for form in _forms(message.id)))
                    wrong += [form for form in _forms(message.string) if form and not _names(form) <= wanted]
    assert wrong == []


def _forms(text: object) -> list[str]:
    return [text] if isinstance(text, str) else [str(form) for form in text] if isinstance(text, tuple | list) else []


def _names(text: str) -> set[str]:
    """Names of the values; `%(Why)s` is `why` with a capital, for languages that begin a sentence with it."""
    return {part.partition(")")[0].lower() for part in text.split("%(")[1:]}


def test_a_sentence_that_ends_in_a_short_month_has_one_full_stop() -> None:
    speech = load_speech("ru")
    assert speech.say("Since %(day)s. The middle…", day="1 сент.") == "Since 1 сент. The middle…"
    assert speech.say("Until %(day)s.", day="1 сент.") == "Until 1 сент."
    assert speech.say("%(text)s is no day.", text="what..") == "what.. is no day.", "what people wrote stays"
    assert speech.count("%(day)s.", "%(day)s.", 2, day="1 сент.") == "1 сент."
