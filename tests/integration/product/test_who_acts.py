"""Everything that a person can do in the product, done once by key, in the console and as the operator: each is noted
with who did it, and no note holds anything of a person. A writing route that stands in neither list fails.
"""

import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import asyncpg
import pytest

from services.cli import manifests
from services.cli.local.postgres import OWNER
from services.common.audit import ACTIONS, FIGURES
from services.kernel.http.app import framework
from services.kernel.http.table import RouteTable
from tests.support.command_line import kith
from tests.support.two_stores import BODIES, OPERATOR, PROGRAM, SECRET_KEYS, TwoStores
from tests.support.wait import until

REPORTS = {
    "POST /v1/orders": "a store's server reports an order; the fact is the record",
    "POST /v1/orders/{order_id}/refunds": "the same of money going back",
    "POST /v1/orders/{order_id}/cancel": "the same of a cancellation",
    "POST /v1/events": "a store's server reports what somebody did; the fact is the record",
    "POST /v1/events/{event_id}/cancel": "the same of an event that is called off",
    "POST /v1/hooks/shopify/{hook_id}": "a platform delivers; the delivery is the record",
    "POST /in/{platform}/{connection_id}": "the same by an address of a connection",
    "POST /in/{platform}/{connection_id}/{key}": "the same where the address holds the secret",
    "POST /v1/track": "pages report visits",
    "POST /v1/payout-events/{hook}": "a provider reports; the payout's own life is the record",
    "POST /v1/credit-reservations": "a checkout reserves; the reservation is the record",
    "POST /v1/credit-reservations/{reservation_id}/capture": "a checkout uses it, which it says itself",
    "POST /v1/credit-reservations/{reservation_id}/release": "a checkout lets it go, which it says itself",
    "POST /v1/share": "pages ask what to offer, and change nothing",
    "POST /v1/identify": "a store's server says who somebody is; the fact is the record",
    "POST /v1/codes/{code}/check": "a checkout asks, and changes nothing",
    "POST /v1/clicks": "a page reports a click, which is the record",
    "POST /v1/offers": "a checkout asks, and changes nothing",
    "POST /v1/message-templates/{occasion}/{language}/preview": "somebody looks, and nothing is kept",
    "POST /v1/pools/{pool_id}/handouts": "a store's server takes a code; the hand-out is the record",
    "POST /v1/reward-calculations": "somebody calculates, and nothing is kept",
    "POST /console/rewards/simulator/try": "somebody looks at what a draft would give, and nothing is kept",
    "POST /console/rewards/simulator/draft": "the same, as the simulator's page with that draft",
    "POST /console/links/programs/preview": "somebody looks at a draft, and nothing is kept",
    "POST /console/links/programs/preview/page": "the same of the page that friends would see",
    "POST /unsubscribe/{token}": "a mail program, or whoever reads the mail; the suppression is the record",
    "POST /console/links/telegram/try": "Telegram is asked of a bot, and nothing is kept",
    "POST /v1/telegram/{hook}": "Telegram delivers what an ambassador said to a bot",
    "POST /v1/sms/{hook}": "a gateway reports what became of messages; the suppression is the record",
    "POST /v1/mail/bounces": "a mail system reports what came back; the suppression is the record",
    "POST /v1/codes/{code}/redeem": "a checkout counts a use; the use is the record",
}
"""Writing routes by which machines tell what happened, each with why nothing is noted beside it."""

FIRST_CONNECTION = "POST /v1/hooks"
"""The walk's store has connections already: another one makes its first."""

MARKS = ("Zaphodia", "quietmark", "5550199777", "secretword", "vipgroup", "ZAPHOD", "c-zaph")
PERSON = {"name": "Anna Zaphodia", "email": "quietmark@example.com", "phone": "+1 555 0199777"}
PERSON |= {"external_id": "c-zaph", "group": "vipgroup"}
ORIGIN = {"origin": "http://localhost:8080"}
SERVICES = ("links", "connectors", "attribution", "rewards", "analytics")
FORM: dict[str, str] = {
    "name": "Program of Zaphodia",
    "status": "active",
    "currency": "EUR",
    "landing_url": "https://shop.example/quietmark",
    "friend_kind": "fixed",
    "friend_amount": "10",
    "friend_which": "first",
    "friend_pay_as": "store_credit",
    "ambassador_kind": "none",
    "hold_days": "14",
    "click_window_days": "30",
    "new_customers_only": "1",
}

Who = Literal["key", "member", "operator"]
Ids = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One call of a writing route, and the actions that it notes."""

    route: str
    notes: list[str]
    who: Who = "key"
    body: Callable[[Ids], dict[str, Any]] = field(default=lambda _: {})
    keep: str = ""
    """The name under which later steps find the id that this one made."""
    look: str = ""
    """Lists whose newest entries' ids later steps need: `path name path name`."""


def form(**fields: str) -> Callable[[Ids], dict[str, Any]]:
    return lambda ids: {name: value.format(**ids) for name, value in fields.items()}


def body(**fields: Any) -> Callable[[Ids], dict[str, Any]]:
    return lambda _: fields


C = "/console/links"
W = "/console/connectors/webhooks"
P, PB = "/console/rewards/payouts", "/console/rewards/payout-batches"
PP = "/console/rewards/payout-providers"
BY_FORM = Step(route=f"POST {P}", who="member", notes=["payouts.prepared"],
               body=form(currency="EUR", provider="manual"),
               look="/v1/payout-batches batch_id /v1/payouts payout_id")  # fmt: skip
PREPARE = Step(route="POST /v1/payout-batches", notes=["payouts.prepared"], body=BODIES["POST /v1/payout-batches"],
               keep="batch_id", look="/v1/payouts payout_id")  # fmt: skip
APPROVE = Step(route="POST /v1/payout-batches/{batch_id}/approve", notes=["payouts.approved"])
SEND = Step(route="POST /v1/payout-batches/{batch_id}/send", notes=["payouts.sent"])
G = "/console/rewards/goodwill"
GIVE_BY_FORM = {"ambassador": "{ambassador_id}", "amount": "1", "pay_as": "cash", "reason": "secretword"}
TAKE_BACK = body(reason="secretword")
GOODWILL = [
    Step(route="POST /v1/goodwill", notes=["goodwill.granted"], body=BODIES["POST /v1/goodwill"], keep="new_goodwill"),
    Step(route="POST /v1/goodwill/{new_goodwill}/take-back", notes=["goodwill.taken_back"], body=TAKE_BACK),
    Step(route="POST /v1/goodwill/{goodwill_id}/approve", notes=["goodwill.approved"]),
    Step(route=f"POST {G}", who="member", notes=["goodwill.granted"], body=form(**GIVE_BY_FORM)),
    Step(route=f"POST {G}/{{goodwill_id}}/take-back", who="member", notes=["goodwill.taken_back"],
         body=form(amount="0.50", reason="secretword")),
    Step(route=f"POST {G}/{{other_goodwill}}/approve", who="member", notes=["goodwill.approved"]),
    Step(route="PUT /v1/goodwill-terms/{unit}", notes=["goodwill_terms.changed"], body=body(limit=50)),
    Step(route="POST /v1/goodwill", notes=["goodwill.asked"], body=BODIES["POST /v1/goodwill"], keep="new_goodwill"),
    Step(route="POST /v1/goodwill/{new_goodwill}/refuse", notes=["goodwill.refused"], body=body(reason="secretword")),
    Step(route=f"POST {G}/terms", who="member", notes=["goodwill_terms.changed"],
         body=form(unit="EUR", limit="", period="month")),
    Step(route=f"POST {G}", who="member", notes=["goodwill.asked"], body=form(**GIVE_BY_FORM),
         look="/v1/goodwill new_goodwill"),
    Step(route=f"POST {G}/{{new_goodwill}}/refuse", who="member", notes=["goodwill.refused"],
         body=form(reason="secretword")),
]  # fmt: skip
POOLS_PAGE = "/console/rewards/pools"
POOLS = [
    Step(route="POST /v1/pools", notes=["pool.made"], body=body(name="secretword")),
    Step(route="PATCH /v1/pools/{pool_id}", notes=["pool.changed"], body=body(name="secretword")),
    Step(route="POST /v1/pools/{pool_id}/make", notes=["pool.filled"], body=body(count=1)),
    Step(route="POST /v1/pools/{pool_id}/codes", notes=["pool.filled"], body=body(csv="ZAPHOD-1")),
    Step(route=f"POST {POOLS_PAGE}", who="member", notes=["pool.made"], body=form(name="secretword")),
    Step(route=f"POST {POOLS_PAGE}/{{pool_id}}", who="member", notes=["pool.changed"], body=form(name="quietmark")),
    Step(route=f"POST {POOLS_PAGE}/{{pool_id}}/make", who="member", notes=["pool.filled"], body=form(count="1")),
    Step(route=f"POST {POOLS_PAGE}/{{pool_id}}/codes", who="member", notes=["pool.filled"], body=form(csv="ZAPHOD-2")),
]
PLANS_PAGE = "/console/rewards/plans"
TARGET_BY_FORM = {"ambassador": "{ambassador_id}", "plan": "bonus", "period": "2026-01"}
PLANS = [
    Step(route="PUT /v1/plan-targets", notes=["plan_targets.set"], body=BODIES["PUT /v1/plan-targets"]),
    Step(route="PUT /v1/plan-targets", notes=[], body=BODIES["PUT /v1/plan-targets"]),
    Step(route=f"POST {PLANS_PAGE}", who="member", notes=["plan_target.changed"],
         body=form(**TARGET_BY_FORM, target="1000")),
    Step(route=f"POST {PLANS_PAGE}/file", who="member", notes=["plan_target.changed"],
         body=form(csv="ambassador,period,target\n{ambassador_id},2026-01,-")),
]  # fmt: skip
Q, K = "/console/rewards/redemptions", "/console/rewards/catalogue"
ITEM_BY_FORM = form(name="secretword", price="10", program="{program_id}")
REDEEM = Step(route="POST /v1/redemptions", notes=["redemption.requested"], body=BODIES["POST /v1/redemptions"],
              keep="new_redemption")  # fmt: skip
WHY = {"reason": "secretword"}
CATALOGUE = [
    Step(route="POST /v1/catalogue-items", notes=["item.added"], body=BODIES["POST /v1/catalogue-items"]),
    Step(route="PATCH /v1/catalogue-items/{item_id}", notes=["item.changed"], body=body(name="secretword")),
    Step(route=f"POST {K}", who="member", notes=["item.added"], body=ITEM_BY_FORM),
    Step(route=f"POST {K}/{{item_id}}", who="member", notes=["item.changed"], body=ITEM_BY_FORM),
    REDEEM,
    Step(route="POST /v1/redemptions/{new_redemption}/fulfil", notes=["redemption.fulfilled"]),
    Step(route="POST /v1/redemptions/{new_redemption}/return", notes=["redemption.returned"], body=body(**WHY)),
    REDEEM,
    Step(route="POST /v1/redemptions/{new_redemption}/cancel", notes=["redemption.cancelled"], body=body(**WHY)),
    REDEEM,
    Step(route=f"POST {Q}/{{new_redemption}}/fulfil", who="member", notes=["redemption.fulfilled"]),
    Step(route=f"POST {Q}/{{new_redemption}}/return", who="member", notes=["redemption.returned"], body=form(**WHY)),
    REDEEM,
    Step(route=f"POST {Q}/{{new_redemption}}/cancel", who="member", notes=["redemption.cancelled"], body=form(**WHY)),
]
WALK = [
    *GOODWILL,
    *POOLS,
    *PLANS,
    *CATALOGUE,
    Step(route="PUT /v1/payout-terms/{currency}", notes=["payout_terms.changed"], body=body(minimum_minor=500)),
    Step(route="POST /v1/payouts/{payout_id}/mark-failed", notes=["payout.failed"], body=body(reason="secretword")),
    PREPARE,
    Step(route="POST /v1/payout-batches/{batch_id}/cancel", notes=["payouts.cancelled"]),
    PREPARE,
    Step(route="POST /v1/payouts/{payout_id}/cancel", notes=["payout.cancelled"]),
    PREPARE,
    APPROVE,
    SEND,
    Step(route="POST /v1/payout-batches/{batch_id}/results", notes=["payout.paid"],
         body=BODIES["POST /v1/payout-batches/{batch_id}/results"]),
    Step(route="POST /v1/payouts/{payout_id}/mark-returned", notes=["payout.returned"],
         body=body(reason="secretword")),
    PREPARE,
    APPROVE,
    SEND,
    Step(route="POST /v1/payouts/{payout_id}/mark-failed", notes=["payout.failed"], body=body(reason="secretword")),
    PREPARE,
    APPROVE,
    SEND,
    Step(route="POST /v1/payouts/{payout_id}/mark-paid", notes=["payout.paid"], body=body(reference="secretword")),
    Step(route="POST /v1/payouts/{payout_id}/mark-returned", notes=["payout.returned"], body=body()),
    Step(route=f"POST {P}/terms", who="member", notes=["payout_terms.changed"], body=form(currency="EUR", minimum="6")),
    BY_FORM,
    Step(route=f"POST {P}/{{payout_id}}/cancel", who="member", notes=["payout.cancelled"]),
    BY_FORM,
    Step(route=f"POST {PB}/{{batch_id}}/cancel", who="member", notes=["payouts.cancelled"]),
    BY_FORM,
    Step(route=f"POST {PB}/{{batch_id}}/approve", who="member", notes=["payouts.approved"]),
    Step(route=f"POST {PB}/{{batch_id}}/send", who="member", notes=["payouts.sent"]),
    Step(route=f"POST {PB}/{{batch_id}}/results", who="member", notes=["payout.paid"],
         body=form(csv="payout_id,status,reference\n{payout_id},paid,secretword")),
    Step(route=f"POST {P}/{{payout_id}}/mark", who="member", notes=["payout.returned"],
         body=form(outcome="returned", reason="secretword")),
    Step(route="PUT /v1/payout-providers/http", notes=["provider.changed"],
         body=body(url="https://zaphodia.invalid/secretword")),
    Step(route="POST /v1/payout-providers/http/secret", notes=["provider.secret_changed"]),
    Step(route="POST /v1/payout-providers/{provider}/tests", notes=["provider.tried"]),
    Step(route="PUT /v1/payout-providers/paypal", notes=["provider.set_up"],
         body=body(client_id="A-quietmark-client", client_secret="secretword-secretword", mode="sandbox")),
    Step(route=f"POST {PP}/http", who="member", notes=["provider.changed"], body=form(url="https://quietmark.invalid/")),
    Step(route=f"POST {PP}/http/secret", who="member", notes=["provider.secret_changed"]),
    Step(route=f"POST {PP}/paypal", who="member", notes=["provider.secret_changed"],
         body=form(client_id="A-quietmark-client", client_secret="secretword-another", mode="sandbox")),
    Step(route="POST /v1/payout-batches", notes=["payouts.prepared"], body=body(currency="EUR", provider="http"),
         keep="batch_id", look="/v1/payouts payout_id"),
    APPROVE,
    SEND,
    Step(route="POST /v1/payouts/{payout_id}/look-up", notes=["payout.looked_up"]),
    Step(route=f"POST {P}/{{payout_id}}/look-up", who="member", notes=["payout.looked_up"]),
    Step(route=f"POST {PP}/{{provider}}/try", who="member", notes=["provider.tried"]),
    Step(route=f"POST {PP}/{{provider}}/end", who="member", notes=["provider.ended"]),
    Step(route="PUT /v1/payout-providers/http", notes=["provider.set_up"], body=body(url="https://zaphodia.invalid/")),
    Step(route="DELETE /v1/payout-providers/http", notes=["provider.ended"]),
    Step(route="DELETE /v1/payout-providers/paypal", notes=["provider.ended"]),
    Step(route="POST /v1/stores", who="operator", notes=["store.made", "key.made", "key.made"],
         body=BODIES["POST /v1/stores"]),
    Step(route="POST /v1/stores/{store_id}/keys", who="operator", notes=["key.made"],
         body=body(kind="secret", label="secretword")),
    Step(route="POST /v1/clock", who="operator", notes=["clock.moved"], body=body(advance_seconds=60)),
    Step(route="PATCH /v1/stores/{store_id}", notes=["store.changed"], body=body(name="Zaphodia & Co")),
    Step(route="PATCH /v1/stores/look", notes=["store.changed"], body=body(color="#7A3B1E")),
    Step(route=f"POST {C}/look", who="member", notes=["store.changed"], body=form(color="#0A6043")),
    Step(route="POST /v1/keys", notes=["key.made"], body=body(kind="secret", label="secretword"), keep="key_id"),
    Step(route=f"POST {C}/keys/{{key_id}}/revoke", who="member", notes=["key.revoked"]),
    Step(route=f"POST {C}/keys", who="member", notes=["key.made"], body=form(label="secretword", scopes="orders:read")),
    Step(route="POST /v1/keys", notes=["key.made"], body=body(kind="secret"), keep="key_id"),
    Step(route="DELETE /v1/keys/{key_id}", notes=["key.revoked"]),
    Step(route=f"POST {C}/settings", who="member", notes=["store.changed"],
         body=form(name="Zaphodia & Sons", locale="en", timezone="Europe/Berlin")),
    Step(route=f"POST {C}/settings/placeholders", who="member", notes=["store.changed"],
         body=form(customer_ids="c-zaph", emails="quietmark@example.com")),
    Step(route="POST /v1/keys/identify-secret/rotate", notes=["identify_secret.rotated"]),
    Step(route=f"POST {C}/identify/rotate", who="member", notes=["identify_secret.rotated"]),
    Step(route="POST /v1/stores/domains", notes=["domain.added"], body=body(domain="third.example")),
    Step(route="POST /v1/stores/domains/{domain}/verify", notes=[]),
    Step(route="DELETE /v1/stores/domains/{domain}", notes=["domain.removed"]),
    Step(route=f"POST {C}/domains", who="member", notes=["domain.added"], body=form(domain="second.example")),
    Step(route=f"POST {C}/domains/{{domain}}/verify", who="member", notes=[]),
    Step(route=f"POST {C}/domains/{{domain}}/remove", who="member", notes=["domain.removed"]),
    Step(route="PUT /v1/stores/link-domain", notes=["domain.added"], body=body(domain="go.shop.example")),
    Step(route="POST /v1/stores/link-domain/verify", notes=[]),
    Step(route="DELETE /v1/stores/link-domain", notes=["domain.removed"]),
    Step(route=f"POST {C}/link-domain", who="member", notes=["domain.added"], body=form(domain="go.shop.example")),
    Step(route=f"POST {C}/link-domain/verify", who="member", notes=[]),
    Step(route=f"POST {C}/link-domain/remove", who="member", notes=["domain.removed"]),
    Step(route="POST /v1/programs", notes=["program.published"], body=body(**PROGRAM), keep="new_program"),
    Step(route="PATCH /v1/programs/{program_id}", notes=["program.changed"], body=body(name="Program of Zaphodia")),
    Step(route="PATCH /v1/programs/{program_id}", notes=["program.paused"], body=body(status="paused")),
    Step(route="PATCH /v1/programs/{program_id}", notes=["program.resumed"], body=body(status="active")),
    Step(route="PUT /v1/programs/{program_id}/places", notes=["program.share_places_changed"],
         body=body(rules=[{"placement": "ribbon"}])),
    Step(route=f"POST {C}/programs/{{program_id}}/places", who="member", notes=["program.share_places_changed"],
         body=form(placement_0="menu-link", paths_0="/")),
    Step(route="PUT /v1/programs/{program_id}/preview-pictures/{language}", notes=["program.preview_changed"],
         body=BODIES["PUT /v1/programs/{program_id}/preview-pictures/{language}"]),
    Step(route="DELETE /v1/programs/{program_id}/preview-pictures/{language}", notes=["program.preview_changed"]),
    Step(route="PUT /v1/programs/{program_id}/preview-pictures/{language}", notes=["program.preview_changed"],
         body=BODIES["PUT /v1/programs/{program_id}/preview-pictures/{language}"]),
    Step(route=f"POST {C}/programs/{{program_id}}/pictures/{{language}}", who="member",
         notes=["program.preview_changed"], body=form(drop="1")),
    Step(route=f"POST {C}/programs", who="member", notes=["program.published"], body=form(**FORM)),
    Step(route=f"POST {C}/programs/{{new_program}}", who="member", notes=["program.archived"],
         body=form(**FORM | {"status": "archived", "seen": "1"})),
    Step(route="POST /v1/materials", notes=["material.made"], keep="material_id",
         body=lambda ids: {**BODIES["POST /v1/materials"](ids), "title": "Zaphodia", "text": "secretword {link}"}),
    Step(route="PATCH /v1/materials/{material_id}", notes=["material.changed"], body=body(title="Zaphodia again")),
    Step(route=f"POST {C}/materials/{{material_id}}", who="member", notes=["material.changed"],
         body=form(title="Zaphodia", text="quietmark")),
    Step(route=f"POST {C}/materials", who="member", notes=["material.made"],
         body=form(program_id="{program_id}", kind="text", title="Zaphodia", text="quietmark")),
    Step(route=f"POST {C}/materials/{{material_id}}/delete", who="member", notes=["material.ended"]),
    Step(route="POST /v1/materials", notes=["material.made"], keep="material_id", body=BODIES["POST /v1/materials"]),
    Step(route="DELETE /v1/materials/{material_id}", notes=["material.ended"]),
    Step(route="POST /v1/ambassadors", notes=["ambassador.added"], keep="new_ambassador",
         body=lambda ids: {"program_id": ids["program_id"], **PERSON}),
    Step(route="POST /v1/ambassadors/batches", notes=["ambassador.added"],
         body=lambda ids: {"ambassadors": [{"program_id": ids["program_id"], "name": "Zaphodia"}]}),
    Step(route="POST /v1/ambassadors/sheets", notes=["ambassador.added"],
         body=lambda ids: {"program_id": ids["program_id"], "csv": "name\nZaphodia", "dry_run": False}),
    Step(route=f"POST {C}/ambassadors/sheet", who="member", notes=["ambassador.added"],
         body=form(program_id="{program_id}", csv="name\nZaphodia", how="add")),
    Step(route=f"POST {C}/ambassadors", who="member", notes=["ambassador.added"],
         body=form(program_id="{program_id}", name="Bob Zaphodia")),
    Step(route="PATCH /v1/ambassadors/{ambassador_id}", notes=["ambassador.changed"],
         body=body(email="quietmark2@example.com", group="vipgroup")),
    Step(route="PATCH /v1/ambassadors/{ambassador_id}", notes=["ambassador.changed", "code.made"],
         body=body(code="ZAPHOD-2", notes="quietmark, of Zaphodia")),
    Step(route="POST /v1/ambassadors/groups", notes=["ambassador.changed"],
         body=lambda ids: {"ambassador_ids": [ids["ambassador_id"]], "group": "vipgroup two"}),
    Step(route=f"POST {C}/ambassadors/groups", who="member", notes=["ambassador.changed"],
         body=form(who="{ambassador_id}", group="vipgroup")),
    Step(route=f"POST {C}/ambassadors/{{ambassador_id}}/edit", who="member", notes=["ambassador.changed"],
         body=form(name="Anna Zaphodia", email="quietmark2@example.com", notes="secretword")),
    Step(route=f"POST {C}/ambassadors/{{ambassador_id}}/status", who="member", notes=["ambassador.blocked"],
         body=form(status="blocked")),
    Step(route=f"POST {C}/ambassadors/{{ambassador_id}}/status", who="member", notes=["ambassador.unblocked"],
         body=form(status="active")),
    Step(route="PATCH /v1/ambassadors/{ambassador_id}", notes=["ambassador.blocked"], body=body(status="blocked")),
    Step(route="PATCH /v1/ambassadors/{ambassador_id}", notes=["ambassador.unblocked"], body=body(status="active")),
    Step(route="POST /v1/links", notes=["link.made"], keep="link_id",
         body=lambda ids: {**BODIES["POST /v1/links"](ids), "slug": "zaphodia-quietmark", "channel": "secretword"}),
    Step(route="PATCH /v1/links/{link_id}", notes=["link.changed"], body=body(channel="vipgroup")),
    Step(route=f"POST {C}/link/{{link_id}}", who="member", notes=["link.changed"], body=form(last_day="2031-05-01")),
    Step(route="DELETE /v1/links/{link_id}", notes=["link.ended"]),
    Step(route="POST /v1/codes", notes=["code.made"], keep="code_id",
         body=lambda ids: {"program_id": ids["program_id"], "code": "ZAPHOD", "max_uses": 3}),
    Step(route="PATCH /v1/codes/{code_id}", notes=["code.changed"], body=body(max_uses=9)),
    Step(route="PATCH /v1/codes/{code_id}", notes=["code.retired"], body=body(retired=True)),
    Step(route="POST /v1/appeals/{appeal_id}/answer", notes=["appeal.answered"],
         body=body(verdict="refuse", words="Zaphodia bought it herself")),
    Step(route="POST /console/attribution/appeals/{appeal_id}/answer", who="member", notes=[],
         body=form(verdict="accept", words="secretword")),
    Step(route=f"POST {C}/ambassadors/{{ambassador_id}}/portal", who="member", notes=["portal_address.made"]),
    Step(route="POST /v1/portal-sessions", notes=["portal_address.made"],
         body=lambda ids: {"ambassador_id": ids["ambassador_id"]}),
    Step(route="PUT /v1/message-templates/{occasion}/{language}", notes=["template.changed"],
         body=body(subject="Zaphodia", body="quietmark", label="secretword")),
    Step(route="POST /v1/message-templates/{occasion}/{language}/test", notes=["template.tried"],
         body=lambda ids: {"ambassador_id": ids["ambassador_id"]}),
    Step(route="DELETE /v1/message-templates/{occasion}/{language}", notes=["template.changed"]),
    Step(route=f"POST {C}/messages/{{occasion}}", who="member", notes=["occasion.changed"], body=form(told="1")),
    Step(route=f"POST {C}/messages/{{occasion}}/{{language}}", who="member", notes=["template.changed"],
         body=form(subject="Zaphodia", body="quietmark", label="secretword")),
    Step(route="POST /v1/announcements", notes=["announcement.made"], keep="announcement_id",
         body=BODIES["POST /v1/announcements"]),
    Step(route=f"POST {C}/announcements/{{announcement_id}}", who="member", notes=["announcement.stopped"],
         body=form(do="stop")),
    Step(route="POST /v1/announcements/{announcement_id}/stop", notes=[]),
    Step(route=f"POST {C}/announcements", who="member", notes=["announcement.drafted"],
         look="/v1/announcements announcement_id",
         body=form(subject_en="Zaphodia", body_en="quietmark", label_en="secretword")),
    Step(route=f"POST {C}/announcements/{{announcement_id}}/edit", who="member", notes=["announcement.changed"],
         body=form(subject_en="Zaphodia", body_en="quietmark", label_en="secretword")),
    Step(route=f"POST {C}/announcements/{{announcement_id}}", who="member", notes=["announcement.dropped"],
         body=form(do="drop")),
    Step(route="POST /v1/invites", notes=["invites.given"], body=BODIES["POST /v1/invites"]),
    Step(route="POST /v1/invites/forget", notes=["invites.forgotten"], body=BODIES["POST /v1/invites/forget"]),
    Step(route=f"POST {C}/invites", who="member", notes=["invitation.opened"],
         body=form(program_id="{program_id}", label="Zaphodia", do="address")),
    Step(route="PUT /v1/telegram-bot", notes=["bot.connected"], body=BODIES["PUT /v1/telegram-bot"]),
    Step(route="DELETE /v1/telegram-bot", notes=["bot.disconnected"]),
    Step(route=f"POST {C}/telegram", who="member", notes=["bot.connected"],
         body=form(token="123456789:AAtoken-of-the-tests-0123456789012345")),
    Step(route=f"POST {C}/telegram/off", who="member", notes=["bot.disconnected"]),
    Step(route="PUT /v1/sms-gateway", notes=["sms.set_up"], body=BODIES["PUT /v1/sms-gateway"]),
    Step(route="POST /v1/sms-gateway/tests", notes=["sms.tried"], body=BODIES["POST /v1/sms-gateway/tests"]),
    Step(route=f"POST {C}/sms", who="member", notes=["sms.changed"],
         body=form(url="https://zaphodia.invalid/", sender="QUIETMARK", prefixes="+1", most_a_day="9", most_a_month="9",
                   most_codes_a_day="9")),
    Step(route=f"POST {C}/sms/try", who="member", notes=["sms.tried"], body=form(to="+1 555 0199777")),
    Step(route=f"POST {C}/sms/off", who="member", notes=["sms.ended"]),
    Step(route="PUT /v1/sms-gateway", notes=["sms.set_up"], body=BODIES["PUT /v1/sms-gateway"]),
    Step(route="DELETE /v1/sms-gateway", notes=["sms.ended"]),
    Step(route="PUT /v1/ambassadors/{ambassador_id}/preferences", notes=["ambassador.changed"],
         body=body(channel="email", digest="daily")),
    Step(route="PUT /v1/message-occasions/{occasion}", notes=["occasion.changed"], body=body(told=True)),
    Step(route="DELETE /v1/ambassadors/{new_ambassador}", notes=["ambassador.erased", "code.retired", "link.ended"]),
    Step(route=f"POST {C}/ambassadors/{{ambassador_id}}/erase", who="member",
         notes=["ambassador.erased", "code.retired", "code.retired", "link.ended", "link.ended"]),
    Step(route="DELETE /v1/hooks/{hook_id}", notes=["hook.ended"]),
    Step(route="POST /v1/connections", notes=["hook.made"], keep="connection_id",
         body=body(platform="tilda", order_prefix="quietmark-", options={"currency": "EUR"})),
    Step(route="PATCH /v1/connections/{connection_id}", notes=["hook.changed"],
         body=body(options={"currency": "EUR", "paid_on_arrival": True})),
    Step(route="POST /v1/connections/{connection_id}/secret", notes=["hook.secret_changed"], body=body()),
    Step(route="DELETE /v1/connections/{connection_id}", notes=["hook.ended"]),
    Step(route="POST /v1/install-checks", notes=["check.began"], body=body()),
    Step(route="POST /console/analytics/install", who="member", notes=["check.began"]),
    Step(route="POST /console/connectors/connections", who="member", notes=["hook.made"],
         look="/v1/connections connection_id",
         body=form(platform="woocommerce", secret="secretword-secretword", order_prefix="secretword-")),
    Step(route="POST /console/connectors/connections/{connection_id}/access", who="member", notes=["hook.changed"],
         body=form(host="zaphodia.example", user="ck_secretword", password="cs_secretword")),
    Step(route="POST /console/connectors/connections/{connection_id}/poll", who="member", notes=["poll.asked"]),
    Step(route="POST /v1/connections/{connection_id}/poll", notes=["poll.asked"], body=body()),
    Step(route="POST /console/connectors/connections/{connection_id}/history", who="member", notes=["history.asked"]),
    Step(route="POST /v1/connections/{connection_id}/history", notes=["history.asked"], body=body()),
    Step(route="POST /console/connectors/connections/{connection_id}/secret", who="member",
         notes=["hook.secret_changed"], body=form(secret="quietmark-quietmark")),
    Step(route="POST /console/connectors/connections/{connection_id}/codes", who="member", notes=["codes.carried"],
         body=form(on="1")),
    Step(route="POST /console/connectors/connections/{connection_id}/codes", who="member", notes=["codes.not_applied"],
         body=form(applies="0")),
    Step(route="PATCH /v1/connections/{connection_id}", notes=["codes.applied"], body=body(applies_discounts=True)),
    Step(route="POST /console/connectors/connections/{connection_id}/codes/retry", who="member",
         notes=["codes.tried_again"]),
    Step(route="POST /v1/connections/{connection_id}/codes/retry", notes=["codes.tried_again"]),
    Step(route="POST /console/connectors/connections/{connection_id}/delete", who="member",
         notes=["codes.not_carried", "hook.ended"]),
    Step(route="POST /v1/webhook-endpoints", notes=["endpoint.made"], keep="endpoint_id",
         body=body(url="https://zaphodia.invalid/secretword", events=["order.attributed"])),
    Step(route="PATCH /v1/webhook-endpoints/{endpoint_id}", notes=["endpoint.changed", "endpoint.turned_off"],
         body=body(url="https://quietmark.invalid/", enabled=False)),
    Step(route="PATCH /v1/webhook-endpoints/{endpoint_id}", notes=["endpoint.turned_on"], body=body(enabled=True)),
    Step(route="POST /v1/webhook-endpoints/{endpoint_id}/secret", notes=["endpoint.secret_changed"], body=body()),
    Step(route="POST /v1/webhook-endpoints/{endpoint_id}/test", notes=["endpoint.tried"], body=body()),
    Step(route="POST /v1/webhook-endpoints/{endpoint_id}/replay", notes=["endpoint.replayed"],
         body=body(since="2026-01-01T00:00:00Z")),
    Step(route="POST /v1/deliveries/{delivery_id}/replay", notes=["endpoint.replayed"]),
    Step(route=f"POST {W}", who="member", notes=["endpoint.made"],
         body=form(url="https://zaphodia.invalid/", **{"order.settled": "1"})),
    Step(route=f"POST {W}/{{endpoint_id}}", who="member", notes=["endpoint.changed"],
         body=form(url="https://secretword.invalid/", **{"order.settled": "1"})),
    Step(route=f"POST {W}/{{endpoint_id}}/turn", who="member", notes=["endpoint.turned_off"], body=form(on="0")),
    Step(route=f"POST {W}/{{endpoint_id}}/secret", who="member", notes=["endpoint.secret_changed"],
         body=form(overlap_hours="1")),
    Step(route=f"POST {W}/{{endpoint_id}}/test", who="member", notes=["endpoint.tried"],
         body=form(type="order.settled")),
    Step(route=f"POST {W}/{{endpoint_id}}/replay", who="member", notes=["endpoint.replayed"]),
    Step(route=f"POST {W}/{{endpoint_id}}/replay-since", who="member", notes=["endpoint.replayed"],
         body=form(since="2026-01-01T00:00")),
    Step(route="POST /console/connectors/webhook-deliveries/{delivery_id}/replay", who="member",
         notes=["endpoint.replayed"]),
    Step(route=f"POST {W}/{{endpoint_id}}/delete", who="member", notes=["endpoint.ended"]),
    Step(route="POST /v1/webhook-endpoints", notes=["endpoint.made"], keep="endpoint_id",
         body=BODIES["POST /v1/webhook-endpoints"]),
    Step(route="DELETE /v1/webhook-endpoints/{endpoint_id}", notes=["endpoint.ended"]),
    Step(route="POST /v1/rewards/{reward_id}/flag", notes=["reward.flagged"], body=body(reason="secretword")),
    Step(route="POST /console/rewards/rewards/{reward_id}/flag", who="member", notes=[],
         body=form(flag_reason="Zaphodia bought it herself")),
    Step(route="POST /v1/rewards/{reward_id}/approve", notes=["reward.approved"]),
    Step(route="POST /v1/rewards/approve", notes=[], body=lambda ids: {"ids": [ids["reward_id"]]}),
    Step(route="POST /console/rewards/approvals/approve", who="member", notes=[], body=form(id="{reward_id}")),
    Step(route="POST /console/rewards/rewards/{reward_id}/approve", who="member", notes=[]),
    Step(route="POST /console/rewards/rewards/{reward_id}/reject", who="member", notes=["reward.rejected"],
         body=form(reason="Zaphodia bought it herself")),
    Step(route="POST /v1/rewards/{reward_id}/reject", notes=[], body=body(reason="secretword")),
    Step(route="POST /v1/rewards/reject", notes=[],
         body=lambda ids: {"ids": [ids["reward_id"]], "reason": "secretword"}),
    Step(route="POST /console/rewards/approvals/reject", who="member", notes=[],
         body=form(id="{reward_id}", reason="Zaphodia bought it herself")),
    Step(route="PUT /v1/reward-release", notes=["release_rule.changed"], body=body(way="by_hand")),
    Step(route="POST /v1/reward-release/secret", notes=["release_rule.secret_changed"]),
    Step(route="POST /console/rewards/release/secret", who="member", notes=["release_rule.secret_changed"],
         body=form(overlap_hours="1")),
    Step(route="POST /console/rewards/release", who="member", notes=["release_rule.changed"],
         body=form(way="automatic", url="https://shop.example/kith")),
    Step(route="POST /v1/reward-release/test", notes=["release_rule.tried"]),
    Step(route="POST /console/rewards/release/test", who="member", notes=["release_rule.tried"]),
    Step(route="POST /v1/simulations", notes=["simulation.started"], body=BODIES["POST /v1/simulations"]),
]  # fmt: skip
"""In this order. A step that notes nothing repeats what was done, or looked without finding anything."""

SESSION_ROUTES = {"POST /console/session", "POST /console/session/once", "POST /console/session/end"}
SESSION_ROUTES |= {"POST /p/open", "POST /p/end", "POST /p/sign-in", "POST /p/sign-in/code", "POST /p/sign-in/mail"}
SESSION_ROUTES |= {"POST /join/{program_id}"}
OF_AMBASSADORS = {"POST /p/links", "POST /p/messages", "POST /p/messages/telegram", "POST /p/invites", "POST /p/shared"}
OF_AMBASSADORS |= {"POST /p/phone", "POST /p/phone/code", "POST /p/phone/end"}
OF_AMBASSADORS |= {"POST /p/settings", "POST /p/split", "POST /p/erase", "POST /p/appeals"}
OF_AMBASSADORS |= {"POST /p/payouts/destination", "POST /p/payouts/request"}
OF_AMBASSADORS |= {"POST /p/catalogue/{item_id}", "POST /p/catalogue/redemptions/{redemption_id}/cancel"}
"""What an ambassador's session does: noted as theirs, which the tests of its services try."""
OF_PEOPLE = {"session.started", "session.ended", "appeal.opened", "phone.proved", "phone.ended"}
OF_PEOPLE |= {"destination.changed", "payout.requested"}
BY_LOOKING = {"payouts.file_made"}
BY_PROOF = {"domain.proved", "identify_secret.shown", "invitation.closed"}
WHEN_A_MONTH_IS_OVER = {"month.closed"}
CLOSING = {"POST /v1/month-closes", "POST /console/rewards/month-closes"}
"""What no run of this test lives to see; the service's own test moves the clock."""
WHILE_ONE_RUNS = {"simulation.cancelled", "simulation.resumed", "pool.cancelled", "pool.resumed"}
SIMULATING = {f"POST /v1/simulations/{{simulation_id}}/{what}" for what in ("cancel", "resume")}
SIMULATING |= {f"POST /console/rewards/simulations/{{simulation_id}}/{what}" for what in ("cancel", "resume")}
SIMULATING |= {"POST /console/rewards/simulator"}
SIMULATING |= {f"POST {base}/{{pool_id}}/{what}" for base in ("/v1/pools", POOLS_PAGE) for what in ("cancel", "resume")}
"""A run is over before anybody can stop it, or keeps the next one from starting: the service's own test does both."""
ASKED_BY_PLATFORMS = {"privacy.done"}
ANSWERING = {f"POST {base}/connections/{{connection_id}}/privacy-requests/{{inbound_id}}/done"
             for base in ("/v1", "/console/connectors")}  # fmt: skip
"""What a platform asked for before: the service's own test delivers such a request."""
AT_THE_COMMAND_LINE = {"dead_letter.replayed", "dead_letter.dropped", "task.retried"}
AT_THE_COMMAND_LINE |= {"delivery.shown", "delivery.read_again"}


def writing_routes() -> set[str]:
    return {
        f"{method} {route.template}"
        for service in manifests.load_all(manifests.NAMES)
        for route in RouteTable(framework(service).router.routes).routes
        for method in route.methods - {"GET", "HEAD", "OPTIONS"}
    }


_GOODWILL_IDS = (("new_goodwill", "goodwill_id"), ("other_goodwill", "goodwill_id"))
_OTHERS = (*_GOODWILL_IDS, ("new_redemption", "redemption_id"))


def template(route: str) -> str:
    for name, of in (("new_program", "program_id"), ("new_ambassador", "ambassador_id"), *_OTHERS):
        route = route.replace(f"{{{name}}}", f"{{{of}}}")
    return route


@pytest.fixture(scope="module")
async def notes(two_stores: TwoStores) -> AsyncIterator[Callable[[], Any]]:
    """Gives the notes that came since it was last asked, from all services, in their order."""
    owner = await asyncpg.connect(two_stores.database_url.replace(f"{OWNER}@", "postgres@"))
    seen: set[str] = set()
    # A first limit holds after a day: this store has had one for longer.
    terms = "insert into rewards.goodwill_terms (store_id, unit, limit_minor, period) values ($1, 'EUR', 5000, 'month')"
    await owner.execute(terms, two_stores.a.id)

    async def fresh() -> list[dict[str, Any]]:
        rows = [
            {**dict(row), "service": service}
            for service in SERVICES
            for row in await owner.fetch(f"select * from {service}.audit order by audit_id")
        ]
        new = [row for row in rows if row["audit_id"] not in seen]
        seen.update(row["audit_id"] for row in new)
        return new

    yield fresh
    await owner.close()


async def sign_in(two_stores: TwoStores) -> dict[str, str]:
    key = two_stores.a.secret["authorization"].removeprefix("Bearer ")
    answer = await two_stores.client.post("/console/session", json={"secret_key": key}, headers=ORIGIN)
    assert answer.status_code == 200, answer.text
    two_stores.client.cookies.clear()
    return {"cookie": answer.headers["set-cookie"].partition(";")[0], **ORIGIN}


def test_every_writing_route_is_walked_or_is_a_machine_s_report() -> None:
    walked = (
        {template(step.route) for step in WALK} | SESSION_ROUTES | OF_AMBASSADORS | CLOSING | SIMULATING | ANSWERING
    )
    walked.add(FIRST_CONNECTION)
    assert writing_routes() == walked | REPORTS.keys()
    assert not walked & REPORTS.keys()


def test_every_action_is_done_somewhere() -> None:
    done = {action for step in WALK for action in step.notes} | OF_PEOPLE | WHEN_A_MONTH_IS_OVER | WHILE_ONE_RUNS
    done |= ASKED_BY_PLATFORMS
    assert done | BY_PROOF | BY_LOOKING | AT_THE_COMMAND_LINE == ACTIONS.keys()


async def test_a_first_connection_made_as_before_is_noted(two_stores: TwoStores, notes: Callable[[], Any]) -> None:
    await notes()
    sent = {"platform": "shopify", "secret": "secretword-secretword"}
    answer = await two_stores.client.post("/v1/hooks", json=sent, headers=two_stores.b.secret)
    assert answer.status_code == 201, answer.text
    (note,) = await notes()
    assert (note["action"], note["actor_kind"], note["store_id"]) == ("hook.made", "key", two_stores.b.id)
    assert "secretword" not in json.dumps(dict(note), default=str)


async def test_all_that_a_person_can_do_is_noted_with_who_did_it(
    two_stores: TwoStores, notes: Callable[[], Any], tmp_path: Path
) -> None:
    client, store = two_stores.client, two_stores.a
    await notes()
    cookie = await sign_in(two_stores)
    (started,) = await notes()
    assert (started["action"], started["actor_kind"], started["subject"]) == (
        "session.started",
        "member",
        started["session_id"],
    )
    headers: dict[Who, dict[str, str]] = {
        "key": store.secret,
        "member": cookie,
        "operator": {"authorization": f"Bearer {OPERATOR}"},
    }
    ids = dict(store.ids)
    everything: list[dict[str, Any]] = [started]
    for step in WALK:
        method, path = step.route.format(**ids).split(" ", 1)
        sent = {"data" if step.who == "member" else "json": step.body(ids)}
        answer = await client.request(method, path, headers=headers[step.who], **sent)  # type: ignore[arg-type]
        assert answer.status_code < 400, (step.route, answer.status_code, answer.text)
        if step.keep:
            ids[step.keep] = answer.json()["id"]
        wanted = step.look.split()
        for listed, name in zip(wanted[::2], wanted[1::2], strict=True):
            rows = (await client.get(listed, headers=store.secret)).json()["data"]
            # Most lists begin with the newest; connections stand in the order in which they were made.
            ids[name] = max(rows, key=lambda row: str(row.get("created_at", "")))["id"]
        reported = await notes()
        everything += reported
        assert sorted(note["action"] for note in reported) == sorted(step.notes), step.route
        for note in reported:
            assert note["actor_kind"] == step.who, step.route
            assert bool(note["session_id"]) == (step.who == "member")
            assert note["actor_id"] == ("operator" if step.who == "operator" else started["actor_id"])
            assert note["request_id"]
            if step.who != "operator":
                assert note["store_id"] == store.id

    for path in ("/v1/keys/identify-secret", "/console/links/identify"):
        await client.get(path, headers=cookie if path.startswith("/console") else store.secret)
    left = await client.post("/console/session/end", headers={**cookie, "sec-fetch-site": "same-origin"})
    assert left.status_code == 303
    last = await notes()
    everything += last
    assert [note["action"] for note in last] == ["identify_secret.shown", "identify_secret.shown", "session.ended"]

    assert {note["action"] for note in everything} <= ACTIONS.keys()
    for note in everything:
        values = json.loads(note["before"]) | json.loads(note["after"])
        assert values.keys() <= FIGURES.keys(), note
        assert not [mark for mark in MARKS if mark.lower() in json.dumps(dict(note), default=str).lower()], note

    status, printed, complaints = await kith(
        *("audit", store.id),
        folder=tmp_path,
        url=two_stores.database_url,
        KITH_SECRET_KEYS=SECRET_KEYS,
    )
    assert status == 0, complaints
    assert {note["audit_id"] for note in everything if note["store_id"] == store.id} <= {n["audit_id"] for n in printed}
    assert [note["at"] for note in printed] == sorted(note["at"] for note in printed)


async def test_a_one_time_address_signs_in_and_is_noted(two_stores: TwoStores, notes: Callable[[], Any]) -> None:
    from datetime import timedelta

    from services.common.scopes import SCOPES
    from services.kernel.auth import sessions
    from services.kernel.auth.ring import KeyRing

    await notes()
    ring = KeyRing(secret_keys=SECRET_KEYS, contact_key="c" * 20, operator_key=OPERATOR, scopes=SCOPES)
    life = timedelta(minutes=5)
    token = sessions.issue_sign_in(ring, store_id=two_stores.a.id, key_id="key_x", scopes=["audit:read"], life=life)
    for _ in range(2):
        await two_stores.client.post("/console/session/once", data={"token": token}, headers=ORIGIN)
        two_stores.client.cookies.clear()
    assert [(note["action"], note["actor_id"]) for note in await notes()] == [("session.started", "key_x")]


async def test_a_repeated_request_is_noted_once_and_a_refused_one_never(
    two_stores: TwoStores, notes: Callable[[], Any]
) -> None:
    await notes()
    headers = two_stores.a.secret | {"idempotency-key": "once"}
    for _ in range(2):
        answer = await two_stores.client.post("/v1/keys", json={"label": "twice"}, headers=headers)
        assert answer.status_code == 201
    refused = await two_stores.client.post("/v1/keys", json={"scopes": ["track"]}, headers=two_stores.a.secret)
    assert refused.status_code == 422
    assert [note["action"] for note in await notes()] == ["key.made"]


async def test_a_store_reads_its_own_activity_and_what_concerns_all(two_stores: TwoStores) -> None:
    client, a, b = two_stores.client, two_stores.a, two_stores.b
    made = await client.post("/v1/keys", json={"label": "seen"}, headers=a.secret)

    async def listed(headers: Mapping[str, str], **query: str) -> list[dict[str, Any]]:
        answer = await client.get("/v1/audit", params=query, headers=dict(headers))
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]  # type: ignore[no-any-return]

    async def arrived() -> bool:
        return bool(await listed(a.secret, subject=made.json()["id"]))

    await until(arrived, what="the note of the new key")
    (note,) = await listed(a.secret, subject=made.json()["id"])
    assert (note["action"], note["actor"]["kind"], note["service"]) == ("key.made", "key", "links")
    assert not await listed(b.secret, subject=made.json()["id"])
    assert {one["action"] for one in await listed(a.secret, action="reward.approved")} <= {"reward.approved"}
    assert {one["actor"]["kind"] for one in await listed(a.secret, actor="operator")} == {"operator"}
    moved = await client.post("/v1/clock", json={"advance_seconds": 1}, headers={"authorization": f"Bearer {OPERATOR}"})
    assert moved.status_code == 200

    async def noted_in_both() -> bool:
        return all([await listed(store.secret, action="clock.moved") for store in (a, b)])

    await until(noted_in_both, what="the moved clock in both stores")
    csv = await client.get("/v1/audit", params={"format": "csv"}, headers=a.secret)
    assert made.json()["id"] in csv.text
    assert made.json()["id"] not in (await client.get("/v1/audit?format=csv", headers=b.secret)).text
    first = (await client.get("/v1/audit", params={"limit": 1}, headers=a.secret)).json()
    second = await listed(a.secret, cursor=first["next_cursor"], limit="1")
    assert first["data"][0]["id"] != second[0]["id"]


async def test_the_console_tells_it_in_words(two_stores: TwoStores) -> None:
    cookie = await sign_in(two_stores)

    async def shown(**query: str) -> str:
        page = await two_stores.client.get("/console/analytics/activity", params=query, headers=cookie)
        assert page.status_code == 200, page.text
        return page.text

    async def arrived() -> bool:
        return "Signed in" in await shown(action="session.started")

    await until(arrived, what="the signing in on the page")
    for language, word in (("en", "Signed in"), ("ru", "Вход"), ("uk", "Вхід"), ("ro", "Conectare")):
        assert word in await shown(action="session.started", lang=language)
    assert "icon-key-round" in await shown(action="session.started")
    assert "Nothing fits these filters" in await shown(subject="nothing")
    assert "Nothing fits these filters" in await shown(to="1999-12-31")


async def test_notes_are_for_ever(two_stores: TwoStores) -> None:
    application = await asyncpg.connect(two_stores.database_url)
    await application.execute("set role kith_app")
    for table in (*(f"{service}.audit" for service in SERVICES), "analytics.activity"):
        for statement in (f"update {table} set action = 'x.y'", f"delete from {table}", f"truncate {table}"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await application.execute(statement)
    await application.close()


async def test_keys_granted_at_the_command_line_name_the_operator(
    two_stores: TwoStores, notes: Callable[[], Any], tmp_path: Path
) -> None:
    await notes()
    status, printed, complaints = await kith(
        *("keys", "grant", "--store", two_stores.a.id, "--scope", "domains:*"),
        folder=tmp_path,
        url=two_stores.database_url,
        KITH_SECRET_KEYS=SECRET_KEYS,
    )
    assert status == 0, complaints
    (note,) = await notes()
    assert (note["action"], note["actor_kind"], note["actor_id"], note["subject"]) == (
        "key.made",
        "operator",
        "cli",
        printed[0]["id"],
    )


async def test_the_page_calls_things_by_name_and_shows_a_batch_as_one_line(two_stores: TwoStores) -> None:
    client, a = two_stores.client, two_stores.a
    cookie = await sign_in(two_stores)
    people = [{"program_id": a.ids["program_id"], "name": f"Of a batch {n}"} for n in range(60)]
    added = await client.post("/v1/ambassadors/batches", json={"ambassadors": people}, headers=a.secret)
    assert added.json()["created"] == 60

    async def shown(**query: str) -> str:
        page = await client.get("/console/analytics/activity", params=query, headers=cookie)
        assert page.status_code == 200, page.text
        return page.text

    async def arrived() -> str:
        page = await shown(action="ambassador.added")
        found = re.search(r"Ambassador added × (\d+)", page)
        return page if found and int(found[1]) >= len(people) else ""

    page = await until(arrived, what="the batch as one line")
    assert page.count("Ambassador added") < len(people)
    assert "Show each" in page
    each = await shown(action="ambassador.added", each="1")
    assert each.count("<tr") == 1 + 50, "a page of single actions"
    for action, kind in (("link.made", "lnk_"), ("code.made", "cod_"), ("key.made", "key_")):
        made = await shown(action=action, each="1")
        assert f">{kind}" not in made, "an id is no name"
        assert f'data-name="{kind}' in made
    names = await client.get(
        "/console/links/names", params={"ids": f"{a.ids['link_id']},{a.ids['code_id']}"}, headers=cookie
    )
    assert names.json()[a.ids["link_id"]].startswith("/r/")
    assert names.json()[a.ids["code_id"]] == "SPRING"
