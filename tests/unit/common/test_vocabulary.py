"""Every reason and every channel that the product can meet has its words in all languages, and its icon."""

import re
from pathlib import Path

import pytest

import services.common
from services.attribution.decisions.schemas.clauses import CLAUSES
from services.common.channels import CHANNELS, channel_text
from services.common.reasons import REASONS, reason_icon, reason_text
from services.links.portal.domain import ways
from services.ui import LANGUAGES, load_speech
from services.ui.assets import STATIC
from services.ui.messages import untranslated

ICONS = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text()))
COMMON = Path(next(iter(services.common.__path__)))
NO_REASONS = {"currency_mismatch", "ambassador_unknown", "program_stopped_after_click", "older_program"}
"""Clauses that note something, or explain by the circumstances of another reason, as those that begin with these do:"""
CIRCUMSTANCES = ("won_", "passed_", "outranked_", "not_new_c", "not_new_told")


def test_every_reason_that_attribution_explains_has_its_name() -> None:
    explained = {clause for clause in CLAUSES if clause not in NO_REASONS and not clause.startswith(CIRCUMSTANCES)}
    assert explained - set(REASONS) == set()
    of_events = {"order_not_settled", "joined_before"}
    assert set(REASONS) - explained == {"code", "click", "customer", "cancelled", "not_new_customer"} | of_events


def test_every_channel_that_the_portal_shares_through_has_its_name() -> None:
    assert {
        way.channel for way in ways("https://k.example/r/a", "Look", "Look", load_speech("en"), language="en")
    } - set(CHANNELS) == set()


def test_every_channel_that_our_own_links_are_marked_with_has_its_name() -> None:
    """Wherever `ch=` is written or a channel is named to be written: in code, pages and scripts."""
    written = re.compile(r"""[?&]ch=([a-z]+)|with_channel\([^)"]*"([a-z]+)"|marked\([^)']*'([a-z]+)'""")
    sources = [path for suffix in ("py", "html", "js") for path in (COMMON.parent / "links").rglob(f"*.{suffix}")]
    found = {
        next(filter(None, match.groups()))
        for path in sources
        if "released" not in path.parts
        for match in written.finditer(path.read_text())
    }
    assert found >= {"copy", "email", "material", "native", "qr", "telegram"}
    assert found - set(CHANNELS) == set()


def test_every_icon_is_in_the_sprite() -> None:
    named = {reason.icon for reason in REASONS.values()} | {channel.icon for channel in CHANNELS.values()}
    assert named - ICONS == set()


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_every_word_is_translated_and_nothing_is_left_over(language: str) -> None:
    assert untranslated(COMMON, language) == []


def test_names_are_said_in_the_reader_s_language() -> None:
    speech = load_speech("ru")
    assert channel_text("qr", speech) == "QR-код"
    assert channel_text("my-leaflet", speech) == "my-leaflet"
    assert reason_text("self_referral", speech) != reason_text("self_referral", load_speech("en")) == "Own purchase"


def test_a_reason_of_a_newer_build_is_readable() -> None:
    assert (reason_text("moon_in_wrong_house", load_speech("ru")), reason_icon("moon_in_wrong_house")) == (
        "Moon in wrong house",
        "",
    )
