"""Requests that are read without the server's parser: it would make the same of each, and keep the connection."""

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.http.plain import read


class Parsed:
    """What the parser makes of bytes."""

    def __init__(self, data: bytes) -> None:
        self.url, self.body, self.headers, self.whole = b"", b"", list[tuple[bytes, bytes]](), 0
        self.parser = httptools.HttpRequestParser(self)
        self.parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.whole += 1


def request(*fields: bytes, line: bytes = b"POST /v1/track HTTP/1.1", body: bytes = b"") -> bytes:
    return b"\r\n".join((line, *fields)) + b"\r\n\r\n" + body


BROWSER = (
    b"Host: go.shop.example",
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    b"Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
    b"Connection: keep-alive",
)


def test_a_click_and_a_report_are_read() -> None:
    click = read(request(*BROWSER, line=b"GET /r/anna-7?ch=telegram HTTP/1.1"))
    assert click is not None
    assert click[:3] == ("GET", "/r/anna-7", b"ch=telegram")
    assert click[3][1][0] == b"user-agent"
    report = read(request(*BROWSER, b"content-length: 7", body=b'{"a":1}'))
    assert report is not None
    assert (report[0], report[4]) == ("POST", b'{"a":1}')


@pytest.mark.parametrize(
    "sent",
    [
        request(*BROWSER)[:-1],
        request(*BROWSER, line=b"POST /v1/track HTTP/1.0"),
        request(*BROWSER, line=b"POST http://x/v1/track HTTP/1.1"),
        request(*BROWSER, line=b"POST /v1/tr%61ck HTTP/1.1"),
        request(*BROWSER, line=b"POST /v1/track#x HTTP/1.1"),
        request(*BROWSER, line=b"post /v1/track HTTP/1.1"),
        request(*BROWSER) + request(*BROWSER),
        request(*BROWSER, b"Content-Length: 2", body=b"a"),
        request(*BROWSER, b"Content-Length: 1", body=b"ab"),
        request(*BROWSER, b"Content-Length: +1", body=b"a"),
        request(*BROWSER, b"Content-Length: 1", b"content-length: 1", body=b"a"),
        request(*BROWSER, b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
        request(*BROWSER, b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
        request(b"Connection: close"),
        request(b"Connection: keep-alive, upgrade", b"Upgrade: websocket"),
        request(b"Proxy-Connection: close"),
        request(b"Expect: 100-continue"),
        request(b"X: a\r\n folded"),
        request(b"X : a"),
        request(b"X: a "),
        request(b"X:a"),
        request(b"X: a\0b"),
        request(b"X: a\nY: b"),
        request(b"X: a\rY: b"),
    ],
)
def test_what_is_unusual_is_left_to_the_parser(sent: bytes) -> None:
    assert read(sent) is None


WORDS = st.sampled_from(
    [
        b"content-length",
        b"Content-Length",
        b"connection",
        b"transfer-encoding",
        b"upgrade",
        b"host",
        b"X-A",
        b"a b",
        b"",
    ]
) | st.binary(max_size=4)
VALUES = st.sampled_from([b"keep-alive", b"Keep-Alive", b"close", b"chunked", b"0", b"1", b"3", b"a, b", b"a:b", b""])
FIELDS = st.tuples(WORDS, st.sampled_from([b": ", b":", b" : ", b":\t"]), VALUES | st.binary(max_size=4)).map(b"".join)
LINES = st.sampled_from([b"GET /r/anna?ch=x HTTP/1.1", b"POST /v1/track HTTP/1.1", b"GET / HTTP/1.0"]) | st.tuples(
    st.sampled_from([b"GET /", b"POST /", b"GET /r/a?"]), st.binary(max_size=3), st.just(b" HTTP/1.1")
).map(b"".join)


@given(LINES, st.lists(FIELDS, min_size=1, max_size=4), st.binary(max_size=3))
def test_what_is_read_the_parser_reads_the_same(line: bytes, fields: list[bytes], body: bytes) -> None:
    sent = request(*fields, line=line, body=body)
    found = read(sent)
    if found is None:
        return
    parsed = Parsed(sent)
    assert (parsed.whole, parsed.parser.should_keep_alive(), parsed.parser.should_upgrade()) == (1, True, False)
    assert parsed.parser.get_http_version() == "1.1"
    path, _, query = parsed.url.partition(b"?")
    method = parsed.parser.get_method().decode()
    assert found == (method, path.decode(), query, parsed.headers, parsed.body)
