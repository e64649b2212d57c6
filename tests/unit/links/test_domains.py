"""Which domains a store may name, and what proves one."""

import pytest

from services.common import scopes
from services.links.domains.domain import in_file, in_page, in_records, places
from services.links.stores.domain import BadAddress, DomainPolicy, front_page, lies_below, own_page, refusal

LIVE = DomainPolicy(demo=False, proof=True)
DEMO = DomainPolicy(demo=True, proof=False)


@pytest.mark.parametrize(
    "name",
    [
        *("com", "co.uk", "example", "ck", "xn--p1ai", "com.ua", "msk.ru"),
        *("myshopify.com", "github.io", "pages.dev", "vercel.app", "wixsite.com", "square.site"),
        *("tilda.ws", "myinsales.ru", "bigcartel.com", "wordpress.com"),
        *("localhost", "localhost:8090", "shop.localhost", "127.0.0.1", "[::1]"),
        *("10.0.0.1", "192.168.1.7:8443", "8.8.8.8", "0x7f.1", "127.1", "0x7f000001", "shop.1"),
    ],
)
def test_what_can_be_nobodys_is_refused(name: str) -> None:
    assert refusal(name, LIVE)


@pytest.mark.parametrize(
    "name", ["shop.example", "zerno.myshopify.com", "zerno.co.uk", "zerno.com:8443", "a.b.example", "4shop.example"]
)
def test_a_shops_own_domain_may_be_named(name: str) -> None:
    assert refusal(name, LIVE) is None


def test_a_demo_may_live_on_this_machine_and_still_owns_no_suffix() -> None:
    assert refusal("localhost:8090", DEMO) is None
    assert refusal("myshopify.com", DEMO)


def test_without_a_proved_domain_no_page_is_the_stores() -> None:
    with pytest.raises(BadAddress, match="no proved domain"):
        own_page("https://shop.example/", ())


def test_below_is_below_a_dot() -> None:
    assert lies_below("www.shop.example", ["shop.example"])
    assert not lies_below("evilshop.example", ["shop.example"])


def test_a_port_changes_the_file_and_not_the_record() -> None:
    found = places("shop.example:8443", "t")
    assert (found.dns_name, found.text) == ("_kith.shop.example", "kith-verification=t")
    assert found.file_url == "https://shop.example:8443/.well-known/kith-verification.txt"
    assert front_page("localhost:8090") == "http://localhost:8090/"


def test_records_may_stand_beside_others() -> None:
    assert in_records(["v=spf1 -all", " kith-verification=t "], "kith-verification=t") == "found"
    assert in_records(["kith-verification=other"], "kith-verification=t") == "different"
    assert in_records(["xkith-verification=t"], "kith-verification=t") == "missing"


def test_a_file_says_the_text_and_nothing_else() -> None:
    assert in_file(200, b"kith-verification=t\n", "kith-verification=t") == "found"
    assert in_file(200, b"<p>kith-verification=t</p>", "kith-verification=t") == "different"
    assert in_file(404, b"kith-verification=t", "kith-verification=t") == "missing"
    assert in_file(302, b"kith-verification=t", "kith-verification=t") == "missing"


@pytest.mark.parametrize(
    ("page", "found"),
    [
        (b'<script defer src="https://k.example/kith.js" data-key="own"></script>', "found"),
        (b'<script src="https://k.example/kith.0bcbdb8742ad.js" data-key="own"></script>', "found"),
        (b'<script src="/kith.nothing-of-ours.js" data-key="own"></script>', "missing"),
        (b'<SCRIPT SRC="/kith.js?v=1" DATA-KEY="own"></SCRIPT>', "found"),
        (b'<script src="https://k.example/kith.js" data-key="strange"></script>', "different"),
        (b'<!-- <script src="/kith.js" data-key="own"></script> -->', "missing"),
        (b'&lt;script src="/kith.js" data-key="own"&gt;', "missing"),
        (b'<p data-key="own">kith.js own</p>', "missing"),
        (b'<textarea><script src="/kith.js" data-key="own"></script></textarea>', "missing"),
        (b'<script>var x = \'<script src="/kith.js" data-key="own">\'</script>', "missing"),
    ],
)
def test_a_script_is_an_element_of_the_page(page: bytes, found: str) -> None:
    assert in_page(200, page, lambda key: key == "own") == found


def test_old_keys_gain_no_say_over_domains() -> None:
    assert scopes.SCOPES.from_mask(0x7FFFE | 0xFFFE) & scopes.NAMED_ONLY == {"domains:read", "domains:write"}
    assert not scopes.SCOPES.from_mask(0xFFFE) & scopes.NAMED_ONLY
    assert not scopes.FIRST & scopes.NAMED_ONLY
    assert not scopes.USUAL & scopes.NAMED_ONLY
    assert (
        scopes.SCOPES.from_mask(scopes.SCOPES.to_mask(["domains:*", "goodwill:*", "payouts:*", "credit:*"]))
        == scopes.NAMED_ONLY
    )
