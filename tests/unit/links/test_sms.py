"""SMS, the pure parts: segments, what fits into two of them, numbers, a gateway's answers and reports."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.outbound import Answer
from services.links.sms.domain import reports
from services.links.sms.domain.reports import Report
from services.links.sms.domain.text import MOST_SEGMENTS, notice
from services.links.sms_gateways.actions.gateway import LONGEST_WAIT, Away, Refused, Taken, Wait, verdict_of
from services.links.sms_gateways.domain.numbers import is_allowed, masked, number_of
from services.links.sms_gateways.domain.segments import alphabet, plain, segments

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("€" * 152, 2),  # 76 in each: the 153rd place of a piece holds no half of one
        ("€" * 153, 3),
        ("a" * 152 + "€" + "a" * 8, 2),
        ("a" * 152 + "€" + "a" * 151, 2),
        ("a" * 152 + "€" + "a" * 152, 3),  # its two places begin the second piece
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("ж" * 134, 2),
        ("ж" * 135, 3),
        ("a" * 69 + "’", 1),  # one sign outside of the alphabet, and all of it travels otherwise
        ("a" * 70 + "’", 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 66, 2),  # 33 in each: none is torn apart
        ("😀" * 67, 3),
        ("ă" * 71, 2),
    ],
)
def test_segments_are_counted_as_networks_count(text: str, count: int) -> None:
    assert segments(text) == count


def test_simple_signs_keep_a_text_in_the_cheap_alphabet() -> None:
    curly = "“It’s yours” – soon…\u00a0Look"
    assert (alphabet(curly), alphabet(plain(curly))) == ("ucs-2", "gsm-7")
    assert plain(curly) == '"It\'s yours" - soon... Look'
    assert plain("Ваш друг купив") == "Ваш друг купив"


@given(
    store=st.text(max_size=60),
    subject=st.text(max_size=400),
    paragraphs=st.lists(st.text(max_size=400), max_size=4),
    page=st.text(alphabet="abcdef0123456789/", max_size=60),
)
def test_a_notice_is_two_segments_at_most_and_its_address_is_whole(
    store: str, subject: str, paragraphs: list[str], page: str
) -> None:
    url = f"https://kith.example/p/{page}"
    text = notice(store, subject, paragraphs, url)
    assert segments(text) <= MOST_SEGMENTS and url in text


def test_a_notice_says_as_much_as_fits() -> None:
    url = "https://k.example/p/prg_1"
    body = "An order of a friend counts as yours. Your reward: €4.60."
    assert notice("Zerno", "A friend bought at Zerno", [body], url) == f"A friend bought at Zerno. {body} {url}"
    assert notice("Zerno", "Reward ready", ["x" * 400], url) == f"Zerno: Reward ready {url}"
    assert notice("Зерно", "Заказ друга засчитан", ["д" * 90], url) == f"Зерно: Заказ друга засчитан {url}"
    assert notice("Z", f"See {url}", [], url) == f"Z: See {url}", "an address that stands there already stands once"
    long = notice("Z", "о" * 300, [], url)
    assert long.endswith(f"... {url}") and segments(long) == 2


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+373 69 123-456", "+37369123456"),
        ("0037369123456", "+37369123456"),
        ("  +373(69)123456 ", "+37369123456"),
        ("069123456", None),  # of which country?
        ("+12", None),
        ("+0373691234", None),
        ("+3736912345678901", None),
        ("anna@example.com", None),
        ("+10000000000", None),  # a placeholder that tills send
        ("", None),
    ],
)
def test_numbers_have_a_country(text: str, number: str | None) -> None:
    assert number_of(text) == number


def test_no_prefix_is_nowhere() -> None:
    assert is_allowed("+37369123456", ["+40", "+373"]) and not is_allowed("+37369123456", ["+40"])
    assert not is_allowed("+37369123456", [])
    assert masked("+37369123456") == "+373…56"


@pytest.mark.parametrize(
    ("status", "headers", "body", "verdict"),
    [
        (200, {}, b'{"id": "gw-1"}', Taken("gw-1")),
        (202, {}, b"", Taken()),
        (200, {}, b"[1]", Taken()),
        (429, {"retry-after": "7"}, b"", Wait(timedelta(seconds=7))),
        (503, {"retry-after": "99999"}, b"", Wait(LONGEST_WAIT)),
        (503, {"retry-after": "0"}, b"", Wait(timedelta(seconds=1))),
        (429, {}, b"", Wait(timedelta(seconds=30))),
        (500, {}, b"", Away()),
        (408, {}, b"", Away()),
        (422, {}, b'{"error": "unknown_number"}', Refused("unknown_number", 422)),
        (404, {}, b'{"error": "unknown_number"}', Refused("unknown_number", 404)),
        (409, {}, b'{"error": "opted_out"}', Refused("opted_out", 409)),
        (400, {}, b"{", Refused("message", 400)),
        (401, {}, b"", Refused("gateway", 401)),
        (301, {"location": "https://elsewhere.example"}, b"", Refused("gateway", 301)),
    ],
)
def test_what_a_gateway_answers(status: int, headers: dict[str, str], body: bytes, verdict: object) -> None:
    assert verdict_of(Answer(status, headers, body), NOW) == verdict


@given(st.binary(max_size=200))
def test_no_report_is_too_odd(body: bytes) -> None:
    assert reports.read(body) is None or isinstance(reports.read(body), Report)


def test_reports_are_read() -> None:
    assert reports.read(b'{"status": "delivered", "id": "mai_1", "more": 1}') == Report("delivered", "mai_1")
    assert reports.read(b'{"status": "stop", "number": "+373 69123456"}') == Report("stop", number="+37369123456")
    for odd in (rb"\u0000", rb"\ud800", b""):
        assert reports.read(b'{"status": "delivered", "id": "' + odd + b'"}') is None
    assert reports.read(b'{"status": "delivered"}') is None and reports.read(b"[" * 5_000) is None
