"""Which pages are a store's, and where a friend is sent."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.links.links.domain import target
from services.links.stores.domain import BadAddress, belongs, own_page, parse_address, store_domain

DOMAINS = ("shop.example", "localhost:8090", "xn--80ak6aa92e.example")

REFUSED = [
    "",
    "shop.example",
    "//shop.example/",
    "///shop.example",
    "https:/shop.example/",
    "https:shop.example",
    "https:///shop.example/",
    "http://shop.example/",
    "ftp://shop.example/",
    "javascript://shop.example/%0aalert(1)",
    "javascript:alert(1)",
    "data:text/html,hi",
    "https://evil.example/",
    "https://evil.example/?https://shop.example/",
    "https://evil.example#@shop.example/",
    "https://shop.example@evil.example/",
    "https://shop.example:443@evil.example/",
    "https://user@shop.example/",
    "https://shop.example\\@evil.example/",
    "https://evil.example\\.shop.example/",
    "https://evil.example/shop.example",
    "https://shop.example.evil.example/",
    "https://notshop.example/",
    "https://shop.example:8443/",
    "https://shop.example:99999/",
    "https://shop.example:https/",
    "https://shop.example/\r\nLocation: https://evil.example",
    "https://shop.example/\tx",
    "https://shop.example/\x00",
    "https://shop.example /",
    " https://shop.example/",
    "https://shop.example/\u2028",
    "https://ſhop.example.evil/",
    "https://evil。example/",
    "https://shоp.example/",  # a Cyrillic о
    "https://[::1]:8090/",
    "https://0x7f.1/",
    "https://2130706433/",
    "http://localhost:8091/",
    "http://localhost.evil.example:8090/",
    "https://" + "a" * 300 + ".shop.example/",
    "https://shop.example/" + "a" * 2100,
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_the_stores_page_is_refused(text: str) -> None:
    with pytest.raises(BadAddress):
        own_page(text, DOMAINS)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("https://shop.example", "https://shop.example/"),
        ("HTTPS://Shop.Example:443/A?b=C#d", "https://shop.example/A?b=C#d"),
        ("https://shop.example/#/docs#install", "https://shop.example/#/docs#install"),
        ("https://shop.example/#!/a?b=%20[1]", "https://shop.example/#!/a?b=%20[1]"),
        ("https://shop.example//evil.example/x", "https://shop.example//evil.example/x"),
        ("https://www.shop.example/p/1", "https://www.shop.example/p/1"),
        ("http://localhost:8090/cart", "http://localhost:8090/cart"),
        ("https://shop.example/кава", "https://shop.example/%D0%BA%D0%B0%D0%B2%D0%B0"),
        ("https://shop.example/a%20b?q=1%2B1", "https://shop.example/a%20b?q=1%2B1"),
        ("https://аррӏе.example/", "https://xn--80ak6aa92e.example/"),
    ],
)
def test_an_address_has_one_normal_form(text: str, normal: str) -> None:
    assert str(own_page(text, DOMAINS)) == normal


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("Shop.Example", "shop.example"),
        ("localhost:8090", "localhost:8090"),
        ("127.0.0.1:80", "127.0.0.1:80"),
        ("кава.укр", "xn--80aaf4a.xn--j1amh"),
        ("[::1]:8090", "[::1]:8090"),
    ],
)
def test_a_domain_has_one_normal_form(text: str, domain: str) -> None:
    assert store_domain(text) == domain
    assert store_domain(domain) == domain


@pytest.mark.parametrize(
    "text", ["", "example", "https://x.example", "a b.example", "x.example/p", "x.example:0", "a@b.example"]
)
def test_what_is_no_domain_is_refused(text: str) -> None:
    with pytest.raises(BadAddress):
        store_domain(text)


PIECES = st.sampled_from(
    [
        *("https://", "http://", "//", "/", "\\", "@", ":", "?", "#", "&", "kith=", "%0d%0a", "\r\n", "\x00", " "),
        *(
            "shop.example",
            "evil.example",
            ".",
            "xn--",
            "о",
            "。",
            "[::1]",
            "localhost:8090",
            "443",
            "a",
            "%2f",
            "utm_source=x",
        ),
    ]
)


@given(st.lists(PIECES, max_size=8).map("".join) | st.text(max_size=60))
def test_whatever_is_let_through_leads_to_the_store(text: str) -> None:
    try:
        address = own_page(text, DOMAINS)
    except BadAddress:
        return
    cut = target(address, {"source": "a&b#c", "campaign": "1\r\n2"})
    location = f"{cut.head}k1.token{cut.tail}"
    assert location.isascii()
    assert location.isprintable()
    parts = urlsplit(location)
    assert parts.scheme in {"https", "http"}
    assert parts.username is None
    assert belongs(parse_address(location), DOMAINS)
    assert [value for name, value in parse_qsl(parts.query) if name == "kith"] == ["k1.token"]
    assert own_page(str(address), DOMAINS) == address


@given(
    st.dictionaries(st.sampled_from(["source", "medium", "campaign"]), st.text(min_size=1, max_size=20)),
    st.text(max_size=20),
)
def test_the_pages_own_query_survives(utm: dict[str, str], value: str) -> None:
    page = parse_address("https://shop.example/p?a=1&b=%20x&a=2&flag#part")
    cut = target(page, utm)
    pairs = parse_qsl(urlsplit(cut.head + "T" + cut.tail).query, keep_blank_values=True)
    assert pairs[:4] == [("a", "1"), ("b", " x"), ("a", "2"), ("flag", "")]
    assert cut.tail == "#part"
    assert pairs[-1] == ("kith", "T")
