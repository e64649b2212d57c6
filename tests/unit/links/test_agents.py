"""Whose agent a User-Agent names."""

import re

import crawleruseragents
import pytest

from services.links.redirect.domain import agents
from services.links.redirect.domain.agents import is_robot, prepare_patterns, shows_previews
from tests.unit.links.agents import PEOPLE, TAKEN_FOR_ROBOTS, TOOLS


def test_the_corpus_is_of_some_size() -> None:
    assert len(PEOPLE) >= 120


@pytest.mark.parametrize("agent", PEOPLE)
def test_people_are_people_whatever_their_phone_is_called(agent: str) -> None:
    assert not is_robot(agent.encode())


@pytest.mark.parametrize("agent", TOOLS)
def test_previews_and_tools_are_robots(agent: str) -> None:
    assert is_robot(agent.encode())


def test_every_robot_of_the_list_is_one_but_for_those_that_are_people() -> None:
    known = crawleruseragents.CRAWLER_USER_AGENTS_DATA
    missed = {
        robot["pattern"] for robot in known for agent in robot.get("instances", ()) if not is_robot(agent.encode())
    }
    assert missed == set(TAKEN_FOR_ROBOTS)
    assert sum(len(robot.get("instances", ())) for robot in known) > 2000


def test_a_robot_in_a_phones_clothes_is_a_robot() -> None:
    agent = (
        "Mozilla/5.0 (Linux; Android 8.0; Pixel 2; {}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/81 Safari/537.36"
    )
    for name in ("compatible; bingbot/2.0", "Storebot-Google/1.0", "+https://bingbot.example"):
        assert is_robot(agent.format(name).encode())


def test_every_messenger_of_the_list_shows_previews_and_a_search_engine_shows_none() -> None:
    known = crawleruseragents.CRAWLER_USER_AGENTS_DATA
    showing = [robot for robot in known if "social-preview" in robot.get("tags", ())]
    assert all(shows_previews(agent.encode()) for robot in showing for agent in robot.get("instances", ()))
    assert not shows_previews(b"Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)")


def test_no_pattern_is_compiled_while_somebody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare_patterns()
    re.purge()
    compiled, compile_it = [], re._compiler.compile  # type: ignore[attr-defined]  # all that compiles ends there

    def noted(pattern: str, flags: int) -> re.Pattern[str]:
        compiled.append(pattern)
        found: re.Pattern[str] = compile_it(pattern, flags)
        return found

    with monkeypatch.context() as patch:
        patch.setattr("re._compiler.compile", noted)
        assert shows_previews(b"TelegramBot (like TwitterBot), seen by nobody before")
        assert not shows_previews(b"Googlebot/2.1, seen by nobody before")
    assert compiled == []


def test_a_long_agent_is_remembered_by_its_beginning() -> None:
    before = agents._previewing.cache_info().currsize
    for end in (b"a", b"b"):
        assert shows_previews(b"Viber " + b"x" * 506 + end * 16_000)
    assert agents._previewing.cache_info().currsize == before + 1
