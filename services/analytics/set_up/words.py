"""The steps in words: what is done, how the next one is, what was refused, and what to do about it."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Final, NamedTuple

from services.analytics.set_up.domain.steps import State, Step
from services.common.reasons import REASONS, reason_text
from services.common.words import _
from services.ui import Format, Speech

GUIDES: Final = "/console/connectors/guides"
CONNECTIONS: Final = "/console/connectors/connections"
PLATFORMS: Final = {
    "shopify": "Shopify",
    "woocommerce": "WooCommerce",
    "insales": "InSales",
    "stripe": "Stripe",
    "tilda": "Tilda",
    "bitrix": "1C-Bitrix",
    "generic": "JSON",
}
"""As their owners write them."""


class Stage(NamedTuple):
    """One step as the page shows it."""

    name: str
    title: str
    below: str
    href: str
    action: str
    state: State
    current: bool
    needed: bool
    when: str
    """When it was seen, and what."""
    problem: str
    mend: str


class _Texts(NamedTuple):
    title: str
    below: str
    action: str
    href: str


class _Problem(NamedTuple):
    """Why something was refused, and what to do. `%(of)s` is what it was."""

    text: str
    mend: str


_STEPS: Final[Mapping[str, _Texts]] = {
    "program": _Texts(
        _("A program"),
        _("It says what a friend and an ambassador get, and when."),
        _("Make a program"),
        "/console/links/programs/new",
    ),
    "ambassador": _Texts(
        _("The first ambassador"),
        _("Add yourself to try it: the link and the code are there at once."),
        _("Add an ambassador"),
        "/console/links/ambassadors/new",
    ),
    "platform": _Texts(
        _("Your platform"),
        _("Say what your store runs on: a guide with your own addresses leads through the rest."),
        _("Choose a platform"),
        GUIDES,
    ),
    "page": _Texts(
        _("The line in your pages"),
        _("Put the line with your publishable key into every page, then open your store in a private window."),
        _("To the keys"),
        "/console/links/keys",
    ),
    "click": _Texts(
        _("A click that your page knows of"),
        _("Open a share link on your phone: the page tells of the click a second later."),
        _("To the share links"),
        "/console/analytics/ambassadors",
    ),
    "customer": _Texts(
        _("A customer with proof"),
        _("Sign in at your store. So clicks count on every device of a customer; orders work without it."),
        _("Customer proof"),
        "/console/links/identify",
    ),
    "order": _Texts(
        _("An order that names its ambassador"),
        _("Buy something by that link, as a friend would."),
        _("To the orders"),
        "/console/attribution/orders",
    ),
    "delivery": _Texts(
        _("Deliveries of the platform"),
        _("Change or place an order there: its delivery is here a second later."),
        _("To the connection"),
        CONNECTIONS,
    ),
    "code": _Texts(
        _("A promo code at the checkout"),
        _("Order once more, with an ambassador’s code and no link."),
        _("To the share links"),
        "/console/analytics/ambassadors",
    ),
    "reward": _Texts(
        _("The first reward"),
        _("It is credited when an order with an ambassador is paid. The order says why, or why not."),
        _("To the rewards"),
        "/console/rewards/rewards",
    ),
}

_PROBLEMS: Final[Mapping[str, _Problem]] = {
    # Of the line in the pages.
    "domain_not_listed": _Problem(
        _("The script reported from %(of)s, which is none of your domains."),
        _("Add the domain under “Domains”, or take the line out of pages that are not the store’s."),
    ),
    "secret_key_in_browser": _Problem(
        _("A page of your store sent the secret key %(of)s."),
        _("Revoke that key at once, make another for your server, and put the publishable key into the page."),
    ),
    "wrong_key": _Problem(
        _("A page or a server of yours came with a key that is not valid."),
        _("It was cut off or changed: copy the whole key anew."),
    ),
    "revoked_key": _Problem(
        _("A key that was revoked is in use: %(of)s."),
        _("Put the present key in its place."),
    ),
    "publishable_key": _Problem(
        _("Your server called with the publishable key %(of)s, which may only report visits."),
        _("Use a secret key there."),
    ),
    "missing_scope": _Problem(
        _("Your server called with the key %(of)s, which may not do that."),
        _("Make a key that may, or ask whoever made this one."),
    ),
    # Of clicks.
    "not_reported": _Problem(
        _("A share link was opened. No page of yours has told of it yet."),
        _("See that the page it leads to has the line, keeps “?kith=” through redirects, and that consent was given."),
    ),
    "not_seen": _Problem(
        _("A page told of a click before anybody looked at it."),
        _("Open the link in a tab of its own, not in a frame."),
    ),
    "no_origin": _Problem(
        _("A page asked for a click without saying where it is."),
        _("Let the browser ask: kith.js does."),
    ),
    "foreign_origin": _Problem(
        _("A page on %(of)s asked for a click, which is none of your domains."),
        _("Add the domain under “Domains”."),
    ),
    # Of customers.
    "proof_wrong": _Problem(
        _("A page named a customer with a proof that is not right."),
        _("The proof is hex HMAC-SHA256 of exactly the id that is sent, under the secret of “Customer proof”."),
    ),
    "unproven": _Problem(
        _("A page named a customer without a proof that counts."),
        _("Let your server make the proof; “Customer proof” has the lines for it."),
    ),
    # Of orders.
    "no_evidence": _Problem(
        _("Order %(of)s came without a click and without a code."),
        _("Pass on what kith.js puts into the form, as tokens and visitor_id, or the codes that were entered."),
    ),
    "no_customer": _Problem(
        _("Order %(of)s names no customer: neither id nor e-mail nor phone."),
        _("Send what you know of the buyer, or nobody can tell a new customer from an old one."),
    ),
    "test_order": _Problem(
        _("A test order came. It never counts."),
        _("Place a real order, of little worth, and refund it."),
    ),
    "test_mode": _Problem(
        _("An order in test mode came. It never counts."),
        _("Place a real order, of little worth, and refund it; or use the live endpoint’s secret."),
    ),
    # Of deliveries.
    "bad_signature": _Problem(
        _("A delivery came that is not signed with the connection’s secret."),
        _("Copy the secret anew."),
    ),
    "other_platform": _Problem(
        _("A delivery came to the address of another platform’s connection."),
        _("Give each platform the address of its own connection."),
    ),
    "unreadable": _Problem(
        _("A delivery came that cannot be read."),
        _("The connection’s page shows which field; it is kept and can be read again."),
    ),
    "no_access": _Problem(
        _("An order was named, and nobody gave access to the shop’s API."),
        _("Give the connection the key of the shop’s back office."),
    ),
    "test": _Problem(_("The platform’s own test came, and nothing more."), _("Place an order now.")),
    "other_topic": _Problem(
        _("A delivery came that tells of nothing that counts."),
        _("Subscribe the address to the topics that the guide lists."),
    ),
    # Of orders and rewards, in more words than a list has.
    "self_referral": _Problem(
        _("Order %(of)s is the ambassador’s own purchase."),
        _("Buy as somebody else: another e-mail, another phone, another account than the ambassador’s."),
    ),
    "not_new_customer": _Problem(
        _("Order %(of)s is no new customer’s, and the program rewards new ones only."),
        _("Buy as somebody who has never bought."),
    ),
    "unpaid": _Problem(
        _("Order %(of)s is not paid yet."),
        _("Pay it, and let the store tell so: a reward follows the payment."),
    ),
    "code_unknown": _Problem(
        _("A code was entered that is no ambassador’s."),
        _("Enter the code of an ambassador, as their page shows it."),
    ),
}

_SIGNS: Final[Mapping[str, str]] = {
    "shopify": _(
        "Shopify signs with the app’s client secret; webhooks made in the admin with the secret below their list."
    ),
    "woocommerce": _(
        "WooCommerce signs with the webhook’s own secret, and each has its own. Set all to the connection’s."
    ),
    "stripe": _(
        "Stripe signs with the endpoint’s signing secret (whsec_…): each endpoint, and test mode, has its own."
    ),
    "tilda": _("Tilda signs nothing: the secret is the end of the address. Copy the whole address."),
    "insales": _("InSales signs nothing: the secret is the end of the address. Copy the whole address."),
    "bitrix": _(
        "Decode the secret from base64 behind whsec_, sign “id.timestamp.body”, and set the server’s clock right."
    ),
    "generic": _(
        "Decode the secret from base64 behind whsec_, sign “id.timestamp.body”, and set the server’s clock right."
    ),
}
"""How each platform signs, for who has to find out why it does not."""


def stages(steps: Sequence[Step], speech: Speech, fmt: Format | None = None) -> list[Stage]:
    """All of them, in their order. With `fmt` they say when each was seen."""
    return [_stage(step, speech, fmt) for step in steps]


def mark_of(shown: Sequence[Stage], *also: str) -> str:
    """A short name of what is shown: another one where anything differs."""
    return blake2b(repr((shown, also)).encode(), digest_size=6).hexdigest()


def title_of(step: Step, speech: Speech) -> str:
    """What a step is called."""
    texts = _STEPS[step.name]
    if step.on is None or step.on.platform not in PLATFORMS:
        return speech.say(texts.title)
    return speech.say("Deliveries of %(platform)s", platform=PLATFORMS[step.on.platform])


def problem_of(step: Step, speech: Speech) -> str:
    """Why something was refused; nothing where nothing was."""
    if not step.problem:
        return ""
    known = _PROBLEMS.get(step.problem)
    if known is not None and (step.problem_of or "%(of)s" not in known.text):
        return speech.say(known.text, of=step.problem_of) if step.problem_of else speech.say(known.text)
    of = f" ({step.problem_of})" if step.problem_of else ""
    return f"{reason_text(step.problem, speech)}{of}"


def mend_of(step: Step, speech: Speech) -> str:
    """What to do next; nothing where all is well."""
    if step.problem == "bad_signature" and step.on is not None and step.on.platform in _SIGNS:
        return speech.say(_SIGNS[step.on.platform])
    if step.problem:
        known = _PROBLEMS.get(step.problem)
        if known is not None:
            return speech.say(known.mend)
        if step.problem in REASONS:
            return speech.say("The order’s page says why, with every proof that was weighed.")
        return speech.say("The connection’s page shows the delivery.") if step.on else ""
    return "" if step.state == "done" else speech.say(_STEPS[step.name].below)


def _stage(step: Step, speech: Speech, fmt: Format | None) -> Stage:
    texts = _STEPS[step.name]
    when = ""
    if step.state == "done" and fmt is not None:
        when = fmt.time(step.at, seconds=True) if step.at is not None else ""
        when = " · ".join(filter(None, (when, step.detail)))
    return Stage(
        name=step.name,
        title=title_of(step, speech),
        below=speech.say(texts.below),
        href=f"{texts.href}/{step.on.connection_id}" if step.on is not None else texts.href,
        action=speech.say(texts.action),
        state=step.state,
        current=step.current,
        needed=step.needed,
        when=when,
        problem=problem_of(step, speech),
        mend=mend_of(step, speech) if step.problem else "",
    )
