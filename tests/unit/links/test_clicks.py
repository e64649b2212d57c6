"""What kind of visit a click is, and what is kept of where it came from."""

import crawleruseragents
import pytest

from services.links.redirect.domain import channel_of, is_robot, quality, referer_host

_WEBKIT, _CHROME = "AppleWebKit/605.1.15 (KHTML, like Gecko)", "AppleWebKit/537.36 (KHTML, like Gecko)"
BROWSERS = [
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME} Chrome/141.0.0.0 Safari/537.36",
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {_WEBKIT} Version/18.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0",
    # Browsers inside apps: people tap shared links there.
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) {_WEBKIT} Mobile/15E148 Instagram 390.0.0.28.85",
    f"Mozilla/5.0 (Linux; Android 15; SM-S921B) {_CHROME} Version/4.0 Chrome/139.0.0.0 [FB_IAB/FB4A;FBAV/520.0;]",
    f"Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) {_CHROME} Version/4.0 Chrome/138.0.0.0 Mobile Safari/537.36",
]


@pytest.mark.parametrize("agent", BROWSERS)
def test_browsers_are_people(agent: str) -> None:
    assert not is_robot(agent.encode())


def test_nearly_all_known_crawlers_are_bots() -> None:
    known = [agent for entry in crawleruseragents.CRAWLER_USER_AGENTS_DATA for agent in entry["instances"]][:600]
    recognised = sum(is_robot(agent.encode()) for agent in known)
    assert recognised >= 0.99 * len(known)


@pytest.mark.parametrize(
    "agent", ["", " ", "WhatsApp/2.23.20.0", "TelegramBot (like TwitterBot)", "curl/8.5.0", "facebookexternalhit/1.1"]
)
def test_previews_and_tools_are_bots(agent: str) -> None:
    assert is_robot(agent.encode())


PERSON = {b"user-agent": BROWSERS[2].encode()}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, "person"),
        ({b"sec-fetch-dest": b"document", b"sec-fetch-mode": b"navigate"}, "person"),
        ({b"sec-purpose": b"prefetch"}, "prefetch"),
        ({b"sec-purpose": b"prefetch;anonymous-client-ip"}, "prefetch"),
        ({b"purpose": b"prefetch"}, "prefetch"),
        ({b"purpose": b"preview"}, "prefetch"),
        ({b"x-moz": b"prefetch"}, "prefetch"),
        ({b"sec-fetch-dest": b"image"}, "prefetch"),
        ({b"sec-fetch-dest": b"iframe"}, "prefetch"),
        ({b"sec-fetch-dest": b"empty"}, "prefetch"),
    ],
)
def test_only_what_a_person_follows_is_a_person(headers: dict[bytes, bytes], expected: str) -> None:
    assert quality("GET", {**PERSON, **headers}) == expected


def test_a_head_request_is_nobody() -> None:
    assert quality("HEAD", PERSON) == "bot"


@pytest.mark.parametrize(
    ("referer", "host"),
    [
        (b"https://News.Example/path?mail=a@b.example", "news.example"),
        (b"http://t.example:8080/x", "t.example"),
        (b"https://user:password@t.example/", None),
        (b"android-app://org.telegram.messenger/", None),
        (b"https://", None),
        (b'https://a"b/', None),
        (b"https://\xff/", None),
        (b"nonsense", None),
    ],
)
def test_only_the_host_of_a_referer_is_kept(referer: bytes, host: str | None) -> None:
    assert referer_host(referer) == host


@pytest.mark.parametrize(
    ("query", "channel"),
    [
        (b"ch=telegram", "telegram"),
        (b"a=b&ch=e-mail", "e-mail"),
        (b"ch=", None),
        (b"ch=A", None),
        (b"ch=%22", None),
        (b"x=ch=a", None),
    ],
)
def test_a_channel_is_a_short_word(query: bytes, channel: str | None) -> None:
    assert channel_of(query) == channel
