"""What messengers and networks show of a share link before anybody opens it."""

import io
import re

import httpx
import pytest
from PIL import Image

from tests.integration.links.test_landing import PAGE, ROBOTS, clicks_of, opened, wait_for_clicks
from tests.integration.links.world import BROWSER, Replica, Shop, redirect_of
from tests.support.quick import quickly

SHOWING = {
    "Telegram": "TelegramBot (like TwitterBot)",
    "WhatsApp": "WhatsApp/2.23.20.0",
    "Viber": "Viber",
    "VK": "Mozilla/5.0 (compatible; vkShare; +http://vk.com/dev/Share)",
    "OK": "Mozilla/5.0 (compatible; OdklBot/1.0 like Linux; klass@odnoklassniki.ru)",
    "Facebook": "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "X": "Twitterbot/1.0",
    "LinkedIn": "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "Slack": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "iMessage": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko)"
    " Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
    "Discord": "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "Skype": "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
}
IN_APPS = {
    "Viber": "Mozilla/5.0 (Linux; Android 14; SM-A346E Build/UP1A.231005.007; wv) AppleWebKit/537.36"
    " (KHTML, like Gecko) Version/4.0 Chrome/120.0.6099.144 Mobile Safari/537.36 Viber/22.8.0.4",
    "Instagram": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Mobile/15E148 Instagram 334.0.4.32.98 (iPhone12,1; iOS 17_5; en_US; en; scale=2.00; 828x1792; 609775437)",
    "Firefox": BROWSER,
}


async def asked(links: Replica, path: str, agent: str, method: str = "GET") -> httpx.Response:
    return await links.http.request(method, path, headers={"User-Agent": agent})


def meta(page: httpx.Response) -> dict[str, str]:
    return dict(re.findall(r'<meta (?:property|name)="([\w:]+)" content="([^"]*)">', page.text))


@pytest.mark.parametrize("landing", ["page", "store"])
@pytest.mark.parametrize("network", SHOWING)
async def test_each_network_shows_the_invitation_and_its_picture_and_no_code(
    links: Replica, shop: Shop, network: str, landing: str
) -> None:
    anna = await shop.ambassador(await shop.program(**{**PAGE, "landing": landing}), name="Anna Kowalczuk")
    slug = anna["link"]["slug"]
    assert quickly(links.http, "GET", f"/r/{slug}", headers={"User-Agent": SHOWING[network]}) is None
    page = await asked(links, f"/r/{slug}", SHOWING[network])
    assert page.status_code == 200
    shown = meta(page)
    assert shown["og:title"] == "€5 off your first order · Zerno"
    assert shown["og:description"].startswith("Anna invites you. Until ")
    assert shown["og:url"].endswith(f"/r/{slug}")
    assert shown["twitter:card"] == "summary_large_image"
    assert anna["code"]["code"] not in page.text
    assert "Kowalczuk" not in page.text
    assert page.headers["x-robots-tag"].startswith("noindex")
    drawn = await asked(links, shown["og:image"].replace("&amp;", "&"), SHOWING[network])
    assert (drawn.status_code, drawn.headers["content-type"]) == (200, "image/png")
    with Image.open(io.BytesIO(drawn.content)) as image:
        assert (image.format, image.size) == ("PNG", (1200, 630))
    [reported] = await wait_for_clicks(links, anna["link"]["id"], 1)
    assert reported["quality"] == "bot", "looking is no click of a person, and a picture is none at all"


@pytest.mark.parametrize("app", IN_APPS)
async def test_people_who_read_in_an_app_get_the_redirect(links: Replica, shop: Shop, app: str) -> None:
    anna = await shop.ambassador(await shop.program(**PAGE))
    answer = await asked(links, f"/r/{anna['link']['slug']}", IN_APPS[app])
    assert answer.status_code == 302
    assert answer.headers["location"].startswith(f"/l/{anna['link']['slug']}?kith=")


async def test_a_robot_that_shows_nothing_to_people_gets_the_redirect(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program())
    for agent in (ROBOTS[0], ROBOTS[1], ""):
        assert (await asked(links, f"/r/{anna['link']['slug']}", agent)).status_code == 302


async def test_the_picture_speaks_the_readers_language_and_changes_with_the_program(links: Replica, shop: Shop) -> None:
    program_id = await shop.program(**PAGE)
    anna = await shop.ambassador(program_id, name="Катерина", locale="uk")
    slug = anna["link"]["slug"]
    first = meta(await asked(links, f"/r/{slug}", SHOWING["Telegram"]))
    assert first["og:title"].startswith("Знижка 5")
    assert "lang=uk" in first["og:image"]
    pictures = [
        (await asked(links, f"/l/{slug}/preview.png?lang={language}", "Viber")).content
        for language in ("en", "ru", "uk", "ro", "uk")
    ]
    assert len(set(pictures)) == 4
    more = {"discount": {"give": {"kind": "fixed", "amount_minor": 700}}}
    await shop.http.patch(f"/v1/programs/{program_id}", json=more)
    await redirect_of(links).cache.catch_up()
    assert meta(await asked(links, f"/r/{slug}", SHOWING["Telegram"]))["og:image"] != first["og:image"]


async def test_what_is_shown_names_the_links_own_slug_however_it_was_typed(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program(**PAGE))
    await shop.http.patch(f"/v1/links/{anna['link']['id']}", json={"slug": f"Own-{anna['link']['slug']}"})
    await redirect_of(links).cache.catch_up()
    own = f"own-{anna['link']['slug']}"
    for typed in (own, own.upper(), f"{own})", anna["link"]["slug"]):
        for way in ("r", "l"):
            shown = meta(await asked(links, f"/{way}/{typed}", SHOWING["Telegram"]))
            assert shown["og:url"].endswith(f"/r/{own}"), typed
            assert f"/l/{own}/preview.png?" in shown["og:image"], typed


async def test_a_look_at_the_head_answers_without_a_body(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program(**PAGE))
    head = await asked(links, f"/r/{anna['link']['slug']}", SHOWING["Facebook"], "HEAD")
    assert (head.status_code, head.content) == (200, b"")


async def test_there_is_no_picture_of_a_link_that_is_over_or_nobodys(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program(**PAGE))
    await shop.http.delete(f"/v1/links/{anna['link']['id']}")
    for slug in (anna["link"]["slug"], "nobody-has-it"):
        assert (await asked(links, f"/l/{slug}/preview.png", "Viber")).status_code == 404
    assert (await asked(links, f"/r/{anna['link']['slug']}", "Viber")).status_code == 410


async def test_opening_the_page_shows_people_the_same_and_counts_once(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program(**PAGE), name="Anna")
    page = await opened(links, f"/l/{anna['link']['slug']}")
    assert meta(page)["og:title"] == "€5 off your first order · Zerno"
    await wait_for_clicks(links, anna["link"]["id"], 1)
    assert len(await clicks_of(links, anna["link"]["id"])) == 1
