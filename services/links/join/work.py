"""What is written to who wants to join, and joining itself."""

from typing import Final

from services.common.contacts import contact_hashes
from services.kernel.auth.principal import Principal
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.ids import new_id
from services.kernel.work import Done, Outcome, Task, TaskKind
from services.links.ambassadors import sql as members
from services.links.ambassadors.actions import shown_code
from services.links.applicants import sql
from services.links.hosts.hot import share_base
from services.links.join import actions
from services.links.links.schemas import share_url
from services.links.mail import actions as mails
from services.links.mail.domain import Letter
from services.links.mail.sql import Mail
from services.links.pages import PAGES
from services.links.people import sql as people
from services.links.proofs import domain
from services.links.proofs import sql as proofs
from services.links.proofs.sql import Proof
from services.links.stores import actions as stores
from services.links.stores.sql import Store


async def run(ctx: Context, task: Task) -> Outcome:
    """Joins somebody of a program that asks for no proof first, who acts in it, and writes to them. Again, it finds
    them joined.
    """
    ambassador_id = new_id("amb", at=ctx.live.now())
    async with ctx.db.transaction([task.store_id], actor=Principal("ambassador", ambassador_id)) as tx:
        applicant = await sql.get(tx, task.store_id, str(task.payload["applicant_id"]))
        if applicant is not None:
            await actions.admit(
                tx,
                applicant,
                ambassador_id,
                is_proved=False,
                hash_contacts=lambda email, phone: contact_hashes(ctx.ring, email=email, phone=phone),
            )

    async def write(tx: Tx) -> None:
        await mails.send(tx, task.store_id, kind="join", about=str(task.payload["proof_id"]))

    return Done(note=write)


TASK_KINDS: Final = (TaskKind(name=actions.TASK, run=run, per_lane=5),)


async def compose(ctx: Context, tx: Tx, mail: Mail) -> Letter | None:
    """The mail to who wants to join: the proof of their address, or that they are in already. Without their name, or
    anything else that the form held: a stranger may have filled it in, and the mail comes from the store.
    """
    proof = await proofs.get(tx, mail.store_id, mail.about)
    if proof is None:
        return None
    store = await stores.get(tx, mail.store_id)
    key = (proof.program_id, proof.mail_hash)
    holder = (await people.holders(tx, mail.store_id, [key])).get(key)
    if holder is not None:
        return await _to_ambassador(ctx, tx, proof, store, holder.ambassador_id)
    applicant = None if proof.about is None else await sql.get(tx, mail.store_id, proof.about)
    if applicant is None:
        return None
    say = PAGES.speech(proof.language).say
    return Letter(
        to=applicant.email,
        ambassador_id=None,
        language=proof.language,
        subject=say("Confirm your address: %(store)s", store=store.name),
        before=(
            say("Hello!"),
            say(
                "You want to recommend %(store)s to friends. Confirm with this button that the address is yours:",
                store=store.name,
            ),
        ),
        label=say("Confirm and join"),
        url=_address(ctx, proof),
        code=domain.code_of(ctx.ring, proof.proof_id),
        after=(
            say("Press it in the browser in which you filled in the form, or type these six digits there."),
            say("Both are good for a day and once. If it was not you, do nothing: your address will be forgotten."),
        ),
    )


async def _to_ambassador(ctx: Context, tx: Tx, proof: Proof, store: Store, ambassador_id: str) -> Letter | None:
    member = await members.get(tx, store.store_id, ambassador_id)
    if member is None or member.ambassador.status == "erased" or member.ambassador.email is None:
        return None
    say = PAGES.speech(proof.language).say
    person = member.ambassador
    code, url = await shown_code(tx, member), share_url(share_base(ctx, store.store_id), member.slug)
    if code is None:
        own: tuple[str, ...] = (say("You are an ambassador of %(store)s. This is your link:", store=store.name), url)
    else:
        known = say(
            "You are an ambassador of %(store)s. This is your link, and this your promo code:", store=store.name
        )
        own = (known, url, code)
    return Letter(
        to=person.email or "",
        ambassador_id=ambassador_id,
        language=proof.language,
        subject=say("Your page at %(store)s", store=store.name),
        before=(
            say("Hello!"),
            *own,
            say("Open your page with this button, in the browser in which you asked for this mail:"),
        ),
        label=say("Open my page"),
        url=_address(ctx, proof),
        code=domain.code_of(ctx.ring, proof.proof_id),
        after=(
            say("Is that browser on another device? Type these six digits there. Nobody will ever ask you for them."),
            say("If you did not ask for this mail, you need not do anything."),
        ),
    )


def _address(ctx: Context, proof: Proof) -> str:
    token = domain.token_of(ctx.ring, proof.store_id, proof.proof_id, end=proof.expires_at)
    return f"{ctx.settings.base_url}/p/sign-in/mail/{token}"


COMPOSERS: Final = {"join": compose}
