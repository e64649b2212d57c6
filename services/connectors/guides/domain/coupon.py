"""The lines of PHP by which a WooCommerce shop applies a friend's code that stands in a page's address."""

from typing import Final

PHP: Final = r"""
<?php
// ?coupon=CODE of a share link: the code waits in the session for something in the cart, and is applied once, alone.
function kith_keep_coupon(): void
{
    $code = $_GET['coupon'] ?? null;
    if (!is_string($code) || !function_exists('WC') || !WC()->session) {
        return;
    }
    $code = wc_format_coupon_code(wp_unslash($code));
    if (wc_get_coupon_id_by_code($code)) {
        WC()->session->set_customer_session_cookie(true);
        WC()->session->set('kith_coupon', $code);
        kith_apply_coupon();
        if (($_SERVER['REQUEST_METHOD'] ?? '') === 'GET') {
            wp_safe_redirect(remove_query_arg('coupon')); // so that nobody copies the code on with the page's address
            exit;
        }
    }
}

function kith_apply_coupon(): void
{
    $code = WC()->session ? WC()->session->get('kith_coupon') : null;
    $cart = WC()->cart;
    if (!$code || !$cart || $cart->is_empty() || $cart->get_applied_coupons()) {
        return;
    }
    if ((new WC_Discounts($cart))->is_coupon_valid(new WC_Coupon($code)) === true) {
        WC()->session->set('kith_coupon', null);
        $cart->apply_coupon($code);
    }
}

add_action('wp_loaded', 'kith_keep_coupon', 30);
add_action('woocommerce_add_to_cart', 'kith_apply_coupon', 30, 0);
add_action('woocommerce_check_cart_items', 'kith_apply_coupon', 0, 0);
""".strip()
