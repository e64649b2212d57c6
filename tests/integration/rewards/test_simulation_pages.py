"""The console's pages of the simulator and the calculator."""

import re

import pytest

from services.rewards.simulations.actions import replay
from tests.integration.rewards.test_simulations import start, through
from tests.integration.rewards.world import World
from tests.unit.rewards.build import AMBASSADOR_RULE, PROGRAM, STORE, configured, make_program, make_state, published

PAGE = "/console/rewards/simulator"
SAME = {"sec-fetch-site": "same-origin"}


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


async def test_an_imagined_order_is_answered_beside_its_form(world: World) -> None:
    await world.take(configured(), published(make_program()))
    async with world.browser(STORE) as browser:
        page = text_of((await browser.get(PAGE, params={"program": PROGRAM, "total": "46"})).text)
        assert "This order would count." in page
        assert "€10.00" in page and "10.0% of €46.00 is €4.60." in page
        wrong = await browser.get(PAGE, params={"program": PROGRAM, "total": "much"})
        assert "Write an amount such as 10 or 7.50." in wrong.text
        late = text_of((await browser.get(PAGE, params={"program": PROGRAM, "total": "46", "buyer": "known"})).text)
        assert "This order would not count: not a new customer." in late


async def test_a_draft_is_tried_beside_the_form_of_its_program(world: World) -> None:
    await world.take(configured(), published(make_program()))
    double = {**AMBASSADOR_RULE, "give": {"kind": "percent", "basis_points": 2000, "of": "subtotal"}}
    body = {"draft": make_program(double).model_dump_json(), "program": PROGRAM, "total": "100", "buyer": "new"}
    async with world.browser(STORE) as browser:
        fragment = await browser.post(f"{PAGE}/try", data=body, headers=SAME)
        assert fragment.status_code == 200
        assert "<html" not in fragment.text and "€20.00" in fragment.text
        half = await browser.post(f"{PAGE}/try", data=body | {"draft": "{"}, headers=SAME)
        assert (half.status_code, half.text.strip().replace("\n", "")) == (200, "")
        taken = await browser.post(f"{PAGE}/draft", data=body, headers=SAME)
        assert "2000" in taken.text and 'value="draft" checked' in taken.text
    assert not list(await world.look(STORE, "select 1 from simulations"))


async def test_past_orders_are_simulated_from_the_form_and_shown(world: World) -> None:
    await world.take(configured(), published(make_program()), make_state("a"), make_state("b"))
    form = {"program": PROGRAM, "from": "2026-11-01", "to": "2026-11-30", "rules": "in_force"}
    async with world.browser(STORE) as browser:
        begun = await browser.post(PAGE, data=form, headers=SAME)
        assert begun.status_code == 303, begun.text
        place = begun.headers["location"]
        running = await browser.get(place)
        assert running.headers["refresh"] == "2"
        assert "Running" in running.text
        again = await browser.post(PAGE, data=form, headers=SAME)
        assert again.status_code == 409
        assert "Another simulation is running: wait for it, or cancel it." in again.text
        assert (await browser.post(f"{place}/cancel", headers=SAME)).status_code == 303
        assert "Cancelled" in (await browser.get(place)).text
        assert (await browser.post(f"{place}/resume", headers=SAME)).status_code == 303
        async with world.db.transaction([STORE]) as tx:
            simulation_id = await tx.scalar("select simulation_id from simulations")
        assert not await replay.go_on(world.ctx, STORE, simulation_id, within_s=60)
        done = await browser.get(place)
        assert "refresh" not in done.headers
        page = text_of(done.text)
        assert "Done" in page and "It would cost €29.20" in page and "Was granted €29.20" in page
        sheet = await browser.get(f"{place}?format=csv")
        assert sheet.text.splitlines()[0].startswith("ambassador_id,ambassador_code,unit")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"from": "2026-12-01"}, "The period ends after it begins."),
        ({"from": "soon"}, "Write a day."),
        ({"rules": "draft", "draft": '{"name": "x"}'}, "Look at: currency, landing_url"),
        ({"program": "prg_other"}, "Choose a program."),
    ],
)
async def test_what_is_wrong_in_the_form_is_said_at_its_field(
    world: World, changed: dict[str, str], sentence: str
) -> None:
    await world.take(configured(), published(make_program()))
    form = {"program": PROGRAM, "from": "2026-11-01", "to": "2026-11-30", "rules": "in_force"} | changed
    async with world.browser(STORE) as browser:
        answer = await browser.post(PAGE, data=form, headers=SAME)
    assert answer.status_code in (404, 422)
    assert sentence in answer.text


async def test_another_store_sees_no_run(world: World) -> None:
    other = "str_01k9x0m5w8a3c7e1g5j9n3q7s2"
    await world.take(configured(), configured(store=other), published(make_program()), make_state("a"))
    run = await through(world, await start(world))
    async with world.browser(other) as browser, world.caller(other) as shop:
        assert (await browser.get(f"/console/rewards/simulations/{run.simulation_id}")).status_code == 404
        for path in ("", "/ambassadors"):
            assert (await shop.get(f"/v1/simulations/{run.simulation_id}{path}")).status_code == 404
        for what in ("cancel", "resume"):
            assert (await shop.post(f"/v1/simulations/{run.simulation_id}/{what}")).status_code == 404
        assert (await shop.get("/v1/simulations")).json()["data"] == []


async def test_the_calculator_says_what_is_affordable(world: World) -> None:
    await world.take(configured(), published(make_program()))
    fields = {"order": "50", "margin": "40", "conversion": "8", "unrewarded": "2", "orders": "1", "keep": "50"}
    async with world.browser(STORE) as browser:
        empty = await browser.get("/console/rewards/calculator")
        assert "Nothing calculated yet" in empty.text
        page = text_of((await browser.get("/console/rewards/calculator", params=fields)).text)
        assert "Affordable reward €7.50" in page and "At most, at break-even €15.00" in page
        assert "Pays from a conversion of 3.20%" in page
        wrong = await browser.get("/console/rewards/calculator", params=fields | {"unrewarded": "9", "margin": "x"})
        assert "Write a number such as 10 or 7.5." in wrong.text
        contrary = await browser.get("/console/rewards/calculator", params=fields | {"unrewarded": "9"})
        assert "Less than buy with a reward." in contrary.text


async def test_the_calculator_answers_over_the_api_and_names_what_is_wrong(world: World) -> None:
    body = {
        "currency": "EUR",
        "average_order_minor": 5000,
        "margin_basis_points": 4000,
        "conversion_basis_points": 800,
        "unrewarded_conversion_basis_points": 200,
    }
    async with world.caller(STORE) as shop:
        found = (await shop.post("/v1/reward-calculations", json=body)).json()
        assert (found["affordable_reward_minor"], found["break_even_reward_minor"]) == (750, 1500)
        assert found["break_even_conversion_basis_points"] == 320
        for changed, field in (
            ({"unrewarded_conversion_basis_points": 800}, "unrewarded_conversion_basis_points"),
            ({"costs_minor": 1}, "visitors"),
            ({"currency": "XXX"}, "currency"),
            ({"margin_basis_points": 0}, "margin_basis_points"),
        ):
            answer = await shop.post("/v1/reward-calculations", json=body | changed)
            assert (answer.status_code, [one["field"] for one in answer.json()["errors"]]) == (422, [field])
