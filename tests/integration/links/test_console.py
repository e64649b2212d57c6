"""A marketer at the console."""

import httpx
import pytest

from tests.integration.links.world import BASE, Replica, Shop

FORM = {
    "name": "Spring",
    "status": "active",
    "currency": "EUR",
    "landing_url": "https://shop.example/",
    "friend_kind": "percent",
    "friend_amount": "12,5",
    "friend_which": "first",
    "friend_pay_as": "store_credit",
    "ambassador_kind": "fixed",
    "ambassador_amount": "7.50",
    "ambassador_which": "every",
    "ambassador_pay_as": "cash",
    "hold_days": "14",
    "per_order": "",
    "per_month": "20",
    "click_window_days": "30",
    "new_customers_only": "1",
    "min_subtotal": "20",
    "budget": "1 000",
}


async def test_without_a_session_a_page_leads_to_signing_in(links: Replica) -> None:
    answer = await links.http.get("/console/links/programs", headers={"Accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/console/session?next=/console/links/programs")


async def test_a_program_is_made_read_and_changed_by_its_form(console: httpx.AsyncClient, shop: Shop) -> None:
    made = await console.post("/console/links/programs", data=FORM)
    assert made.status_code == 303, made.text
    page = await console.get(made.headers["location"])
    assert "Give a friend 12.5%, get €7.50" in page.text
    program_id = made.headers["location"].rpartition("/")[2]
    stored = await shop.got(f"/v1/programs/{program_id}")
    friend, own = stored["rewards"]
    assert friend["give"] == {"kind": "percent", "basis_points": 1250, "of": "subtotal"}
    assert own["give"] == {"kind": "fixed", "amount_minor": 750}
    assert own["limits"]["per_ambassador"] == {"count": 20, "amount_minor": None, "period": "month"}
    assert stored["budget"] == {"amount_minor": 100_000}
    form = await console.get(f"/console/links/programs/{program_id}/edit")
    assert 'value="12.5"' in form.text
    changed = await console.post(
        f"/console/links/programs/{program_id}", data={**FORM, "seen": "1", "click_window_days": "7"}
    )
    assert changed.status_code == 303, changed.text
    history = await console.get(f"/console/links/programs/{program_id}")
    assert "Click window: 30 days → 7 days" in history.text
    stale = await console.post(f"/console/links/programs/{program_id}", data={**FORM, "seen": "1"})
    assert stale.status_code == 422
    assert "Somebody changed this program meanwhile" in stale.text


async def test_wrong_fields_keep_what_was_written_and_say_what_to_do(console: httpx.AsyncClient) -> None:
    wrong = {**FORM, "ambassador_amount": "lots", "friend_amount": "120", "landing_url": "https://evil.example/"}
    answer = await console.post("/console/links/programs", data=wrong)
    assert answer.status_code == 422
    assert 'value="lots"' in answer.text
    assert "At most 100. Write 12 for 12%." in answer.text
    foreign = await console.post("/console/links/programs", data={**FORM, "landing_url": "https://evil.example/"})
    assert "Its domains: " in foreign.text and "shop.example" in foreign.text.partition("Its domains: ")[2][:60]


async def test_a_rule_for_an_event_is_added_said_mended_and_taken_away_in_the_form(
    console: httpx.AsyncClient, shop: Shop
) -> None:
    rule = {"event_0_on": "Sign up", "event_0_to": "friend", "event_0_amount": "2.50", "event_0_which": "first"}
    wrong = await console.post("/console/links/programs", data={**FORM, **rule})
    assert wrong.status_code == 422
    assert "Small Latin letters, digits, points" in wrong.text
    assert 'value="Sign up"' in wrong.text
    rule["event_0_on"] = "signup"
    draft = await console.post("/console/links/programs/preview", data={**FORM, **rule})
    assert "A friend’s sign-up: the friend gets €2.50, once." in draft.text
    page = (await console.post("/console/links/programs", data={**FORM, **rule})).headers["location"]
    program_id = page.rpartition("/")[2]
    (kept,) = (await shop.got(f"/v1/programs/{program_id}"))["event_rewards"]
    assert (kept["name"], kept["to"], kept["give"]["amount_minor"]) == ("signup-friend", "friend", 250)
    form = (await console.get(f"{page}/edit")).text
    assert 'name="event_0_name" value="signup-friend"' in form
    assert 'name="event_1_on"' in form
    gone = {**FORM, **rule, "seen": "1", "event_0_name": "signup-friend", "event_0_drop": "1"}
    assert (await console.post(page, data=gone)).status_code == 303
    assert (await shop.got(f"/v1/programs/{program_id}"))["event_rewards"] == []


async def test_a_form_from_elsewhere_changes_nothing(console: httpx.AsyncClient, shop: Shop) -> None:
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    answer = await console.post("/console/links/programs", data=FORM, headers=headers)
    assert answer.status_code == 403
    assert (await shop.got("/v1/programs"))["data"] == []


async def test_ambassadors_are_listed_searched_walked_and_exported(console: httpx.AsyncClient, shop: Shop) -> None:
    program_id = await shop.program()
    for number in range(30):
        await shop.ambassador(program_id, name=f"Person {number:02}", external_id=f"c{number}")
    first = await console.get("/console/links/ambassadors")
    assert "1–25 of 30" in first.text
    assert "Person 29" in first.text
    assert "Person 04" not in first.text
    following = first.text.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    second = await console.get(following)
    assert "26–30 of 30" in second.text
    assert "Person 04" in second.text
    by_name = await console.get("/console/links/ambassadors", params={"sort": "name"})
    assert by_name.text.index("Person 00") < by_name.text.index("Person 24")
    assert "Person 25" not in by_name.text
    found = await console.get("/console/links/ambassadors", params={"q": "person 17"})
    assert "1–1 of 1" in found.text
    csv = await console.get("/console/links/ambassadors", params={"q": "person 1", "format": "csv"})
    assert csv.headers["content-type"].startswith("text/csv")
    assert csv.text.count("\r\n") == 11


async def test_one_ambassadors_page_shows_link_code_and_portal(console: httpx.AsyncClient, shop: Shop) -> None:
    program_id = await shop.program()
    made = await console.post(
        "/console/links/ambassadors", data={"program_id": program_id, "name": "Юлія Кравець", "email": "y@example.com"}
    )
    assert made.status_code == 303, made.text
    page = await console.get(made.headers["location"])
    assert "Юлія Кравець" in page.text
    assert "YULIYA10" in page.text
    assert f'data-copy="{BASE}/p/{program_id}"' in page.text
    opened = await console.post(f"{made.headers['location']}/portal")
    assert (opened.status_code, opened.headers["location"][: len(BASE) + 8]) == (303, f"{BASE}/p/open/")
    wrong = await console.post("/console/links/ambassadors", data={"program_id": program_id, "email": "nonsense"})
    assert wrong.status_code == 422
    assert 'value="nonsense"' in wrong.text


async def test_a_link_made_for_a_channel_is_listed_by_the_channels_name(console: httpx.AsyncClient, shop: Shop) -> None:
    program_id = await shop.program()
    anna = await shop.ambassador(program_id, name="Anna Kern")
    whose = {"program_id": program_id, "ambassador_id": anna["id"]}
    for channel in ("whatsapp", "copy", "leaflet-2"):
        await shop.made("/v1/links", {**whose, "channel": channel})
    page = await console.get(f"/console/links/ambassadors/{anna['id']}", headers={"Accept-Language": "ru"})
    for name in ("WhatsApp", "Скопированная ссылка", "leaflet-2"):  # the last is the store's own
        assert name in page.text
    assert ">whatsapp<" not in page.text


async def test_nobody_is_added_without_saying_who_and_errors_speak_the_readers_language(
    console: httpx.AsyncClient, shop: Shop
) -> None:
    program_id = await shop.program()
    ru = {"Accept-Language": "ru"}
    nobody = await console.post("/console/links/ambassadors", data={"program_id": program_id, "group": "x"}, headers=ru)
    assert nobody.status_code == 422
    assert "Укажите, кто это" in nobody.text
    bad = {"program_id": "prg_none", "email": "nonsense", "phone": "1", "external_id": "a@b.example", "name": "x" * 121}
    wrong = await console.post("/console/links/ambassadors", data=bad, headers=ru)
    assert wrong.status_code == 422
    for text in ("Укажите адрес почты", "от 7 до 15 цифр", "Id, под которым", "Не больше 120 знаков"):
        assert text in wrong.text
    unknown = {"program_id": "prg_none", "name": "Anna"}
    assert (
        "Выберите действующую программу"
        in (await console.post("/console/links/ambassadors", data=unknown, headers=ru)).text
    )
    assert (await shop.got("/v1/ambassadors"))["data"] == []


@pytest.mark.parametrize("field", ["email", "phone", "external_id"])
async def test_whom_the_program_has_already_is_named(console: httpx.AsyncClient, shop: Shop, field: str) -> None:
    program_id, reported = (
        await shop.program(),
        {"email": "Anna@example.com", "phone": "+37360123456", "external_id": "c1"},
    )
    anna = await shop.ambassador(program_id, name="Anna Kern", **{field: reported[field]})
    same = {"email": "anna+x@EXAMPLE.com", "phone": "00373 60 123456", "external_id": "c1"}[field]
    again = await console.post(
        "/console/links/ambassadors", data={"program_id": program_id, "name": "Other", field: same}
    )
    assert again.status_code == 422
    assert "Anna Kern is an ambassador of this program" in again.text
    assert f"/console/links/ambassadors/{anna['id']}" in again.text
    other_program = await shop.program(name="Another")
    fresh = await console.post("/console/links/ambassadors", data={"program_id": other_program, field: same})
    assert fresh.status_code == 303


async def test_all_wrong_fields_of_a_program_are_told_at_once(console: httpx.AsyncClient) -> None:
    wrong = {**FORM, "currency": "EURO", "friend_kind": "percent", "friend_amount": "0", "hold_days": "900"}
    answer = await console.post(
        "/console/links/programs", data={**wrong, "ambassador_kind": "fixed", "ambassador_amount": "0"}
    )
    assert answer.status_code == 422
    assert "three letters of a currency" in answer.text
    assert answer.text.count("More than 0.") >= 2
    assert "At most 100" not in answer.text
    assert "0–365" in answer.text


async def test_names_are_told_to_who_may_read_them(links: Replica, console: httpx.AsyncClient, shop: Shop) -> None:
    program_id = await shop.program()
    anna = await shop.ambassador(program_id, name="Anna")
    ids = f"{anna['id']},{anna['code']['code']},amb_unknown"
    found = await console.get("/console/links/names", params={"ids": ids})
    assert found.json() == {anna["id"]: "Anna", anna["code"]["code"]: "Anna"}
    assert (await links.http.get("/console/links/names", params={"ids": ids})).status_code == 401


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"secret_key": 1}', b'{"secret_key": "x", "more": 1}', b"\xff"])
async def test_signing_in_with_an_odd_body_is_refused_by_name(links: Replica, body: bytes) -> None:
    answer = await links.http.post("/console/session", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("name", ["ambassador_amount", "friend_amount", "per_month", "hold_days", "budget", "seen"])
async def test_a_number_of_thousands_of_digits_is_a_wrong_field(console: httpx.AsyncClient, name: str) -> None:
    made = await console.post("/console/links/programs", data=FORM)
    edited = await console.post(made.headers["location"], data={**FORM, name: "9" * 5000})
    assert edited.status_code == 422
