"""When people are told, by which channel, and how a template is filled."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.links.notices.actions.announce import next_turn
from services.links.notices.domain.filling import BadTemplate, check, paragraphs, subject
from services.links.notices.domain.occasions import ABOUT, OCCASIONS, Words, values_of
from services.links.notices.domain.plan import Person, channels, plan
from services.links.notices.sql.announcements import Announcement
from services.links.notices.words import default_words
from services.links.pages import PAGES
from services.links.preferences.domain import Preferences
from services.ui.locales import LANGUAGES

KYIV = ZoneInfo("Europe/Kyiv")
NOON = datetime(2026, 11, 25, 12, 0, tzinfo=KYIV)
"""A Wednesday."""


@dataclass(frozen=True)
class Waiting:
    notice_id: str
    occasion: str
    due: datetime
    created_at: datetime
    failed: tuple[str, ...] = ()


def waiting(occasion: str = "attributed", *, at: datetime = NOON, name: str = "n") -> Waiting:
    return Waiting(name, occasion, at, at)


def person(**wish: Any) -> Person:
    return Person(wish=Preferences(**wish), zone=KYIV, channels=frozenset({"email"}))


def test_news_is_told_at_once_and_what_is_not_due_is_left_alone() -> None:
    later = waiting(at=NOON + timedelta(minutes=1), name="later")
    assert plan(person(), [waiting(), later], NOON).now == ("n",)


@pytest.mark.parametrize(
    ("now", "until"),
    [(23, datetime(2026, 11, 26, 8, tzinfo=KYIV)), (3, datetime(2026, 11, 25, 8, tzinfo=KYIV)), (8, None), (21, None)],
)
def test_quiet_hours_over_the_night_are_the_persons_own(now: int, until: datetime | None) -> None:
    moment = NOON.replace(hour=now)
    chosen = plan(person(quiet_from=22, quiet_to=8), [waiting(at=moment)], moment.astimezone(UTC))
    assert chosen.later.get("n") == until


def test_a_daily_collection_comes_at_nine_and_a_weekly_one_on_monday() -> None:
    daily = plan(person(digest="daily"), [waiting()], NOON).later["n"]
    assert daily == datetime(2026, 11, 26, 9, tzinfo=KYIV)
    assert plan(person(digest="daily"), [waiting()], daily).now == ("n",)
    weekly = plan(person(digest="weekly"), [waiting()], NOON).later["n"]
    assert weekly == datetime(2026, 11, 30, 9, tzinfo=KYIV)
    assert plan(person(), [waiting("clicked")], NOON).later["n"] == daily


def test_the_channel_is_the_chosen_one_where_it_leads_to_the_person() -> None:
    assert channels(person(channel="telegram"), [waiting()]) == ("email",)
    assert channels(person(channel="portal"), [waiting()]) == ()
    assert channels(Person(wish=Preferences(), zone=KYIV, channels=frozenset()), [waiting()]) == ()


@pytest.mark.parametrize(
    ("mail_too", "occasion", "failed", "by"),
    [
        ("money", "attributed", (), ("telegram",)),
        ("money", "available", (), ("telegram", "email")),
        ("none", "took_back", (), ("telegram",)),
        ("everything", "joined", (), ("telegram", "email")),
        ("everything", "joined", ("telegram",), ("email",)),
        ("none", "joined", ("telegram", "email"), ()),
    ],
)
def test_money_comes_by_mail_as_well_and_what_failed_is_not_tried_again(
    mail_too: Any, occasion: str, failed: tuple[str, ...], by: tuple[str, ...]
) -> None:
    wish = Preferences(channel="telegram", mail_too=mail_too)
    anna = Person(wish=wish, zone=KYIV, channels=frozenset({"email", "telegram"}))
    assert channels(anna, [Waiting("n", occasion, NOON, NOON, failed)]) == by


@pytest.mark.parametrize("text", ["{order_total}", "a { alone", "closed } only", "{}", "{store.name}"])
def test_a_template_with_what_cannot_be_filled_is_refused(text: str) -> None:
    with pytest.raises(BadTemplate):
        check(text, values_of("attributed"))


def test_values_are_put_in_once_and_break_no_line() -> None:
    words = Words(subject="{store}", body="{store}\n\n{code}", label="")
    values = {"store": "A\r\nBcc: b@example.com {code}", "code": "X"}
    assert subject(words, values) == "A Bcc: b@example.com {code}"
    assert paragraphs(words, values) == ("A Bcc: b@example.com {code}", "X")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("occasion", OCCASIONS)
def test_our_own_words_can_be_filled_in_every_language(occasion: object, language: str) -> None:
    assert occasion in ABOUT
    ours = default_words(occasion, PAGES.speech(language))
    for text in (ours.subject, ours.body, ours.label):
        check(text, values_of(occasion))


def test_a_weekly_announcement_keeps_its_hour_when_clocks_change() -> None:
    first = datetime(2026, 10, 19, 9, 0, tzinfo=KYIV)
    one = announcement(next_at=first.astimezone(UTC), every_weeks=1)
    # Clocks go back on 25 October.
    assert next_turn(one, first, KYIV) == datetime(2026, 10, 26, 9, 0, tzinfo=KYIV)
    late = datetime(2026, 10, 26, 8, 30, tzinfo=KYIV)
    assert next_turn(one, late, KYIV) == datetime(2026, 10, 26, 9, 0, tzinfo=KYIV)
    assert next_turn(one, first + timedelta(weeks=5, hours=3), KYIV) == datetime(2026, 11, 30, 9, 0, tzinfo=KYIV)
    ends = announcement(next_at=first, every_weeks=1, until=datetime(2026, 10, 26, 9, 0, tzinfo=KYIV))
    assert next_turn(ends, first, KYIV) is None


def announcement(**changed: Any) -> Announcement:
    made: dict[str, Any] = {"announcement_id": "ann_1", "store_id": "str_1", "texts": {}, "segment": {}}
    made |= {"state": "scheduled", "every_weeks": None, "times": None, "until": None, "runs": 0, "created_at": NOON}
    return Announcement(**made | changed)
