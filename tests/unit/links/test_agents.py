"""Whose agent a User-Agent names."""

import crawleruseragents
import pytest

from services.links.redirect.domain.agents import is_robot
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
    for said in ("compatible; bingbot/2.0", "Storebot-Google/1.0", "+https://bingbot.example"):
        assert is_robot(agent.format(said).encode())
