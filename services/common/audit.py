"""What people can do in the product, as the audit notes it: every action, and every figure noted beside one, by name.

A closed list: a test holds that services note no other action and no other figure, so that what leaves a service is
decided here. Names, addresses and texts that somebody wrote are not on it and never will be.
"""

from typing import Final, NamedTuple

from services.common.words import Translator, _


class Action(NamedTuple):
    """One action: what was done, short enough for a list's cell and a filter, and its icon."""

    name: str
    icon: str


ACTIONS: Final[dict[str, Action]] = {
    "program.share_places_changed": Action(_("Places of the offer to share changed"), "share-2"),
    "material.made": Action(_("Material added"), "file-text"),
    "material.changed": Action(_("Material changed"), "pencil"),
    "material.ended": Action(_("Material deleted"), "x"),
    "program.published": Action(_("Program published"), "megaphone"),
    "program.changed": Action(_("Program changed"), "pencil"),
    "program.paused": Action(_("Program paused"), "megaphone"),
    "program.resumed": Action(_("Program resumed"), "megaphone"),
    "program.archived": Action(_("Program archived"), "megaphone"),
    "ambassador.added": Action(_("Ambassador added"), "users"),
    "ambassador.changed": Action(_("Ambassador changed"), "pencil"),
    "ambassador.blocked": Action(_("Ambassador blocked"), "lock"),
    "ambassador.unblocked": Action(_("Ambassador unblocked"), "users"),
    "ambassador.erased": Action(_("Ambassador erased"), "x"),
    "link.made": Action(_("Link made"), "link"),
    "link.changed": Action(_("Link changed"), "pencil"),
    "link.ended": Action(_("Link ended"), "x"),
    "code.made": Action(_("Promo code made"), "ticket"),
    "code.changed": Action(_("Promo code changed"), "pencil"),
    "code.retired": Action(_("Promo code retired"), "x"),
    "key.made": Action(_("API key made"), "key-round"),
    "key.revoked": Action(_("API key revoked"), "x"),
    "identify_secret.shown": Action(_("Customer proof’s secret looked at"), "eye"),
    "identify_secret.rotated": Action(_("Customer proof’s secret changed"), "rotate-ccw"),
    "store.made": Action(_("Store set up"), "store"),
    "program.preview_changed": Action(_("Preview picture changed"), "share-2"),
    "store.changed": Action(_("Store’s settings changed"), "settings"),
    "domain.added": Action(_("Domain added"), "globe"),
    "domain.proved": Action(_("Domain proved"), "shield-check"),
    "domain.removed": Action(_("Domain removed"), "x"),
    "portal_address.made": Action(_("Address of a portal made"), "external-link"),
    "session.started": Action(_("Signed in"), "key-round"),
    "session.ended": Action(_("Signed out"), "log-out"),
    "clock.moved": Action(_("Demo clock moved"), "clock"),
    "check.began": Action(_("Install check begun"), "shield-check"),
    "hook.made": Action(_("Shop platform connected"), "webhook"),
    "hook.changed": Action(_("Shop platform’s settings changed"), "pencil"),
    "hook.secret_changed": Action(_("Shop platform’s secret changed"), "key-round"),
    "poll.asked": Action(_("Shop platform asked for changes"), "rotate-ccw"),
    "history.asked": Action(_("Shop platform asked for its past orders"), "rotate-ccw"),
    "hook.ended": Action(_("Shop platform disconnected"), "x"),
    "privacy.done": Action(_("Request in a person’s name done"), "check"),
    "endpoint.made": Action(_("Webhook endpoint made"), "webhook"),
    "endpoint.changed": Action(_("Webhook endpoint changed"), "pencil"),
    "endpoint.secret_changed": Action(_("Webhook secret changed"), "key-round"),
    "codes.carried": Action(_("Codes put into a shop from now on"), "ticket"),
    "codes.not_carried": Action(_("Codes put into a shop no longer"), "x"),
    "codes.applied": Action(_("Links apply codes by themselves from now on"), "ticket"),
    "codes.not_applied": Action(_("Links apply codes by themselves no longer"), "x"),
    "codes.tried_again": Action(_("Refused codes tried again"), "rotate-ccw"),
    "endpoint.turned_on": Action(_("Webhook endpoint turned on"), "check"),
    "endpoint.turned_off": Action(_("Webhook endpoint turned off"), "x"),
    "endpoint.tried": Action(_("Webhook sent for a try"), "send"),
    "endpoint.replayed": Action(_("Webhooks sent again"), "rotate-ccw"),
    "endpoint.ended": Action(_("Webhook endpoint deleted"), "x"),
    "reward.approved": Action(_("Reward approved"), "check"),
    "reward.rejected": Action(_("Reward rejected"), "x"),
    "reward.flagged": Action(_("Reward held back"), "lock"),
    "release_rule.changed": Action(_("Rule for releasing rewards changed"), "pencil"),
    "release_rule.secret_changed": Action(_("Secret for questions about rewards changed"), "key-round"),
    "release_rule.tried": Action(_("Question about a reward sent for a try"), "send"),
    "goodwill.asked": Action(_("Goodwill waits for a second person"), "clock"),
    "goodwill.granted": Action(_("Goodwill given"), "gift"),
    "goodwill.approved": Action(_("Goodwill approved"), "check"),
    "goodwill.refused": Action(_("Goodwill refused"), "x"),
    "goodwill.taken_back": Action(_("Goodwill taken back"), "rotate-ccw"),
    "goodwill_terms.changed": Action(_("Limit of goodwill changed"), "pencil"),
    "payouts.prepared": Action(_("Payouts prepared"), "scale"),
    "payouts.approved": Action(_("Payouts approved"), "check"),
    "payouts.sent": Action(_("Payouts sent"), "send"),
    "payouts.cancelled": Action(_("Payouts called off"), "x"),
    "payouts.file_made": Action(_("File of payouts downloaded"), "download"),
    "payout.requested": Action(_("Payout asked for"), "message-circle"),
    "payout.cancelled": Action(_("Payout called off"), "x"),
    "payout.paid": Action(_("Payout marked as paid"), "check"),
    "payout.failed": Action(_("Payout marked as failed"), "x"),
    "payout.returned": Action(_("Payout marked as returned"), "rotate-ccw"),
    "payout.looked_up": Action(_("Provider asked about a payout"), "eye"),
    "provider.set_up": Action(_("Provider of payouts set up"), "banknote"),
    "provider.changed": Action(_("Provider of payouts replaced"), "pencil"),
    "provider.secret_changed": Action(_("Secret of a provider of payouts changed"), "key-round"),
    "provider.tried": Action(_("Provider of payouts tried"), "send"),
    "provider.ended": Action(_("Provider of payouts turned off"), "x"),
    "payout_terms.changed": Action(_("Terms of payouts changed"), "pencil"),
    "destination.changed": Action(_("Payout destination changed"), "pencil"),
    "simulation.started": Action(_("Simulation started"), "scale"),
    "simulation.cancelled": Action(_("Simulation cancelled"), "x"),
    "simulation.resumed": Action(_("Simulation resumed"), "rotate-ccw"),
    "pool.made": Action(_("Pool of codes set up"), "ticket"),
    "pool.changed": Action(_("Pool of codes changed"), "pencil"),
    "pool.filled": Action(_("Codes added to a pool"), "ticket"),
    "pool.cancelled": Action(_("Making of codes stopped"), "x"),
    "pool.resumed": Action(_("Making of codes resumed"), "rotate-ccw"),
    "plan_targets.set": Action(_("Targets of plans set"), "chart-column"),
    "plan_target.changed": Action(_("Target of a plan changed in its period"), "pencil"),
    "item.added": Action(_("Added to the catalogue"), "gift"),
    "item.changed": Action(_("Item of the catalogue changed"), "pencil"),
    "redemption.requested": Action(_("Redeemed"), "gift"),
    "redemption.fulfilled": Action(_("Redemption fulfilled"), "check"),
    "redemption.cancelled": Action(_("Redemption cancelled"), "x"),
    "redemption.returned": Action(_("Redemption taken back"), "rotate-ccw"),
    "month.closed": Action(_("Month closed"), "lock"),
    "template.changed": Action(_("Words of a message changed"), "pencil"),
    "template.tried": Action(_("Message sent for a try"), "mail"),
    "occasion.changed": Action(_("Messages turned on or off"), "mail"),
    "announcement.drafted": Action(_("Announcement drafted"), "pencil"),
    "announcement.changed": Action(_("Draft of an announcement changed"), "pencil"),
    "announcement.dropped": Action(_("Draft of an announcement deleted"), "x"),
    "announcement.made": Action(_("Announcement made"), "megaphone"),
    "announcement.stopped": Action(_("Announcement stopped"), "x"),
    "invites.given": Action(_("People invited by e-mail"), "mail"),
    "invites.forgotten": Action(_("Invited address forgotten"), "x"),
    "invitation.opened": Action(_("Personal invitation made"), "link"),
    "invitation.closed": Action(_("Personal invitation ended"), "x"),
    "bot.connected": Action(_("Telegram bot connected"), "telegram"),
    "bot.disconnected": Action(_("Telegram bot disconnected"), "x"),
    "sms.set_up": Action(_("SMS set up"), "message-circle"),
    "sms.changed": Action(_("SMS settings changed"), "pencil"),
    "sms.tried": Action(_("SMS sent for a try"), "send"),
    "sms.ended": Action(_("SMS turned off"), "x"),
    "phone.proved": Action(_("Phone confirmed"), "check"),
    "phone.ended": Action(_("SMS to a phone ended"), "x"),
    "appeal.opened": Action(_("Appeal written"), "message-circle"),
    "appeal.answered": Action(_("Appeal answered"), "send"),
    # At the command line only.
    "dead_letter.replayed": Action(_("Failed event tried again"), "rotate-ccw"),
    "dead_letter.dropped": Action(_("Failed event struck off"), "x"),
    "task.retried": Action(_("Failed task tried again"), "rotate-ccw"),
    "delivery.shown": Action(_("Platform’s message looked at"), "eye"),
    "delivery.read_again": Action(_("Platform’s message read again"), "rotate-ccw"),
}

FIGURES: Final[dict[str, str]] = {
    "version": _("Version"),
    "status": _("Status"),
    "changed": _("Changed"),
    "budget_minor": _("Budget"),
    "amount_minor": _("Amount"),
    "currency": _("Currency"),
    "timezone": _("Time zone"),
    "locale": _("Language"),
    "program_id": _("Program"),
    "ambassador_id": _("Ambassador"),
    "link_id": _("Link"),
    "code_id": _("Promo code"),
    "sponsor_id": _("Brought by"),
    "max_uses": _("Uses at most"),
    "retired": _("Retired"),
    "kind": _("Kind"),
    "count": _("How many"),
    "rules": _("Rules"),
    "scopes": _("May do"),
    "generation": _("Change no."),
    "proved": _("Proved"),
    "method": _("Way of proof"),
    "everywhere": _("On all devices"),
    "offset_seconds": _("Ahead by seconds"),
    "platform": _("Platform"),
    "type": _("Kind of event"),
    "outcome": _("Outcome"),
    "own": _("Own words"),
    "told": _("Told"),
    "message_id": _("Message"),
    "plan": _("Plan"),
    "period": _("Period"),
    "target": _("Target"),
}
"""What may stand before and after."""


def action_text(action: str, speech: Translator) -> str:
    """An action in words; one of a newer build is shown as it is, readable."""
    known = ACTIONS.get(action)
    return speech.say(known.name) if known else action.replace(".", " ").replace("_", " ").capitalize()


def action_icon(action: str) -> str:
    """An action's icon."""
    known = ACTIONS.get(action)
    return known.icon if known else "info"


def figure_text(figure: str, speech: Translator) -> str:
    """What a figure is called."""
    known = FIGURES.get(figure)
    return speech.say(known) if known else figure.replace("_", " ").capitalize()
