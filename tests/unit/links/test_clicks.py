"""What kind of visit a click is, and what is kept of where it came from."""

import pytest

from services.links.redirect.domain.click import channel_of, mark, referer_host

PERSON = {b"user-agent": b"Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0"}


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
        ({b"sec-purpose": b"prefetch", b"sec-fetch-dest": b"document"}, "prefetch"),
        ({b"sec-purpose": b"prefetch;prerender", b"sec-fetch-dest": b"document"}, "prefetch"),
        ({b"sec-purpose": b"prefetch", b"sec-fetch-dest": b"empty"}, "prefetch"),
        ({b"sec-purpose": b"prefetch", b"sec-fetch-dest": b"iframe"}, "embedded"),
        ({b"sec-fetch-dest": b"image"}, "embedded"),
        ({b"sec-fetch-dest": b"iframe"}, "embedded"),
        ({b"sec-fetch-dest": b"script"}, "embedded"),
        ({b"sec-fetch-dest": b"empty"}, "embedded"),
        ({b"sec-fetch-dest": b"fencedframe"}, "embedded"),
        ({b"user-agent": b"curl/8.5.0"}, "bot"),
        ({b"user-agent": b"curl/8.5.0", b"sec-fetch-dest": b"iframe"}, "embedded"),
    ],
)
def test_only_what_a_person_follows_is_a_person(headers: dict[bytes, bytes], expected: str) -> None:
    assert mark("GET", {**PERSON, **headers}) == expected


def test_a_head_request_is_nobody() -> None:
    assert mark("HEAD", PERSON) == "bot"


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
