"""A marketer's settings, in one place of the console: what a store is called, its look, its domains, its keys."""

import re

import httpx
import pytest

from tests.integration.links.world import Replica, Shop, events

SETTINGS = "/console/links/settings"
KEYS = "/console/links/keys"
PLACEHOLDERS = f"{SETTINGS}/placeholders"
PAGES = (SETTINGS, "/console/links/look", "/console/links/domains", "/console/links/link-domain", KEYS, PLACEHOLDERS)


async def test_one_bar_leads_through_all_settings_and_the_side_bar_names_them_once(console: httpx.AsyncClient) -> None:
    for here in (*PAGES, "/console/links/identify"):
        page = (await console.get(here)).text
        bar = page.partition('<nav class="tabs"')[2].partition("</nav>")[0]
        assert [one for one in PAGES if f'href="{one}"' not in bar] == []
        assert f'href="{here}" aria-current="page"' in bar
        side = page.partition('<nav class="nav"')[2].partition("</ul>")[0]
        assert re.findall(r'href="(/console/links/(?:settings|look|domains|identify)[^"]*)"', side) == [SETTINGS]


async def test_name_language_and_time_zone_are_changed_and_the_currency_stays(
    links: Replica, console: httpx.AsyncClient, shop: Shop
) -> None:
    shown = (await console.get(SETTINGS)).text
    assert "EUR · Euro" in shown
    saved = await console.post(SETTINGS, data={"name": " Zerno & Co ", "locale": "uk", "timezone": "Europe/Kyiv"})
    assert saved.status_code == 303, saved.text
    store = await shop.got(f"/v1/stores/{shop.id}")
    assert (store["name"], store["locale"], store["timezone"]) == ("Zerno & Co", "uk", "Europe/Kyiv")
    assert (await events(links, "store.configured"))[-1]["name"] == "Zerno & Co"
    assert "Zerno &amp; Co" in (await console.get(SETTINGS)).text
    bad = {"name": "", "locale": "xx-yy", "timezone": "Mars/Base"}
    wrong = await console.post(SETTINGS, data=bad, headers={"Accept-Language": "en"})
    assert wrong.status_code == 422
    for text in ("1 to 120 letters", "Choose a language.", "such as Europe/Chisinau", 'value="Mars/Base"'):
        assert text in wrong.text
    assert await shop.got(f"/v1/stores/{shop.id}") == store


async def test_placeholders_are_written_one_a_line_and_the_wrong_line_is_named(
    console: httpx.AsyncClient, shop: Shop
) -> None:
    given = {"customer_ids": "guest\r\n\r\n walk-in ", "emails": "pos@shop.example", "phones": "+373 22 000000"}
    saved = await console.post(PLACEHOLDERS, data=given)
    assert saved.status_code == 303, saved.text
    kept = (await shop.got(f"/v1/stores/{shop.id}"))["placeholders"]
    assert kept["customer_ids"] == ["guest", "walk-in"]
    assert "guest\nwalk-in</textarea>" in (await console.get(PLACEHOLDERS)).text
    for change, text in (
        ({"emails": "pos@shop.example\nnobody"}, "“nobody” is no e-mail address."),
        ({"phones": "12"}, "“12” is no phone number"),
        ({"customer_ids": "x" * 201}, "is too long: at most 200 letters."),
        ({"customer_ids": "\n".join(map(str, range(201)))}, "At most 200 lines"),
    ):
        answer = await console.post(PLACEHOLDERS, data=given | change)
        assert answer.status_code == 422
        assert text in answer.text
    assert (await shop.got(f"/v1/stores/{shop.id}"))["placeholders"] == kept


def key_in(page: httpx.Response) -> str:
    """The key that a page shows. There is one on a page that a key was made by."""
    (key,) = set(re.findall(r'data-copy="(kith_[sp]k_[^"]+)"', page.text))
    return str(key)


async def test_a_key_is_made_with_some_scopes_shown_once_and_revoked(
    links: Replica, console: httpx.AsyncClient, shop: Shop
) -> None:
    form = (await console.get(f"{KEYS}/new")).text
    assert 'value="orders:write" checked' in form
    assert 'value="domains:write"' not in form  # this session's key has it not
    once = form.partition('name="once" value="')[2].partition('"')[0]
    wanted = {"label": "till", "kind": "secret", "scopes": ["programs:read", "links:read"], "once": once}
    made = await console.post(KEYS, data=wanted)
    assert made.status_code == 200, made.text
    assert made.headers["cache-control"] == "no-store"
    key = key_in(made)
    assert key_in(await console.post(KEYS, data=wanted)) == key  # reloaded: no second key
    bearer = {"Authorization": f"Bearer {key}"}
    assert (await links.http.get("/v1/programs", headers=bearer)).status_code == 200
    assert (await links.http.get("/v1/keys", headers=bearer)).status_code == 403
    listed = (await console.get(KEYS)).text
    assert key not in listed
    assert listed.count(">till<") == 1
    one = re.findall(rf'href="({KEYS}/key_[^"]+)">till<', listed)[0]
    assert one.rpartition("_")[2][-6:] in key  # by what it is found again
    page = (await console.get(one)).text
    assert "Programs, look and settings" in page
    assert key not in page
    assert (await console.post(f"{one}/revoke")).status_code == 303
    assert (await links.http.get("/v1/programs", headers=bearer)).status_code == 401
    assert "Revoked" in (await console.get(one)).text


async def test_a_key_for_pages_comes_with_the_line_that_loads_the_script(console: httpx.AsyncClient) -> None:
    made = await console.post(KEYS, data={"kind": "publishable", "label": "pages", "scopes": "orders:write"})
    key = re.findall(r"kith_pk_[0-9a-z_]+", made.text)[0]
    assert f"data-key=&#34;{key}&#34;" in made.text


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"kind": "secret"}, "Choose what the key may do."),
        ({"kind": "secret", "scopes": "track"}, "Choose what the key may do."),
        ({"kind": "secret", "scopes": "links:read", "label": "x" * 121}, "At most 120 letters."),
        ({"kind": "publishable", "label": "a\nb"}, "At most 120 letters."),
    ],
)
async def test_a_form_that_makes_no_key_says_why(
    console: httpx.AsyncClient, shop: Shop, given: dict[str, str], text: str
) -> None:
    before = await shop.got("/v1/keys")
    answer = await console.post(KEYS, data=given)
    assert answer.status_code == 422
    assert text in answer.text
    forged = await console.post(KEYS, data={"kind": "secret", "scopes": ["links:read", "domains:write"]})
    assert forged.status_code == 422
    assert await shop.got("/v1/keys") == before
