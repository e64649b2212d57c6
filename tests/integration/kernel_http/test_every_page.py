"""Every page of the product, from the services' own routes: who sees it, and that nothing of another store is on it."""

import inspect
import re
from collections.abc import Mapping

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from services.cli import manifests
from services.kernel.http.app import API, framework
from services.kernel.http.table import Known, RouteTable
from tests.support.two_stores import Store, TwoStores, unknown_like

PUBLIC = {
    *("/", "/r/{slug}", "/kith.js", "/kith.{digest}.js", "/assets/{digest}/{name}", "/console/session/once"),
    *("/console/session", "/console/session/end", "/p/{place}", "/p/open/{token}", "/p/open", "/p/sign-in"),
    *("/l/{slug}", "/l/{slug}/preview.png", "/l/{slug}/preview.jpg", "/tls/ask"),
    *("/p/sign-in/code", "/p/sign-in/mail", "/p/sign-in/mail/{token}"),
    *("/p/worker.js", "/look/{store_id}.css"),
    *("/in/{platform}/{connection_id}", "/in/{platform}/{connection_id}/{key}"),
    *("/in/insales/{connection_id}/{key}/install", "/in/insales/{connection_id}/{key}/uninstall"),
    *("/join/{program_id}", "/terms/{program_id}", "/unsubscribe/{token}", "/i/{token}"),
    *(
        "/docs",
        "/docs/{group}",
        "/kith-{name}.js",
        "/kith-{name}.{digest}.js",
        "/m/{material_id}/{slug}",
        "/m/{material_id}/{slug}/picture.webp",
    ),
}
"""What needs no session: a slug, a token, a signature or nothing at all is the credential."""
PORTAL = {"/p", "/p/links", "/p/qr.{kind}", "/p/balance", "/p/end", "/p/friends", "/p/friends/newest", "/p/appeals"}
PORTAL |= {"/p/friend-rewards", "/p/limits", "/p/settings", "/p/split", "/p/erase"}
PORTAL |= {"/p/my-data.json", "/p/friends/my-data.json"}
PORTAL |= {"/p/balance/my-data.json", "/p/results", "/p/first-steps", "/p/friends/links", "/p/materials"}
PORTAL |= {
    "/p/statement",
    "/p/messages",
    "/p/messages/telegram",
    "/p/news/{notice_id}",
    "/p/invites",
    "/p/shared",
    "/p/link-results",
    "/p/next-pages",
    "/p/print-sheet.pdf",
}
PORTAL |= {"/p/phone", "/p/phone/code", "/p/phone/end"}
PORTAL |= {"/p/payouts", "/p/payouts/destination", "/p/payouts/request"}
PORTAL |= {"/p/catalogue", "/p/catalogue/{item_id}", "/p/catalogue/redemptions/{redemption_id}/cancel"}
"""What an ambassador's session opens, and no other."""
LEADS_ON = {"/console/links/ambassadors/search"}
"""What shows nothing of its own: it leads to the page that does."""
ORIGIN = {"origin": "http://localhost:8080"}
BROWSER = {"accept": "text/html,application/xhtml+xml"}


def pages() -> list[Known]:
    found = [
        route
        for service in manifests.load_all(manifests.NAMES)
        for route in RouteTable(framework(service).router.routes).routes
        if not route.template.startswith(API)
    ]
    return list({(route.template, tuple(sorted(route.methods))): route for route in found}.values())


def reading_by_themselves() -> set[str]:
    """The addresses of pages that may read any field of their query: nothing says which."""
    return {
        str(context.path)
        for service in manifests.load_all(manifests.NAMES)
        for context in iter_route_contexts(framework(service).router.routes)
        if (endpoint := getattr(context, "endpoint", None)) is not None
        and "query_params" in inspect.getsource(inspect.getmodule(endpoint) or endpoint)
    }


ALL = pages()
READ_BY_THEMSELVES = reading_by_themselves()
PRIVATE = [page for page in ALL if page.template not in PUBLIC | PORTAL]
OF_AMBASSADORS = [page for page in ALL if page.template in PORTAL]
SHOWN = [page for page in PRIVATE if "GET" in page.methods]
WRITES = [page for page in PRIVATE if "POST" in page.methods]


def name(page: Known) -> str:
    return f"{'/'.join(sorted(page.methods - {'HEAD'}))} {page.template}"


def parameters(page: Known) -> list[str]:
    return re.findall(r"{(\w+)(?::\w+)?}", page.template)


def url(page: Known, ids: Mapping[str, str]) -> str:
    return re.sub(r"{(\w+)(?::\w+)?}", lambda found: ids[found[1]], page.template)


@pytest.fixture(scope="module")
async def sessions(two_stores: TwoStores) -> dict[str, dict[str, str]]:
    """The cookie headers of a person of each store."""

    async def sign_in(store: Store) -> dict[str, str]:
        key = store.secret["authorization"].removeprefix("Bearer ")
        answer = await two_stores.client.post("/console/session", json={"secret_key": key}, headers=ORIGIN)
        assert answer.status_code == 200, answer.text
        two_stores.client.cookies.clear()
        return {"cookie": answer.headers["set-cookie"].partition(";")[0]}

    return {"a": await sign_in(two_stores.a), "b": await sign_in(two_stores.b)}


Sessions = dict[str, dict[str, str]]


@pytest.mark.parametrize("page", OF_AMBASSADORS, ids=name)
async def test_the_portal_opens_for_no_key_and_no_session_of_the_console(
    two_stores: TwoStores, sessions: "Sessions", page: Known
) -> None:
    path = url(page, {**two_stores.a.ids, "kind": "png", "notice_id": "ntc_1"})
    method = "POST" if "POST" in page.methods else "GET"
    for headers in ({}, sessions["a"], two_stores.a.secret, two_stores.a.publishable):
        person = await two_stores.client.request(method, path, headers=BROWSER | headers)
        assert (person.status_code, person.headers["location"]) == (303, "/p/sign-in")
        assert (await two_stores.client.request(method, path, headers=headers)).status_code == 401


@pytest.mark.parametrize("page", SHOWN, ids=name)
async def test_without_a_session_one_is_sent_to_sign_in(two_stores: TwoStores, page: Known) -> None:
    path = url(page, two_stores.a.ids)
    person = await two_stores.client.get(path, headers=BROWSER)
    assert (person.status_code, person.headers.get("location", "")[:16]) == (303, "/console/session")
    program = await two_stores.client.get(path)
    assert program.status_code == 401
    publishable = await two_stores.client.get(path, headers=two_stores.a.publishable)
    assert publishable.status_code == 403


@pytest.mark.parametrize("page", SHOWN, ids=name)
async def test_a_person_of_the_store_sees_it(two_stores: TwoStores, sessions: Sessions, page: Known) -> None:
    answer = await two_stores.client.get(url(page, two_stores.a.ids), headers=BROWSER | sessions["a"])
    if page.template in LEADS_ON:
        assert (answer.status_code, answer.headers["location"][:9]) == (303, "/console/")
        return
    assert answer.status_code == 200, answer.text[:500]
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


def without_ids(answer: httpx.Response, ids: Mapping[str, str]) -> tuple[int, str]:
    text = answer.text
    for value in sorted(ids.values(), key=len, reverse=True):
        text = text.replace(value, "…")
    return answer.status_code, re.sub(r"req_[0-9a-f]+", "", text)


@pytest.mark.parametrize("page", [page for page in SHOWN if parameters(page)], ids=name)
async def test_what_is_another_store_s_looks_like_what_is_not_there(
    two_stores: TwoStores, sessions: Sessions, page: Known
) -> None:
    answers = []
    for ids in (two_stores.a.ids, unknown_like(two_stores.a.ids)):
        answer = await two_stores.client.get(url(page, ids), headers=BROWSER | sessions["b"])
        answers.append(without_ids(answer, ids))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("page", SHOWN, ids=name)
async def test_nothing_of_another_store_is_on_a_page(two_stores: TwoStores, sessions: Sessions, page: Known) -> None:
    theirs = [two_stores.a.ids[one] for one in ("ambassador_id", "program_id", "link_id", "reward_id")]
    for query in ("", f"?ids={theirs[0]}", f"?program_id={theirs[1]}", f"?q={theirs[0]}"):
        path = url(page, unknown_like(two_stores.a.ids)) + query
        answer = await two_stores.client.get(path, headers=BROWSER | sessions["b"])
        assert "Anna" not in answer.text
        assert "anna@example.com" not in answer.text
        assert [value for value in theirs if value in answer.text and value not in query] == []


@pytest.mark.parametrize("page", SHOWN, ids=name)
async def test_odd_ids_and_query_fields_are_never_a_failure_of_ours(
    two_stores: TwoStores, sessions: Sessions, page: Known
) -> None:
    headers = BROWSER | sessions["a"]
    odd = ("%00", "%ff%fe", "x" * 3000, "..%2F..%2Fetc", "-1", "%0d%0a", "%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    paths = [url(page, two_stores.a.ids | {one: value}) for one in parameters(page) for value in odd]
    fields = ("cursor", "from", "to", "range", "sort", "status", "program_id", "q", "lang", "compare", "format", "days")
    values = (
        "",
        "%00",
        "-1",
        "9" * 30,
        "x" * 2000,
        "2026-13-45",
        "%F0%9F%92%A5",
        "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    )
    # What a page takes comes alone, lest another field be refused before it; what it does not take, all at once.
    by_itself = page.query is None or page.template in READ_BY_THEMSELVES
    alone = [one for one in fields if by_itself or one in (page.query or ()) or one == "lang"]
    others = [one for one in fields if one not in alone]
    for value in values:
        queries = [f"{one}={value}" for one in alone]
        queries += ["&".join(f"{one}={value}" for one in others)]
        paths += [f"{url(page, two_stores.a.ids)}?{query}" for query in queries]
    # One after the other: many at once would wait for a connection longer than the pool lets them, rightly with a 503.
    for path in paths:
        answer = await two_stores.client.get(path, headers=headers)
        assert answer.status_code < 500, (path, answer.text[:300])
        assert "<script>alert(1)" not in answer.text, path


@pytest.mark.parametrize("page", WRITES, ids=name)
async def test_a_form_of_a_foreign_page_is_refused(two_stores: TwoStores, sessions: Sessions, page: Known) -> None:
    path = url(page, two_stores.a.ids)
    for origin in ({}, {"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
        answer = await two_stores.client.post(path, data={"name": "x"}, headers=sessions["a"] | origin)
        assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")


@pytest.mark.parametrize("page", WRITES, ids=name)
async def test_a_form_cannot_reach_into_another_store(two_stores: TwoStores, sessions: Sessions, page: Known) -> None:
    answers = []
    for ids in (two_stores.a.ids, unknown_like(two_stores.a.ids)):
        form = {"program_id": ids["program_id"], "reason": "because", "name": "Mallory", "email": "m@example.com"}
        answer = await two_stores.client.post(url(page, ids), data=form, headers=sessions["b"] | ORIGIN)
        assert answer.status_code < 500
        assert "Anna" not in answer.text
        answers.append(without_ids(answer, ids | {"form": "Mallory"}))
    assert answers[0][0] == answers[1][0]


@pytest.mark.parametrize("page", WRITES, ids=name)
async def test_odd_forms_are_never_a_failure_of_ours(two_stores: TwoStores, sessions: Sessions, page: Known) -> None:
    kind = "application/x-www-form-urlencoded"
    for body in (
        b"",
        b"name=%ff",
        b"name=a&name=b",
        b"&&&===",
        b"name=" + b"x" * 100_000,
        b"name=%00",
        b"{}",
        b"\xff\xfe",
    ):
        headers = sessions["a"] | ORIGIN | {"content-type": kind}
        answer = await two_stores.client.post(url(page, two_stores.a.ids), content=body, headers=headers)
        assert answer.status_code < 500, body[:50]


@pytest.mark.parametrize(
    "path", ["/p/{}", "/p/open/{}", "/p/sign-in/mail/{}", "/r/{}", "/kith.{}.js", "/console/session?token={}"]
)
async def test_made_up_credentials_in_an_address_open_nothing(two_stores: TwoStores, path: str) -> None:
    for made_up in (
        "x",
        "k1.x.y",
        "k1." + "A" * 60 + "." + "A" * 27,
        "%00",
        "%ff",
        "x" * 2000,
        "..%2f..%2fetc",
        "%0d%0aset-cookie:x",
    ):
        answer = await two_stores.client.get(path.format(made_up), headers=BROWSER)
        assert answer.status_code < 500, made_up
        assert "set-cookie" not in answer.headers
        assert "Anna" not in answer.text
        assert "location" not in answer.headers or answer.headers["location"].startswith("/console/session")
