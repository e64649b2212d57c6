"""kith.js in a real Chromium, on a shop's pages of another origin than Kith."""

import pytest

from services.links.embed.actions import SCRIPTS
from tests.embed.shop import FIRST, SECOND, Shop
from tests.support.wait import until

pytestmark = pytest.mark.browser


async def test_the_token_goes_from_the_address_into_a_cookie_and_a_visit(shop: Shop) -> None:
    await shop.open(f"/p/1?size=XL&kith={FIRST}&q=a%20b#top")
    assert await shop.page.evaluate("location.href") == f"{shop.url}/p/1?size=XL&q=a%20b#top"
    [visit] = await shop.reported(1)
    cookies = await shop.cookies()
    assert cookies["kith_t"] == FIRST
    assert visit == {
        "type": "visit",
        "token": FIRST,
        "visitor_id": cookies["kith_v"],
        "url": f"{shop.url}/p/1",
        "seen": True,
    }
    assert shop.keys == {"Bearer kith_pk_test"}


async def test_a_report_does_not_keep_the_page_busy(shop: Shop) -> None:
    await shop.open(f"/?kith={FIRST}")
    await shop.reported(1)
    await shop.page.wait_for_load_state("networkidle")


async def test_pages_of_one_visit_are_counted_once(shop: Shop) -> None:
    await shop.open(f"/?kith={FIRST}")
    await shop.open("/cart")
    await shop.page.evaluate("history.pushState({}, '', '/cart/step-2')")
    await shop.page.evaluate("kith('share', {channel: 'telegram'})")
    reports = await shop.reported(2)
    assert [report["type"] for report in reports] == ["visit", "share"]
    assert reports[1]["channel"] == "telegram"
    assert reports[1]["token"] == FIRST


async def test_the_first_token_and_the_latest_are_kept(shop: Shop) -> None:
    tokens = [f"k1.{letter * 40}" for letter in "abcdefg"]
    for token in tokens:
        await shop.open(f"/?kith={token}")
    assert (await shop.cookies())["kith_t"].split("~") == [tokens[0], *tokens[-4:]]
    assert await shop.page.evaluate("kith('token')") == tokens[-1]
    await shop.open(f"/?kith={tokens[-2]}")
    assert (await shop.cookies())["kith_t"].split("~") == [tokens[0], tokens[3], tokens[4], tokens[6], tokens[5]]


async def test_an_order_and_a_form_get_what_they_need(shop: Shop) -> None:
    shop.body = "<form method=post action=/checkout data-kith-order><button id=pay>Pay</button></form>"
    await shop.open(f"/?kith={FIRST}")
    await shop.open(f"/?kith={SECOND}")
    order = await shop.page.evaluate("(order => { kith('order', order); return order })({order_id: '7'})")
    visitor = (await shop.cookies())["kith_v"]
    assert order == {"order_id": "7", "tokens": [FIRST, SECOND], "visitor_id": visitor}
    # The navigation is awaited too: a page that is closed on its way elsewhere may never be closed.
    async with shop.page.expect_navigation(), shop.page.expect_request("**/checkout") as sent:
        await shop.page.click("#pay")
    assert (await sent.value).post_data == f"kith_tokens={FIRST}+{SECOND}&kith_visitor={visitor}"


async def test_calls_made_before_the_script_is_there_are_not_lost(shop: Shop) -> None:
    calls = "kith('identify', {id: 7, email: 'b@example.com', plan: 'x'}); kith('ready', () => (document.title = 'up'))"
    shop.body = f"<script>{calls}</script>"
    await shop.open("/")
    reports = await shop.reported(2)
    assert {report["type"] for report in reports} == {"visit", "identify"}
    identify = next(report for report in reports if report["type"] == "identify")
    assert identify["customer"] == {"id": "7", "email": "b@example.com"}
    assert await shop.page.title() == "up"


async def test_without_consent_nothing_is_kept_or_sent(shop: Shop) -> None:
    shop.attributes = ' data-consent="required"'
    await shop.open(f"/?kith={FIRST}")
    await shop.page.evaluate("kith('identify', {id: 'c1'})")
    assert await shop.cookies() == {}
    assert shop.reports == []
    await shop.page.evaluate("kith('consent', true)")
    reports = await shop.reported(2)  # two requests side by side, of which either may be first
    assert {report["type"]: report["token"] for report in reports} == {"visit": FIRST, "identify": FIRST}
    assert (await shop.cookies())["kith_t"] == FIRST
    await shop.page.evaluate("kith('consent', false)")
    assert await shop.cookies() == {"kith_c": "0"}  # the answer alone is remembered


async def test_what_is_no_token_is_not_kept(shop: Shop) -> None:
    for nonsense in ("hello", "k1.short", "k1." + "a" * 40 + ";x=y", "%3Cscript%3E"):
        await shop.open(f"/?kith={nonsense}")
        assert "kith_t" not in await shop.cookies()
        assert "kith=" not in await shop.page.evaluate("location.search")


FORM = "<form method=post action=/checkout data-kith-order><button id=pay>Pay</button></form>"


async def test_consent_that_is_taken_back_ends_everything_in_every_tab_and_on_the_next_page(shop: Shop) -> None:
    shop.body = FORM
    await shop.open(f"/?kith={FIRST}")
    other = await shop.page.context.new_page()
    await other.goto(shop.url + "/cart")
    await other.wait_for_selector(f"input[name=kith_tokens][value='{FIRST}']", state="attached")
    await shop.reported(1)
    await shop.page.evaluate("kith('consent', false)")
    for page in (shop.page, other):
        await page.wait_for_function("[...document.querySelectorAll('input')].every(input => !input.value)")
        assert await page.evaluate("kith('order', {order_id: '7'})") == {"order_id": "7"}
        await page.evaluate("kith('identify', {id: 'c1'}); kith('share', {channel: 'sms'})")
    await shop.open(f"/next?kith={SECOND}")
    assert await shop.page.evaluate("kith('token')") is None
    await shop.page.wait_for_load_state("networkidle")
    assert len(shop.reports) == 1
    assert await shop.cookies() == {"kith_c": "0"}
    await shop.page.evaluate("kith('consent', true)")
    await until(lambda: any(report.get("token") == SECOND for report in shop.reports), what="the next visit")
    await other.close()


async def test_a_tab_that_heard_nothing_asks_before_it_acts(shop: Shop) -> None:
    await shop.open(f"/?kith={FIRST}")
    await shop.reported(1)
    await shop.page.evaluate("document.cookie = 'kith_c=0;path=/'")  # as a page of another host of the shop writes it
    await shop.page.evaluate("kith('share')")
    assert await shop.page.evaluate("kith('token')") is None
    await shop.page.wait_for_load_state("networkidle")
    assert len(shop.reports) == 1


async def test_a_sandboxed_frame_keeps_the_token_in_memory_and_fills_forms(shop: Shop) -> None:
    shop.frame = FORM
    shop.body = f'<iframe sandbox="allow-scripts allow-forms" src="/frame?kith={FIRST}"></iframe>'
    await shop.page.goto(shop.url)
    frame = shop.page.frame_locator("iframe")
    await frame.locator(f"input[name=kith_tokens][value='{FIRST}']").wait_for(state="attached")
    assert await frame.locator("form").evaluate("() => kith('token')") == FIRST
    reports = await shop.reported(2)
    inner = next(report for report in reports if report.get("token"))
    assert "seen" not in inner


@pytest.mark.parametrize(
    "make",
    [
        "form.requestSubmit()",
        "form.submit()",
        "new FormData(form)",
        "form.insertAdjacentHTML('beforeend', '<input name=matches><input name=appendChild><input name=querySelector>"
        "<input name=elements><input name=action>'); HTMLFormElement.prototype.submit.call(form)",
    ],
)
async def test_a_form_that_appears_later_gets_the_fields_however_it_is_read(shop: Shop, make: str) -> None:
    await shop.open(f"/?kith={FIRST}")
    visitor = (await shop.cookies())["kith_v"]
    found = await shop.page.evaluate(
        """make => new Promise(done => {
            document.body.insertAdjacentHTML('beforeend', '<iframe name=sink></iframe>' +
                '<form method=post action=/checkout target=sink data-kith-order></form>')
            const form = document.forms[0]
            addEventListener('formdata', event => setTimeout(done, 0, [...event.formData]))
            addEventListener('submit', event => event.preventDefault())
            eval(make)
            if (make === 'form.requestSubmit()') done([...new FormData(form)])
        })""",
        make,
    )
    fields = [pair for pair in found if pair[0].startswith("kith_")]
    assert fields == [["kith_tokens", FIRST], ["kith_visitor", visitor]]


async def test_a_form_in_a_shadow_root_is_filled_when_somebody_is_at_it(shop: Shop) -> None:
    await shop.open(f"/?kith={FIRST}")
    await shop.page.evaluate(
        """form => {
            const root = document.body.appendChild(document.createElement('shop-cart')).attachShadow({mode: 'open'})
            root.innerHTML = form
            root.addEventListener('submit', event => {
                event.preventDefault()
                window.sent = Object.fromEntries(new FormData(event.target))
            })
        }""",
        FORM,
    )
    await shop.page.locator("shop-cart #pay").click()
    assert await shop.page.evaluate("sent.kith_tokens") == FIRST


async def test_two_tokens_in_one_address_are_both_kept_and_both_removed(shop: Shop) -> None:
    await shop.open(f"/?kith={FIRST}&kith={SECOND}&q=%20a&kith={FIRST[:-1]}c#top")
    assert await shop.page.evaluate("location.href") == f"{shop.url}/?q=%20a#top"
    assert await shop.page.evaluate("kith('order', {}).tokens") == [FIRST, SECOND, f"{FIRST[:-1]}c"]


async def test_a_path_that_reads_like_a_host_stays_a_path(shop: Shop) -> None:
    await shop.open(f"//evil.example/x?kith={FIRST}")
    assert await shop.page.evaluate("location.href") == f"{shop.url}//evil.example/x"


@pytest.mark.parametrize(("key", "status"), [("", 202), (' data-key="kith_pk_revoked"', 401)])
async def test_a_key_that_is_missing_or_not_valid_is_said_once(shop: Shop, key: str, status: int) -> None:
    shop.key, shop.status = key, status
    warnings: list[str] = []
    shop.page.on("console", lambda line: warnings.append(line.text) if line.text.startswith("kith.js:") else None)
    await shop.open("/")
    await shop.page.evaluate("kith('share'); kith('share')")
    await shop.page.wait_for_load_state("networkidle")
    await until(lambda: bool(warnings), what="the warning")
    assert len(warnings) == 1
    assert "data-key" in warnings[0]
    assert (shop.reports == []) == (key == "")


async def test_a_tab_behind_is_no_visit_until_somebody_looks_at_it(shop: Shop) -> None:
    await shop.page.add_init_script(
        "Object.defineProperty(document, 'visibilityState', {get: () => window.shown ? 'visible' : 'hidden'})"
    )
    await shop.open(f"/?kith={FIRST}")
    await shop.page.evaluate("kith('share')")
    [share] = await shop.reported(1)
    assert (share["type"], share.get("seen")) == ("share", None)
    await shop.page.evaluate("window.shown = true; document.dispatchEvent(new Event('visibilitychange'))")
    _, visit = await shop.reported(2)
    assert (visit["type"], visit["token"], visit["seen"]) == ("visit", FIRST, True)


async def test_a_link_to_the_shops_own_address_asks_for_the_token_and_then_visits_with_it(shop: Shop) -> None:
    shop.links["anna-k"] = FIRST
    await shop.open("/p/1?size=XL&ref=anna-k#top")
    [visit] = await shop.reported(1)
    assert (visit["type"], visit["token"]) == ("visit", FIRST)
    assert [one["slug"] for one in shop.asked] == ["anna-k"]
    assert (await shop.cookies())["kith_t"] == FIRST
    assert await shop.page.evaluate("location.href") == f"{shop.url}/p/1?size=XL#top"
    await shop.open("/cart")
    assert len(shop.asked) == 1


async def test_a_link_to_the_shops_own_address_applies_the_friends_code_where_the_page_stays(shop: Shop) -> None:
    shop.links["anna-k"], shop.discounts["anna-k"] = FIRST, "/discount/ANNA10"
    await shop.open("/p/1?ref=anna-k")
    await shop.reported(1)

    async def applied() -> bool:
        return (await shop.cookies()).get("discount_code") == "ANNA10"

    await until(applied, what="the shop has applied the code")
    assert await shop.page.evaluate("location.href") == f"{shop.url}/p/1"
    assert "/front" not in shop.paths, "where the shop leads on matters to nobody"


async def test_somebody_elses_ref_stays_in_the_address_and_the_visit_is_reported(shop: Shop) -> None:
    await shop.open("/?ref=newsletter")
    [visit] = await shop.reported(1)
    assert "token" not in visit
    assert await shop.page.evaluate("location.search") == "?ref=newsletter"
    await shop.open(f"/?ref=newsletter&kith={FIRST}")
    assert (await shop.reported(2))[1]["token"] == FIRST
    assert len(shop.asked) == 1, "a token needs no asking"


async def test_a_frame_and_a_visitor_without_consent_ask_for_nothing(shop: Shop) -> None:
    shop.links["anna-k"] = FIRST
    shop.frame = "<p>framed</p>"
    shop.body = '<iframe src="/frame?ref=anna-k"></iframe>'
    await shop.open("/")
    await shop.page.frames[1].wait_for_function("window.kith && window.kith.version")
    await shop.reported(1)
    shop.attributes, shop.body = ' data-consent="required"', ""
    await shop.open("/?ref=anna-k")
    assert shop.asked == []
    await shop.page.evaluate("kith('consent', true)")
    await until(lambda: len(shop.asked) == 1, what="a question after consent")
    await until(lambda: any(report.get("token") == FIRST for report in shop.reports), what="a visit with the token")


async def test_a_tab_behind_asks_when_somebody_looks(shop: Shop) -> None:
    shop.links["anna-k"] = FIRST
    await shop.page.add_init_script(
        "Object.defineProperty(document, 'visibilityState', {get: () => window.front ? 'visible' : 'hidden'})"
    )
    await shop.open("/?ref=anna-k")
    await shop.page.evaluate("kith('share', {channel: 'copy'})")
    await shop.reported(1)
    assert shop.asked == []
    await shop.page.evaluate("window.front = 1; document.dispatchEvent(new Event('visibilitychange'))")
    await until(lambda: any(report.get("token") == FIRST for report in shop.reports), what="a visit with the token")


def test_the_scripts_stay_small() -> None:
    sizes = {name: len(sent.gzipped) for name, sent in SCRIPTS.items()}
    assert sizes.pop("kith") <= 2_500
    assert sizes.pop("kith-share") <= 6_000
    assert all(size <= 1_000 for size in sizes.values()), sizes
