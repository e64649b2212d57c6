"""The public page of a program's terms: what holds today, and what held before."""

from tests.integration.links.world import Replica, Shop

JOINING = {"terms": {"version": "2026-01", "text": "Be kind.\n\nNo spam."}}


async def test_everybody_reads_what_holds_and_what_held_before(links: Replica, shop: Shop) -> None:
    program = await shop.program(joining=JOINING)
    first = await links.http.get(f"/terms/{program}?lang=en")
    assert first.status_code == 200
    assert "Be kind." in first.text and "Version 1 of the rules" in first.text
    assert "The version before" not in first.text and f'href="/join/{program}"' in first.text

    changed = {
        "joining": {"terms": {"version": "2026-02", "text": "Be kind.\n\nNo letters either."}},
        "status": "paused",
    }
    assert (await shop.http.patch(f"/v1/programs/{program}", json=changed)).status_code == 200
    second = (await links.http.get(f"/terms/{program}?lang=en")).text
    assert "No letters either." in second and "This program is paused." in second
    assert f'href="/terms/{program}?version=1"' in second
    before = (await links.http.get(f"/terms/{program}?version=1&lang=ru")).text
    assert "No spam." in before and "No letters either." not in before
    assert "Действующая версия" in before and "Программа приостановлена." in before


async def test_a_program_and_a_version_that_are_not_there(links: Replica, shop: Shop) -> None:
    program = await shop.program()
    for path in (f"/terms/{program}?version=2", "/terms/prg_nobody", "/terms/%00"):
        assert (await links.http.get(path)).status_code == 404, path
    assert (await links.http.get(f"/terms/{program}?version=x")).status_code == 422
    assert f'href="/join/{program}"' not in (await links.http.get(f"/terms/{program}")).text, (
        "nobody joins by themselves"
    )
