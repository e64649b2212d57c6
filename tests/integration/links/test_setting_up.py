"""A store is set up: keys, programs, ambassadors, links and codes, by the API."""

import asyncio

from tests.integration.links.world import BASE, OPERATOR, PROGRAM, Replica, Shop, events, open_shop


async def test_a_store_gets_keys_that_work_and_tells_the_others(links: Replica) -> None:
    shop = await open_shop(links, name="Fresh")
    own = await shop.got(f"/v1/stores/{shop.id}")
    assert own["name"] == "Fresh"
    assert own["domains"] == ["shop.example", "localhost:8090"]
    assert shop.secret_key.startswith("kith_sk_")
    assert shop.publishable_key.startswith("kith_pk_")
    reported = [event for event in await events(links, "store.configured") if event["store_id"] == shop.id]
    assert [event["revision"] for event in reported] == [1]


async def test_a_repeated_creation_gives_the_same_keys_and_stores_none(links: Replica) -> None:
    body = {"name": "Twice", "currency": "EUR", "timezone": "UTC", "domains": ["twice.example"]}
    headers = {"Authorization": f"Bearer {OPERATOR}", "Idempotency-Key": "twice-1"}
    first = await links.http.post("/v1/stores", json=body, headers=headers)
    second = await links.http.post("/v1/stores", json=body, headers=headers)
    assert first.json() == second.json()
    async with links.ctx.db.transaction(["*"]) as tx:
        kept = bytes(await tx.scalar("select answer from answers where key = 'twice-1'"))
    assert b"kith_sk_" not in kept


async def test_only_the_operator_sets_up_stores(links: Replica, shop: Shop) -> None:
    body = {"name": "No", "currency": "EUR", "timezone": "UTC", "domains": ["no.example"]}
    assert (await links.http.post("/v1/stores", json=body)).status_code == 401
    assert (await shop.post("/v1/stores", body)).status_code == 403


async def test_wrong_fields_of_a_store_are_named(links: Replica) -> None:
    headers = {"Authorization": f"Bearer {OPERATOR}"}
    body = {"name": "", "currency": "EUX", "timezone": "Mars/Base", "domains": ["https://x.example", "user@x.example"]}
    answer = await links.http.post("/v1/stores", json=body, headers=headers)
    assert answer.status_code == 422
    fields = {error["field"] for error in answer.json()["errors"]}
    assert {"name", "currency", "timezone"} <= fields
    assert any(field.startswith("domains") for field in fields)


async def test_a_store_sees_itself_only(links: Replica, shop: Shop) -> None:
    other = await open_shop(links, domain="other.example")
    assert (await shop.http.get(f"/v1/stores/{other.id}")).status_code == 404
    assert [store["id"] for store in (await shop.got("/v1/stores"))["data"]] == [shop.id]


async def test_a_store_says_what_stands_for_nobody_and_only_hashes_of_it_travel(links: Replica, shop: Shop) -> None:
    own = {"customer_ids": ["Till-1"], "emails": ["pos@shop.example"], "phones": ["+49 30 1234567"]}
    answer = await shop.http.patch(f"/v1/stores/{shop.id}", json={"placeholders": own})
    assert answer.json()["placeholders"] == own
    assert (await shop.got(f"/v1/stores/{shop.id}"))["placeholders"] == own
    reported = [event for event in await events(links, "store.configured") if event["store_id"] == shop.id]
    assert [event["revision"] for event in reported] == [1, 2]
    assert [name[:2] for name in reported[-1]["placeholders"]] == ["c_", "e_", "p_"]
    assert "ill-1" not in str(reported)

    await shop.http.patch(f"/v1/stores/{shop.id}", json={"placeholders": own})
    assert len([e for e in await events(links, "store.configured") if e["store_id"] == shop.id]) == 2
    answer = await shop.http.patch(f"/v1/stores/{shop.id}", json={"placeholders": {"emails": ["till@shop.example"]}})
    assert answer.json()["placeholders"] == {"customer_ids": [], "emails": ["till@shop.example"], "phones": []}
    answer = await shop.http.patch(f"/v1/stores/{shop.id}", json={"name": "Zerno"})
    assert answer.json()["placeholders"]["emails"] == ["till@shop.example"]


async def test_a_wrong_placeholder_is_named_and_there_are_only_so_many(shop: Shop) -> None:
    wrong = {"customer_ids": ["x"] * 201, "emails": ["shop.example"], "phones": ["12"], "names": []}
    answer = await shop.http.patch(f"/v1/stores/{shop.id}", json={"placeholders": wrong})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert {error["field"] for error in answer.json()["errors"]} == {
        "placeholders.customer_ids",
        "placeholders.emails.0",
        "placeholders.phones.0",
        "placeholders.names",
    }


async def test_a_key_is_made_narrowed_listed_and_revoked(links: Replica, shop: Shop) -> None:
    made = await shop.made("/v1/keys", {"scopes": ["links:read"], "label": "Reporting"})
    bearer = {"Authorization": f"Bearer {made['key']}"}
    assert (await links.http.get("/v1/links", headers=bearer)).status_code == 200
    assert (await links.http.get("/v1/codes", headers=bearer)).status_code == 403
    listed = (await shop.got("/v1/keys"))["data"]
    assert "key" not in listed[0]
    assert listed[0]["label"] == "Reporting"
    assert (await shop.http.delete(f"/v1/keys/{made['id']}")).status_code == 204
    assert (await shop.http.delete(f"/v1/keys/{made['id']}")).status_code == 204
    assert (await links.http.get("/v1/links", headers=bearer)).status_code == 401
    reported = [event for event in await events(links, "key.revoked") if event["key_id"] == made["id"]]
    assert len(reported) == 1


async def test_a_key_cannot_make_one_that_may_do_more(links: Replica, shop: Shop) -> None:
    narrow = await shop.made("/v1/keys", {"scopes": ["keys:write", "links:read"]})
    bearer = {"Authorization": f"Bearer {narrow['key']}"}
    answer = await links.http.post("/v1/keys", json={"scopes": ["orders:write"]}, headers=bearer)
    assert answer.status_code == 422
    inherited = await links.http.post("/v1/keys", json={}, headers=bearer)
    assert set(inherited.json()["scopes"]) == {"keys:write", "links:read"}


async def test_a_repeated_request_hands_nobody_else_s_key_out(links: Replica, shop: Shop) -> None:
    narrow = await shop.made("/v1/keys", {"scopes": ["keys:write", "links:read"]})
    once, body = {"Idempotency-Key": "rotate-1"}, {"label": "rotated"}
    first = await shop.http.post("/v1/keys", json=body, headers=once)
    guessed = await links.http.post("/v1/keys", json=body, headers=once | {"Authorization": f"Bearer {narrow['key']}"})
    assert guessed.json()["id"] != first.json()["id"]
    assert set(guessed.json()["scopes"]) == {"keys:write", "links:read"}
    assert (await shop.http.post("/v1/keys", json=body, headers=once)).json() == first.json()


async def test_each_change_of_a_program_is_a_new_version(links: Replica, shop: Shop) -> None:
    program_id = await shop.program()
    changed = await shop.http.patch(f"/v1/programs/{program_id}", json={"attribution": {"click_window_days": 7}})
    assert changed.json()["version"] == 2
    assert changed.json()["attribution"]["click_window_days"] == 7
    assert changed.json()["attribution"]["priority"] == ["code", "click", "customer"]
    same = await shop.http.patch(f"/v1/programs/{program_id}", json={"attribution": {"click_window_days": 7}})
    assert same.json()["version"] == 2
    first = await shop.got(f"/v1/programs/{program_id}", version="1")
    assert first["attribution"]["click_window_days"] == 30
    reported = [event for event in await events(links, "program.published") if event["program_id"] == program_id]
    assert [(event["version"], event["key"]) for event in reported] == [(1, f"{program_id}:1"), (2, f"{program_id}:2")]


async def test_parallel_changes_of_a_program_make_one_version_each(shop: Shop) -> None:
    program_id = await shop.program()
    answers = await asyncio.gather(
        *(shop.http.patch(f"/v1/programs/{program_id}", json={"rank": rank}) for rank in range(2, 8))
    )
    assert sorted(answer.json()["version"] for answer in answers) == [2, 3, 4, 5, 6, 7]


async def test_a_program_leads_to_the_stores_own_pages(shop: Shop) -> None:
    answer = await shop.post("/v1/programs", {**PROGRAM, "landing_url": "https://evil.example/"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "landing_url"


async def test_a_change_that_would_break_a_program_is_refused_by_field(shop: Shop) -> None:
    program_id = await shop.program()
    answer = await shop.http.patch(f"/v1/programs/{program_id}", json={"attribution": {"click_window_dayz": 7}})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "attribution.click_window_dayz"


async def test_joining_gives_a_link_a_code_from_the_name_and_a_portal(links: Replica, shop: Shop) -> None:
    program_id = await shop.program()
    anna = await shop.ambassador(program_id, external_id="c1", name="Анна Ковальчук", email="anna@example.com")
    assert anna["code"]["code"] == "ANNA10"
    assert anna["link"]["url"] == f"{BASE}/r/{anna['link']['slug']}"
    assert anna["portal_url"].startswith(f"{BASE}/p/")
    second = await shop.ambassador(program_id, external_id="c2", name="Anna Kern")
    assert second["code"]["code"] == "ANNAK"
    nameless = await shop.ambassador(program_id)
    assert len(nameless["code"]["code"]) == 8
    reported = [event for event in await events(links, "ambassador.saved") if event["ambassador_id"] == anna["id"]]
    assert len(reported[0]["contact_hashes"]) == 1
    assert "anna@example.com" not in str(await events(links))


async def test_the_same_customer_joins_once_even_in_parallel(shop: Shop) -> None:
    program_id = await shop.program()
    body = {"program_id": program_id, "external_id": "c-77", "name": "Mihaela Rusu"}
    answers = await asyncio.gather(*(shop.post("/v1/ambassadors", body) for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 11
    assert len({answer.json().get("id") or answer.json()["ambassador_id"] for answer in answers}) == 1
    assert len((await shop.got("/v1/links", program_id=program_id))["data"]) == 1


async def test_a_kept_answer_holds_no_personal_data(links: Replica, shop: Shop) -> None:
    program_id = await shop.program()
    body = {"program_id": program_id, "external_id": "c9", "name": "Zoe Quill", "email": "zoe@example.com"}
    first = await shop.post("/v1/ambassadors", body, **{"Idempotency-Key": "zoe-1"})
    again = await shop.post("/v1/ambassadors", body, **{"Idempotency-Key": "zoe-1"})
    assert first.json() == again.json()
    async with links.ctx.db.transaction([shop.id]) as tx:
        kept = bytes(await tx.scalar("select answer from answers where key = 'zoe-1'"))
    assert b"quill" not in kept.lower()
    assert b"example.com" not in kept


async def test_ambassadors_are_found_by_code_external_id_and_part_of_a_name(shop: Shop) -> None:
    program_id = await shop.program()
    olga = await shop.ambassador(program_id, external_id="c5", name="Ольга Соловьёва", email="olga.s@example.com")
    await shop.ambassador(program_id, external_id="c6", name="Andrei Munteanu")
    for query in ({"code": "olga10"}, {"external_id": "c5"}, {"q": "соловь"}, {"q": "olga.s@"}):
        found = (await shop.got("/v1/ambassadors", **query))["data"]
        assert [row["id"] for row in found] == [olga["id"]], query
    assert (await shop.got("/v1/ambassadors", q="%"))["data"] == []


async def test_a_search_follows_what_is_known_of_somebody(shop: Shop) -> None:
    program_id = await shop.program()
    anna = await shop.ambassador(program_id, name="Anna Kern", external_id="c5")
    batch = [{"program_id": program_id, "name": "Boris Kern", "group": "Partners"}]
    (boris,) = (await shop.post("/v1/ambassadors/batches", {"ambassadors": batch})).json()["data"]

    async def found(**query: str) -> list[str]:
        return [row["id"] for row in (await shop.got("/v1/ambassadors", **query))["data"]]

    assert await found(q="kern", sort="name") == [anna["id"], boris["ambassador"]["id"]]
    assert await found(q="Kern", group="Partners") == [boris["ambassador"]["id"]]
    assert await found(q=boris["ambassador"]["code"]["code"].lower()) == [boris["ambassador"]["id"]]
    assert await found(q="c5 anna") == [], "each of what they are found by stands for itself"
    path = f"/v1/ambassadors/{anna['id']}"
    assert (await shop.http.patch(path, json={"name": "Anna Wolf", "code": "WOLF7", "external_id": "k8"})).is_success
    assert [await found(q=text) for text in ("anna kern", "anna10", "c5")] == [[], [], []]
    assert [await found(q=text) for text in ("wolf", "olf7", "K8")] == [[anna["id"]]] * 3
    await shop.http.delete(path)
    assert [await found(q=text) for text in ("anna wolf", "k8")] == [[], []]
    assert await found(q="wolf7") == await found(q="wolf7", sort="name", status="erased") == [anna["id"]]


async def test_an_ambassador_can_be_changed_and_blocked(links: Replica, shop: Shop) -> None:
    program_id = await shop.program()
    joined = await shop.ambassador(program_id, external_id="c1", email="old@example.com")
    path = f"/v1/ambassadors/{joined['id']}"
    changed = await shop.http.patch(path, json={"email": "new@example.com", "group": "Partners", "status": "blocked"})
    assert changed.json()["email"] == "new@example.com"
    assert changed.json()["status"] == "blocked"
    reported = [event for event in await events(links, "ambassador.saved") if event["ambassador_id"] == joined["id"]]
    assert [event["revision"] for event in reported] == [1, 2]
    assert reported[0]["contact_hashes"] != reported[1]["contact_hashes"]
    other = await shop.ambassador(program_id, external_id="c2")
    refused = await shop.http.patch(f"/v1/ambassadors/{other['id']}", json={"external_id": "c1"})
    assert refused.status_code == 409


async def test_lists_come_in_pages_and_as_csv(shop: Shop) -> None:
    program_id = await shop.program()
    for number in range(5):
        await shop.ambassador(program_id, external_id=f"c{number}", name=f"=Evil{number}")
    first = await shop.got("/v1/ambassadors", limit="2")
    second = await shop.got("/v1/ambassadors", limit="2", cursor=first["next_cursor"])
    third = await shop.got("/v1/ambassadors", limit="2", cursor=second["next_cursor"])
    seen = [row["external_id"] for page in (first, second, third) for row in page["data"]]
    assert seen == ["c4", "c3", "c2", "c1", "c0"]
    assert third["next_cursor"] is None
    for path in ("ambassadors", "links", "codes", "programs", "keys", "stores"):
        answer = await shop.http.get(f"/v1/{path}", params={"format": "csv"})
        assert answer.headers["content-type"].startswith("text/csv"), answer.text
        assert "\r\n=" not in answer.text
        assert ",=" not in answer.text
        if path in ("links", "codes"):
            assert answer.text.count("'=Evil") == 5, "the name stands beside the id"
    narrow = {"Authorization": f"Bearer {(await shop.made('/v1/keys', {'scopes': ['links:read']}))['key']}"}
    answer = await shop.http.get("/v1/links", params={"format": "csv"}, headers=narrow)
    assert (answer.status_code, answer.text.count("Evil")) == (200, 0), "who may not read people gets no names"
    assert answer.text.count("EVIL") == 5


async def test_a_spreadsheet_holds_all_rows_however_many(links: Replica, shop: Shop) -> None:
    program_id = await shop.program()
    async with links.ctx.db.transaction([shop.id]) as tx:
        await tx.execute(
            "insert into codes (code_id, store_id, code, program_id, retired, created_at, revision)"
            " select 'cod_' || n, :store, 'C' || n, :program, false, now(), 1 from generate_series(1, 11111) n",
            store=shop.id,
            program=program_id,
        )
    answer = await shop.http.get("/v1/codes", params={"format": "csv"})
    rows = answer.text.split("\r\n")[1:-1]
    assert len({row.partition(",")[0] for row in rows}) == len(rows) == 11111


async def test_links_lead_to_the_stores_pages_only(shop: Shop) -> None:
    program_id = await shop.program()
    who = {"program_id": program_id, "ambassador_id": (await shop.ambassador(program_id))["id"]}
    good = await shop.made("/v1/links", {**who, "destination": "https://shop.example/p/1?a=b#c", "channel": "telegram"})
    assert good["destination"] == "https://shop.example/p/1?a=b#c"
    await shop.made("/v1/links", {**who, "destination": "http://localhost:8090/"})
    await shop.made("/v1/links", {**who, "destination": "https://www.shop.example/"})
    for destination in (
        "https://evil.example/",
        "http://shop.example/",
        "//shop.example/",
        "https://shop.example@evil.example/",
        "https://shop.example.evil.example/",
        "https://evilshop.example/",
        "javascript:alert(1)",
        "https://shop.example/\r\nSet-Cookie: a=b",
        "https://shop.example\\@evil.example/",
        "https://shop.example:8443/",
    ):
        answer = await shop.post("/v1/links", {**who, "destination": destination})
        assert answer.status_code == 422, destination
        assert answer.json()["errors"][0]["field"] == "destination"


async def test_vanity_slugs_are_unique_and_look_like_no_other(links: Replica, shop: Shop) -> None:
    program_id = await shop.program()
    who = {"program_id": program_id, "ambassador_id": (await shop.ambassador(program_id))["id"]}
    assert (await shop.made("/v1/links", {**who, "slug": " Morning-Coffee "}))["slug"] == "morning-coffee"
    for taken in ("morning-coffee", "MORNING-COFFEE", "m0rning-coffee", "morningcoffee", "rnorning-coffee"):
        answer = await shop.post("/v1/links", {**who, "slug": taken})
        assert answer.status_code == 409, taken
        assert answer.json()["code"] == "slug_taken"
    other = await open_shop(links, domain="other.example")
    foreign = await other.program(landing_url="https://other.example/")
    theirs = {"program_id": foreign, "ambassador_id": (await other.ambassador(foreign))["id"]}
    assert (await other.post("/v1/links", {**theirs, "slug": "morning-coffee"})).status_code == 409
    for bad in ("admin", "4dmin?", "кофе", "a", "-ab", "a b", "x" * 60):
        assert (await shop.post("/v1/links", {**who, "slug": bad})).status_code == 422, bad


async def test_codes_are_folded_and_unique_in_their_store(links: Replica, shop: Shop) -> None:
    program_id = await shop.program()
    made = await shop.made("/v1/codes", {"program_id": program_id, "code": " spring-10 ", "max_uses": 3})
    assert made["code"] == "SPRING-10"
    assert (await shop.post("/v1/codes", {"program_id": program_id, "code": "Spring-10"})).status_code == 409
    assert (await shop.post("/v1/codes", {"program_id": program_id, "code": "вЕСНА"})).status_code == 422
    assert [row["id"] for row in (await shop.got("/v1/codes", code="sPRING-10"))["data"]] == [made["id"]]
    other = await open_shop(links, domain="other.example")
    foreign = await other.program(landing_url="https://other.example/")
    await other.made("/v1/codes", {"program_id": foreign, "code": "SPRING-10"})
    retired = await shop.http.patch(f"/v1/codes/{made['id']}", json={"retired": True})
    assert retired.json()["retired"] is True
    reported = [event for event in await events(links, "code.saved") if event["code_id"] == made["id"]]
    assert [(event["revision"], event["retired"]) for event in reported] == [(1, False), (2, True)]


async def test_another_stores_things_do_not_exist(links: Replica, shop: Shop) -> None:
    program_id = await shop.program()
    joined = await shop.ambassador(program_id)
    other = await open_shop(links, domain="other.example")
    for path in (
        f"/v1/programs/{program_id}",
        f"/v1/ambassadors/{joined['id']}",
        f"/v1/links/{joined['link']['id']}",
        f"/v1/codes/{joined['code']['id']}",
    ):
        assert (await shop.http.get(path)).status_code == 200
        for answer in (await other.http.get(path), await other.http.patch(path, json={})):
            assert answer.status_code == 404, path
    assert (await other.http.delete(f"/v1/links/{joined['link']['id']}")).status_code == 404
    assert (await other.post("/v1/ambassadors", {"program_id": program_id})).status_code == 404
    assert (await other.post("/v1/codes", {"program_id": program_id})).status_code == 404


async def test_the_demo_clock_moves_by_seconds_and_tells_its_absolute_offset(links: Replica) -> None:
    headers = {"Authorization": f"Bearer {OPERATOR}"}
    moved = await links.http.post("/v1/clock", json={"advance_seconds": 86_400}, headers=headers)
    assert moved.status_code == 200
    try:
        assert moved.json()["offset_seconds"] == 86_400
        assert (await links.http.get("/v1/clock", headers=headers)).json()["offset_seconds"] == 86_400
        assert links.ctx.live.offset.days == 1
    finally:
        back = await links.http.post("/v1/clock", json={"advance_seconds": -86_400}, headers=headers)
    assert back.json()["offset_seconds"] == 0
    reported = await events(links, "clock.moved")
    assert [(event["offset_seconds"], event["revision"]) for event in reported][-2:] == [(86_400, 1), (0, 2)]
