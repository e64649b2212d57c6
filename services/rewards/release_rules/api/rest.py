"""The API of the rule by which rewards become available."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Response

from services.kernel.db import Tx
from services.kernel.http.call import Call, require
from services.kernel.http.limits import limit
from services.rewards.release_rules import actions, sql
from services.rewards.release_rules.actions import Made
from services.rewards.release_rules.schemas import (
    ReleaseRuleIn,
    ReleaseRuleOut,
    ReleaseSecretIn,
    ReleaseSecretOut,
)
from services.rewards.release_rules.sql import Rule

router = APIRouter(tags=["rewards"])

_SEPARATOR: Final = "."


@router.get("/v1/reward-release")
async def get_release_rule(call: Annotated[Call, require("rewards:read")]) -> ReleaseRuleOut:
    """How rewards become available after their hold, and what the newest sample came to."""
    async with call.transaction() as tx:
        return await _shown(tx, call.store_id, await sql.rule(tx, call.store_id))


@router.put("/v1/reward-release")
async def put_release_rule(body: ReleaseRuleIn, call: Annotated[Call, require("rewards:write")]) -> ReleaseRuleOut:
    """Sets how rewards become available after their hold. What waits for a person goes on waiting."""
    async with call.transaction() as tx:
        rule = await actions.put(tx, call.ctx, call.store_id, way=body.way, url=body.url)
        return await _shown(tx, call.store_id, rule)


@router.post("/v1/reward-release/secret", status_code=201, response_model=ReleaseSecretOut)
async def post_release_secret(
    call: Annotated[Call, require("rewards:write")], body: ReleaseSecretIn | None = None
) -> Response:
    """Makes the secret that signs questions, the first or another one; it is in this answer only. The former one signs
    as well until the overlap is over.
    """
    overlap = timedelta(hours=(body or ReleaseSecretIn()).overlap_hours)
    sealing = call.ctx.require_sealing()
    return await call.once(
        lambda tx: actions.rotate(tx, sealing, call.store_id, overlap=overlap),
        answer=_made,
        reveal=lambda answer: _revealed(call, answer),
    )


@router.post(
    "/v1/reward-release/test",
    status_code=202,
    response_model=ReleaseRuleOut,
    dependencies=[limit("release-tests", per_minute=30)],
)
async def post_release_test(call: Annotated[Call, require("rewards:write")]) -> Response:
    """Asks the store's server about a reward that there is not, with the header `webhook-test: true`. `test` of the
    rule says what came of it.
    """

    async def send(tx: Tx) -> ReleaseRuleOut:
        return await _shown(tx, call.store_id, await actions.send_test(tx, call.store_id))

    return await call.once(send, answer=lambda shown: shown, status=202)


async def _shown(tx: Tx, store_id: str, rule: Rule) -> ReleaseRuleOut:
    return ReleaseRuleOut.of(rule, has_secret=bool(await sql.secrets(tx, store_id)))


def _made(made: Made) -> ReleaseSecretOut:
    """As it may be kept for who repeats the request: sealed."""
    return ReleaseSecretOut(secret=made.secret_id + _SEPARATOR + b64encode(made.sealed).decode())


def _revealed(call: Call, answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """As it is sent."""
    secret_id, _, sealed = str(answer["secret"]).partition(_SEPARATOR)
    return {**answer, "secret": actions.show(call.ctx.require_sealing(), secret_id, b64decode(sealed))}
