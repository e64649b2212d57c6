"""A program whose budget is used up: every page says so, and promises what is still given."""

import httpx

from contracts.events.programs import ProgramBudget, ProgramExhausted, ProgramRefilled
from tests.integration.links.notifying import receive
from tests.integration.links.test_landing import PAGE, opened, token_in, way_on
from tests.integration.links.test_offers import _offer
from tests.integration.links.test_sharing import ask
from tests.integration.links.world import Replica, Shop, portal_of, redirect_of
from tests.support.wait import until

CREDIT = PAGE | {"friend_benefit": "credit", "joining": {}, "budget": {"amount_minor": 1000}}
OWN = {"en": {"title": "Get {offer} at {store}", "text": "Really {offer}.", "share": "You get {offer}!"}}
SENTENCE = "until the store adds to it, no money is given"


async def report(links: Replica, shop: Shop, program: str, kind: type[ProgramBudget], revision: int) -> None:
    """Rewards says so, and every replica forgets what it remembered."""
    event = kind(
        store_id=shop.id,
        program_id=program,
        program_version=1,
        currency="EUR",
        budget_minor=1000,
        spent_minor=1000,
        changed_at="2026-11-20T09:00:02Z",  # type: ignore[arg-type]  # read as a moment
        revision=revision,
    )
    await receive(links, event)
    await redirect_of(links).cache.catch_up()


async def test_pages_promise_no_money_while_it_is_and_all_again_when_it_is_refilled(links: Replica, shop: Shop) -> None:
    program = await shop.program(**CREDIT, texts=OWN)
    anna = await shop.ambassador(program, name="Anna")
    where = f"/l/{anna['link']['slug']}"
    token = token_in(way_on(before := await opened(links, where)))
    assert "<h1>Get €10 to spend for your first order at Zerno</h1>" in before.text
    portal = await portal_of(links, shop, anna["id"])
    paths = ("/p", f"/join/{program}", f"/terms/{program}")
    for path in paths:
        assert SENTENCE not in (await portal.get(path)).text, path

    await report(links, shop, program, ProgramExhausted, 1)
    page = await opened(links, where)
    assert "<h1>A tip from a friend: Zerno</h1>" in page.text and "€10" not in page.text and "gets 10%" not in page.text
    assert "All that this program had was given out. The store itself is open as always." in page.text
    assert way_on(page).startswith("https://shop.example/welcome?"), "the store is there, whatever became of the budget"
    for path in paths:
        text = (await portal.get(path)).text
        assert SENTENCE in text, path
        assert path.startswith("/terms") or ("€10" not in text and "10%" not in text), path
    assert "You get" not in (await portal.get("/p")).text, "nor what the store wrote to be sent along"
    assert (await _offer(shop, token))["friend"] == []

    async def shown_in_widget() -> bool:
        return SENTENCE in (await ask(links, shop)).json()["lines"][0]

    await until(shown_in_widget)
    for language, words in (("ru", "Бюджет этой программы исчерпан"), ("uk", "вичерпано"), ("ro", "este epuizat")):
        assert words in (await portal.get(f"/p?lang={language}")).text, language
    for language in ("ru", "uk", "ro"):
        assert 'class="full"' in (await opened(links, f"{where}?lang={language}")).text

    await report(links, shop, program, ProgramRefilled, 2)
    await report(links, shop, program, ProgramExhausted, 1)
    assert "<h1>Get €10" in (await opened(links, f"{where}?lang=en")).text, (
        "an older state that comes late changes nothing"
    )
    assert SENTENCE not in (await portal.get("/p?lang=en")).text
    await portal.aclose()


async def test_what_the_shop_takes_off_stays_promised(links: Replica, shop: Shop) -> None:
    program = await shop.program(**PAGE | {"friend_benefit": "both"})
    anna = await shop.ambassador(program, name="Anna")
    where = f"/l/{anna['link']['slug']}"
    token = token_in(way_on(await opened(links, where)))
    await report(links, shop, program, ProgramExhausted, 1)
    page = (await opened(links, where)).text
    assert "<h1>€5 off your first order</h1>" in page and anna["code"]["code"] in page
    assert "The credit is no more: all that the program had was given out. The discount stands." in page
    assert [gift["pay_as"] for gift in (await _offer(shop, token))["friend"]] == ["discount"]

    await shop.http.patch(f"/v1/programs/{program}", json={"friend_benefit": "discount"})
    await redirect_of(links).cache.catch_up()
    page = (await opened(links, where)).text
    assert 'class="full"' not in page and "gets 10%" not in page, "the friend loses nothing: only Anna does"


async def test_the_marketer_reads_it_on_the_overview_and_on_the_program(
    links: Replica, shop: Shop, console: httpx.AsyncClient
) -> None:
    program = await shop.program(**CREDIT, name="Give <10>")
    home = "/console/links/programs"
    assert (await console.get(f"{home}/used-up?lang=en")).text.strip() == ""
    await report(links, shop, program, ProgramExhausted, 1)
    text = (await console.get(f"{home}/used-up?lang=en")).text
    assert "The budget of Give &lt;10&gt; is used up" in text and f'href="{home}/{program}"' in text
    assert "Budget used up" in (await console.get(f"{home}?lang=en")).text
    assert "Set a larger one to go on." in (await console.get(f"{home}/{program}?lang=en")).text
