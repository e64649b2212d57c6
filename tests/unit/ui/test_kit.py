"""The kit page in every language: markup that the policy allows and readers can follow, and that stays small."""

import gzip
import re

import pytest
from jinja2 import UndefinedError
from starlette.requests import Request
from starlette.responses import HTMLResponse

from services.common.words import Translatable
from services.ui import LANGUAGES, Freshness, NavItem, Pages
from services.ui.assets import STATIC
from tests.unit.ui import kit

EVERY_PAGE = [(page, language) for page in kit.PAGES_OF_THE_KIT for language in LANGUAGES]


def request_for(path: str = "/console", query: str = "", headers: dict[str, str] | None = None) -> Request:
    raw = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    return Request({"type": "http", "method": "GET", "path": path, "query_string": query.encode(), "headers": raw})


def text(answer: HTMLResponse) -> str:
    return bytes(answer.body).decode()


@pytest.mark.parametrize(("page", "language"), EVERY_PAGE)
def test_no_page_needs_what_the_policy_forbids(page: str, language: str) -> None:
    html = kit.render_kit(page, language=language)
    assert not re.search(r"\sstyle=", html)
    assert not re.search(r"\son\w+=", html)
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert "<style" not in html
    assert "javascript:" not in html


@pytest.mark.parametrize("page", kit.PAGES_OF_THE_KIT)
def test_a_page_has_one_h1_its_landmarks_a_skip_link_and_its_language(page: str) -> None:
    html = kit.render_kit(page, language="uk")
    assert html.count("<h1") == 1
    assert html.count("<main") == 1
    assert '<a class="skip" href="#main">' in html
    assert '<html lang="uk">' in html
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("page", kit.PAGES_OF_THE_KIT)
def test_every_icon_on_a_page_exists(page: str) -> None:
    known = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text()))
    assert set(re.findall(r"icons\.svg#([\w-]+)", kit.render_kit(page))) <= known


def test_a_console_page_is_small_before_its_rows() -> None:
    assert len(gzip.compress(kit.render_kit("overview").encode(), 9)) <= 10_000


def test_what_a_page_is_given_is_escaped() -> None:
    pages = Pages(nav=[NavItem("", "<i>x", "/console", "x")])
    html = pages.render_text("console.html", context={"title": "<script>alert(1)</script>", "store": '"><b>'})
    assert "<script>alert" not in html
    assert '"><b>' not in html
    assert "<i>x" not in html


def test_a_name_that_does_not_exist_is_an_error_and_not_a_blank() -> None:
    with pytest.raises(UndefinedError):
        Pages().render_text("console.html", context={})
    with pytest.raises(UndefinedError, match="tyle"):
        Pages().environment("en").from_string("{{ ui.tyle() }}").render()


def test_the_side_bar_marks_the_entry_that_the_page_belongs_to() -> None:
    for path, label in (("/console", "Overview"), ("/console/things/1/edit", "Things"), ("/console/terms", "Terms")):
        html = kit.make_pages().render_text("console.html", path=path, context={"title": "x"})
        marked = re.findall(r'aria-current="page">.*?</svg>([^<]+)', html)
        assert marked == [label, label], path  # once in the bar, once in the menu of small windows


def test_a_page_outside_all_entries_marks_none() -> None:
    assert "aria-current" not in kit.make_pages().render_text(
        "plain.html", path="/console/session", context={"title": "x"}
    ).replace('aria-current="true"', "")


def test_the_reader_chooses_the_language_once_and_it_is_kept() -> None:
    pages = kit.make_pages()
    chosen = pages.render(request_for(query="lang=ru&from=2026-10-26"), "console.html", title="x", now=kit.NOW)
    assert 'lang="ru"' in text(chosen)
    assert "kith_lang=ru" in chosen.headers["set-cookie"]
    kept = pages.render(request_for(headers={"cookie": "kith_lang=ro; kith_theme=dark"}), "console.html", title="x")
    assert '<html lang="ro" data-theme="dark">' in text(kept)
    assert "set-cookie" not in kept.headers
    assert "Accept-Language" in kept.headers["vary"]


def test_choosing_a_language_keeps_the_rest_of_the_address() -> None:
    html = kit.make_pages().render_text(
        "console.html", path="/console", query="from=2026-10-26&lang=ru", context={"title": "x"}
    )
    assert 'href="/console?from=2026-10-26&amp;lang=uk"' in html


def test_a_forged_theme_or_language_changes_nothing() -> None:
    answer = kit.make_pages().render(
        request_for(query='lang="><x', headers={"cookie": 'kith_theme="><x; kith_lang=../..'}),
        "console.html",
        title="x",
    )
    assert '<html lang="en">' in text(answer)
    assert "<x" not in text(answer)


def test_every_answer_carries_the_policy_and_is_kept_by_nobody() -> None:
    answer = kit.make_pages().render(request_for(), "console.html", title="x", status=404)
    assert answer.status_code == 404
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "private, no-cache"


def test_a_page_that_is_behind_says_by_how_much_and_what_waits() -> None:
    fresh = Freshness("Behind by 4 min: data to 15:58", behind=True, detail="1,204 events are waiting.")
    html = kit.make_pages().render_text("console.html", context={"title": "x", "freshness": fresh})
    assert 'class="fresh behind"' in html
    assert "1,204 events are waiting." in html


def test_what_waits_for_somebody_is_counted_beside_its_entry() -> None:
    html = kit.make_pages().render_text(
        "console.html", "ru", context={"title": "x", "counts": {"/console/things": 1204}}
    )
    assert '<span class="count">1\u00a0204</span>' in html


def test_a_service_finds_its_templates_and_texts_by_the_layout(tmp_path_factory: pytest.TempPathFactory) -> None:
    package = tmp_path_factory.mktemp("service")
    (package / "orders" / "pages").mkdir(parents=True)
    (package / "orders" / "pages" / "list.html").write_text('{{ _("Hello %(who)s", who=who) }}')
    folder = package / "locale" / "ru" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "messages.po").write_text('msgid "Hello %(who)s"\nmsgstr "Здравствуйте, %(who)s"\n', encoding="utf-8")
    pages = Pages.of_service(package)
    assert pages.render_text("orders/list.html", "ru", context={"who": "<b>"}) == "Здравствуйте, &lt;b&gt;"
    assert pages.render_text("orders/list.html", "uk", context={"who": "A"}) == "Hello A"


@pytest.mark.parametrize(
    ("status", "title", "shows_detail"),
    [(404, "По этому адресу ничего нет", False), (403, "Эта страница вам недоступна", True), (500, "Страницу", False)],
)
def test_a_failure_is_a_page_in_the_readers_language(status: int, title: str, shows_detail: bool) -> None:
    html = failed("ru", "The scope <money> is missing.", status=status, home="/console")
    assert title in html
    assert "req_01" in html
    assert ('<p class="detail" lang="en">The scope &lt;money&gt; is missing.' in html) is shows_detail


@pytest.mark.parametrize(
    ("language", "code", "detail", "shown"),
    [
        ("en", "conflict", "It is taken.", "It is taken."),
        ("uk", "conflict", Translatable("At least %(least)s.", least="<2>"), "Не менше &lt;2&gt;."),
        ("ro", "rate_limited", "Too many requests.", "Așteptați un minut"),
        ("ru", "conflict", "It is taken.", ""),
    ],
    ids=["English", "said by us", "known by its code", "nobody reads another language than theirs"],
)
def test_what_is_wrong_is_said_in_the_readers_language(language: str, code: str, detail: str, shown: str) -> None:
    html = failed(language, detail, code=code)
    assert shown in html
    assert (detail in html) is (language == "en")
    assert 'lang="en"' not in html.partition("<main")[2]


def failed(language: str, detail: str, *, code: str = "conflict", status: int = 409, home: str = "") -> str:
    request = request_for("/p/x", headers={"accept-language": language})
    answer = Pages().error_page(request, status=status, code=code, detail=detail, request_id="req_01", home=home)
    assert answer.status_code == status
    return text(answer)
