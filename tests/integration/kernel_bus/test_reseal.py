"""After a rotation: what older keys sealed is sealed anew, block by block, and the old key can go."""

from dataclasses import replace
from pathlib import Path

import pytest

from services.kernel import reseal
from services.kernel.auth import at_rest
from services.kernel.auth.ring import KeyRing
from services.kernel.auth.sealing import Sealing
from services.kernel.db import Database
from services.kernel.reseal import reseal_all
from services.kernel.runner import running
from services.kernel.settings import Settings
from tests.support.toy import SEALED, TOY

RING = KeyRing(secret_keys="k1:a-secret-of-the-tests-0123456789", contact_key="c", operator_key="o")
OLD, NEW = "k1:toys-own-0123456789", "k2:toys-own-9876543210"


async def keep(db: Database, store: str, account: str, sealed: bytes) -> None:
    async with db.transaction([store]) as tx:
        await tx.execute("insert into credentials values (:a, :s, :b)", a=account, s=store, b=sealed)


async def kept(db: Database, store: str) -> dict[str, bytes]:
    async with db.transaction([store]) as tx:
        return {row.account_id: row.secret for row in await tx.all("select account_id, secret from credentials")}


async def test_old_keys_can_go_once_everything_is_sealed_anew(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reseal, "BLOCK", 3)
    before, after = Sealing(OLD, before=RING), Sealing(f"{NEW},{OLD}", before=RING)
    for n in range(8):
        await keep(db, "str_a", f"acc_{n}", before.seal(SEALED.purpose, b"%d" % n, owner=f"acc_{n}"))
    await keep(db, "str_a", "acc_old", at_rest.encrypt(RING, SEALED.purpose, b"old", owner="acc_old"))
    await keep(db, "str_b", "acc_b", before.seal(SEALED.purpose, b"b", owner="acc_b"))
    assert await reseal_all(db, after, SEALED, ["str_a", "str_b"]) == (10, 0)
    assert await reseal_all(db, after, SEALED, ["str_a", "str_b"]) == (0, 0), "what is new already stays"
    strangers = KeyRing(secret_keys="k9:a-ring-that-encrypted-nothing-here", contact_key="c", operator_key="o")
    alone = Sealing(NEW, before=strangers)
    opened = {a: alone.open(SEALED.purpose, s, owner=a) for a, s in (await kept(db, "str_a")).items()}
    assert opened == {f"acc_{n}": b"%d" % n for n in range(8)} | {"acc_old": b"old"}
    assert alone.open(SEALED.purpose, (await kept(db, "str_b"))["acc_b"], owner="acc_b") == b"b"


async def test_what_cannot_be_opened_is_counted_and_left(db: Database) -> None:
    foreign = Sealing("k9:somebody-elses-0123456789", before=RING).seal(SEALED.purpose, b"x", owner="acc_1")
    await keep(db, "str_a", "acc_1", foreign)
    assert await reseal_all(db, Sealing(NEW, before=RING), SEALED, ["str_a"]) == (0, 1)
    assert (await kept(db, "str_a"))["acc_1"] == foreign


async def test_a_service_that_keeps_credentials_does_not_start_without_its_keys(url: str, tmp_path: Path) -> None:
    service = replace(TOY, sealed=(SEALED,))
    secret = "k1:0123456789012345678901234567890123456789"
    settings = Settings(
        database_url=url,
        data_dir=tmp_path,
        secret_keys=secret,  # type: ignore[arg-type]  # parsed
        contact_key=secret,  # type: ignore[arg-type]  # parsed
        operator_key=secret,  # type: ignore[arg-type]  # parsed
    )
    with pytest.raises(ValueError, match="set KITH_TOY_SEALING_KEYS"):
        async with running([service], settings, port=0):
            raise AssertionError("it started")
    given = settings.model_copy(update={"sealing_keys": {"toy": OLD}})
    async with running([service], given, port=0) as process:
        assert process.contexts["toy"].sealing
