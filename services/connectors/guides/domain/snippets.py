"""Code that guides show, each run by a test."""

from typing import Final

SCRIPT: Final = '<script defer src="{{kith}}/kith.js" data-key="kith_pk_…"></script>'
SHOPIFY_SCRIPTS: Final = SCRIPT + '\n<script defer src="{{kith}}/kith-shopify.js"></script>'
TILDA_SCRIPTS: Final = SCRIPT + '\n<script defer src="{{kith}}/kith-forms.js"></script>'

ORDER: Final = """\
curl {{kith}}/v1/orders -H "Authorization: Bearer $KITH_SECRET_KEY" -H 'Content-Type: application/json' -d '{
  "order_id": "10482", "placed_at": "2026-11-03T10:15:30Z", "status": "paid",
  "currency": "EUR", "total_minor": 5090, "subtotal_minor": 4600, "shipping_minor": 490,
  "customer": {"id": "c-77", "email": "eva@example.com"},
  "codes": ["ANNA10"], "tokens": [], "visitor_id": null
}'"""

PYTHON: Final = '''\
import base64, hmac, json, time, urllib.request

URL, SECRET = "{{url}}", "{{secret}}"


def tell(kind, data, name):
    """Tells of one thing under a name of its own. Repeat it with the same name until it does not raise."""
    body, at = json.dumps({"type": kind, "data": data}).encode(), str(int(time.time()))
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    mac = base64.b64encode(hmac.digest(key, f"{name}.{at}.".encode() + body, "sha256")).decode()
    signed = {"webhook-id": name, "webhook-timestamp": at, "webhook-signature": f"v1,{mac}"}
    headers = {"Content-Type": "application/json", **signed}
    urllib.request.urlopen(urllib.request.Request(URL, body, headers), timeout=5).close()


tell(
    "order.saved",
    {
        "order_id": "10482",
        "placed_at": "2026-11-03T10:15:30Z",
        "status": "paid",
        "currency": "EUR",
        "total_minor": 5090,
        "codes": ["ANNA10"],
        "customer": {"id": "c-77"},
    },
    "order-10482-paid",
)'''
