"""The guides of all platforms, and of a store that needs none."""

from collections.abc import Mapping
from typing import Final

from services.common.words import _
from services.connectors.guides.domain import snippets
from services.connectors.guides.domain.bitrix import PHP
from services.connectors.guides.domain.coupon import PHP as COUPON
from services.connectors.guides.domain.guide import Guide, Step

SERVER: Final = "server"
"""The guide of a store whose own server reports orders."""
_LINE: Final = _("Put this line into every page, with your publishable key.")
_FORM: Final = _(
    "Mark the form of your checkout with `data-kith-order`: it gets `kith_tokens` and "
    "`kith_visitor`, which your server passes on."
)

_OWN_SERVER: Final = Guide(
    name=SERVER,
    heading="Your own server",
    steps=(
        Step(_LINE, snippets.SCRIPT, "html"),
        Step(_FORM),
        Step(
            _("Report each order from your server with a secret key, whenever it is placed, paid or changed."),
            snippets.ORDER,
            "sh",
        ),
    ),
    notes=(_("A repetition changes nothing: an order is known by its `order_id`."),),
)
_GENERIC: Final = Guide(
    name="generic",
    heading="Signed JSON, from any server",
    body='{"platform": "generic"}',
    answer="makes an address and a secret (`whsec_…`), shown once.",
    steps=(
        Step(
            _(
                'Post `{"type": …, "data": …}` to the address, signed as Standard Webhooks has it: `webhook-id`, '
                "`webhook-timestamp` (seconds; five minutes to either side), `webhook-signature`."
            ),
            snippets.PYTHON,
            "python",
        ),
        Step(_("Send a delivery again, with its `webhook-id`, until you get a 200.")),
        Step(_LINE, snippets.SCRIPT, "html"),
        Step(_FORM),
    ),
    types=(
        ("order.saved", _("what `POST /v1/orders` takes")),
        ("order.refunded", _("what `POST /v1/orders/{order_id}/refunds` takes, and `order_id`")),
        ("order.cancelled", _("`order_id`, and `at`")),
    ),
    notes=(_("The same id by the API is the same order."),),
)
_SHOPIFY: Final = Guide(
    name="shopify",
    heading="Shopify",
    body='{"platform": "shopify", "secret": "<the app\'s client secret>"}',
    answer="gives an address.",
    steps=(
        Step(_("Subscribe the app’s webhooks to these topics, in JSON, with the address."), topics=True),
        Step(
            _(
                "Put these lines into the theme’s `layout/theme.liquid`, before `</head>`: they keep the "
                "click as attributes of the cart (`kith`, `kith_visitor`), which Shopify writes into the "
                "order."
            ),
            snippets.SHOPIFY_SCRIPTS,
            "html",
        ),
        Step(
            _(
                "For what Kith asks of the shop or puts there: an app of the shop’s own with the Admin API. "
                "Give the connection its host and token, on its page or by `PATCH /v1/connections/{id}` with "
                '`{"host": "shop.myshopify.com", "access": {"password": "shpat_…"}}`.'
            )
        ),
    ),
    notes=(
        _(
            "Amounts are taken in the shop’s own money, whatever the buyer paid in. An order counts as "
            "what was really sold: without what edits took out of it, tax, shipping and gift cards, and "
            "before refunds. What an order’s body carries of its refunds corrects deliveries of "
            "`refunds/create` that were lost or came before the money had moved. How many orders Shopify "
            "counts for a customer is not read."
        ),
        _(
            "Once the connection puts codes into the shop, links to pages at its host or its primary "
            "domain lead there by `/discount/CODE`, so the friend’s discount applies itself; links to"
            ' other hosts lead to their pages as before. `{"applies_discounts": false}` switches this'
            " off."
        ),
        _(
            "To find what webhooks lost, the token has to read orders, customers with their contacts, and products "
            "(`read_orders`, `read_customers`, `read_products`). Shopify lists orders of the last 60 days; one of "
            "more than 50 lines or 6 refunds is told of by webhooks alone."
        ),
        _(
            "What Shopify demands of apps goes to the same address: `app/uninstalled` drops the access, "
            "`customers/redact` and `shop/redact` drop the kept deliveries of the orders that they name, or of the "
            "whole shop; `customers/data_request` stands among the deliveries."
        ),
    ),
)
_WOOCOMMERCE: Final = Guide(
    name="woocommerce",
    heading="WooCommerce",
    body='{"platform": "woocommerce", "secret": "<a secret of at least 8 characters>"}',
    answer="gives an address.",
    steps=(
        Step(
            _(
                "WooCommerce → Settings → Advanced → Webhooks: one for each of these topics, with the "
                "address, the secret, and API version 3. Its test (the ping) is answered."
            ),
            topics=True,
        ),
        Step(_LINE, snippets.SCRIPT, "html"),
        Step(
            _(
                "Orders carry the landing page by themselves (`_wc_order_attribution_session_entry`), and "
                "with it the click’s token. Where that is switched off, write what `kith.js` keeps into the "
                "order’s metadata: `kith` (tokens, a blank between) and `kith_visitor`."
            )
        ),
        Step(
            _(
                "For what Kith asks of the shop or puts there: WooCommerce → Settings → Advanced → REST API, "
                "a key that may read and write. Give it to the connection, on its page or by `PATCH "
                '/v1/connections/{id}` with `{"host": "shop.example", "access": {"user": "ck_…", "password": '
                '"cs_…"}}`.'
            )
        ),
        Step(
            _(
                "For the friend’s discount to apply itself: these lines as "
                "`wp-content/mu-plugins/kith.php`. Once the connection puts codes into the shop, "
                "links to its pages carry `?coupon=`; without the lines nothing comes of it, and the "
                "buyer enters the code."
            ),
            COUPON,
            "php",
        ),
    ),
    notes=(
        _(
            "WooCommerce tries no delivery twice and turns a webhook off after some failures: look at "
            "its state there from time to time."
        ),
    ),
)
_STRIPE: Final = Guide(
    name="stripe",
    heading="Stripe",
    body='{"platform": "stripe", "secret": "whsec_…"}',
    answer="gives an address; the secret is the signing secret that Stripe shows of the endpoint in its dashboard.",
    steps=(
        Step(_("In Stripe’s dashboard add an endpoint with the address, for these events."), topics=True),
        Step(
            _(
                "When you make a Checkout session, put `kith` (tokens, a blank between), `kith_visitor` and "
                "`kith_codes` into its `metadata`; of a subscription into `subscription_data[metadata]`, "
                "too. A token alone may be the `client_reference_id`."
            )
        ),
        Step(_LINE, snippets.SCRIPT, "html"),
        Step(
            _(
                "For what Kith asks of Stripe or puts there: a restricted key that may read events, Checkout "
                "sessions, invoices, payment intents and promotion codes, and write coupons and promotion codes. "
                "Give it to the connection, on its page or by "
                '`PATCH /v1/connections/{id}` with `{"access": {"password": "rk_live_…"}}`.'
            )
        ),
    ),
    notes=(
        _("Payment intents that you make yourself count if their metadata has any key that begins with `kith`."),
        _("If you make the endpoint first, give the connection its secret afterwards, under “New secret”."),
    ),
)
_TILDA: Final = Guide(
    name="tilda",
    heading="Tilda",
    body='{"platform": "tilda", "options": {"currency": "RUB", "paid_on_arrival": true}}',
    answer="gives an address that holds the secret.",
    steps=(
        Step(_("Site settings → Forms → Webhook: the address. Let it send cookies along.")),
        Step(
            _(
                "Site settings → More → HTML code for the head: these lines, which fill all forms of Tilda, "
                "the cart’s too."
            ),
            snippets.TILDA_SCRIPTS,
            "html",
        ),
    ),
    notes=(
        _(
            "Leave `paid_on_arrival` out unless Tilda sends orders after payment (Payment systems → "
            "“Send data only after payment”): else each would count as paid."
        ),
    ),
)
_INSALES: Final = Guide(
    name="insales",
    heading="InSales",
    body=(
        '{"platform": "insales", "host": "shop.myinsales.ru", "access": {"user": "<identifier>", '
        '"password": "<password>"}}'
    ),
    answer="gives an address that holds the secret. The access is a key of the shop's back office (Apps → Developers)"
    " that may read orders, and for codes at the checkout read and write discounts.",
    steps=(
        Step(_("`POST /admin/webhooks.json` at the shop, with the address and each of these topics."), topics=True),
        Step(_LINE, snippets.SCRIPT, "html"),
    ),
    notes=(
        _(
            "Of an app of your own give its id and its `app_secret` as access, and as its addresses for "
            "installing and removing the connection’s address with `/install` and `/uninstall`: so the "
            "password comes by itself."
        ),
        _(
            "A delivery says only which order to ask for. Kith reads it from the shop and believes that "
            "alone; without access it waits, two weeks at most."
        ),
    ),
)
_BITRIX: Final = Guide(
    name="bitrix",
    heading="1C-Bitrix",
    body='{"platform": "bitrix"}',
    answer="makes an address and a secret, shown once.",
    steps=(
        Step(
            _(
                "Put these lines into `/local/php_interface/init.php`, with `KITH_URL` (the address) and "
                "`KITH_SECRET` in the server’s environment. They need PHP 8 and the module `sale`."
            ),
            PHP,
            "php",
        ),
        Step(_LINE, snippets.SCRIPT, "html"),
    ),
    notes=(
        _(
            "An order that is paid, changed or cancelled is saved, so this one event tells all of it; "
            "report refunds by the API. The cookie that `kith.js` keeps is readable by the shop’s server "
            "on the shop’s own domain."
        ),
    ),
)
GUIDES: Final[Mapping[str, Guide]] = {
    one.name: one for one in (_SHOPIFY, _WOOCOMMERCE, _INSALES, _STRIPE, _TILDA, _BITRIX, _GENERIC, _OWN_SERVER)
}
"""By name, in the order in which they are offered."""
