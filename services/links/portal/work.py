"""What is written to ambassadors so that they can sign in."""

from typing import Final

from services.kernel.context import Context
from services.kernel.db import Tx
from services.links.mail.domain import Letter
from services.links.mail.sql import Mail
from services.links.pages import PAGES
from services.links.portal.actions import ambassador_of
from services.links.proofs import domain
from services.links.proofs import sql as proofs
from services.links.stores import actions as stores


async def compose_sign_in(ctx: Context, tx: Tx, mail: Mail) -> Letter | None:
    """The mail that somebody signs in by; nobody gets one who is no ambassador of the store. Without their name: where
    people join at once, a stranger may have written it, and the mail comes from the store.
    """
    proof = await proofs.get(tx, mail.store_id, mail.about)
    ambassador = None if proof is None else await ambassador_of(tx, proof)
    if proof is None or ambassador is None or ambassador.email is None:
        return None
    store = await stores.get(tx, mail.store_id)
    say = PAGES.speech(proof.language).say
    token = domain.token_of(ctx.ring, proof.store_id, proof.proof_id, end=proof.expires_at)
    return Letter(
        to=ambassador.email,
        ambassador_id=ambassador.ambassador_id,
        language=proof.language,
        subject=say("Sign in to your page at %(store)s", store=store.name),
        before=(
            say("Hello!"),
            say("Open your page with this button, in the browser in which you asked for this mail:"),
        ),
        label=say("Open my page"),
        url=f"{ctx.settings.base_url}/p/sign-in/mail/{token}",
        code=domain.code_of(ctx.ring, proof.proof_id),
        after=(
            say("Is that browser on another device? Type these six digits there. Nobody will ever ask you for them."),
            say("Both are good for ten minutes and once. If you did not ask for this mail, you need not do anything."),
        ),
    )


COMPOSERS: Final = {"sign_in": compose_sign_in}
