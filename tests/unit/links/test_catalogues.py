"""What links says, in all four languages."""

from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from services.ui.locales import LANGUAGES
from services.ui.messages import LABEL_LIMITS, catalogue_path, untranslated

PACKAGE = Path(__file__).resolve().parents[3] / "services" / "links"


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_everything_is_said_in_every_language(language: str) -> None:
    assert untranslated(PACKAGE, language) == []


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_short_labels_stay_short(language: str) -> None:
    with catalogue_path(PACKAGE, language).open("rb") as source:
        catalogue = read_po(source, locale=language)
    long = [
        (message.context, text)
        for message in catalogue
        if message.context in LABEL_LIMITS
        for text in (message.id, message.string)
        if isinstance(text, str) and len(text) > LABEL_LIMITS[message.context]
    ]
    assert long == []
