/*
 * kith-shopify.js: keeps the click tokens and the visitor in the attributes of Shopify's cart, and so in its order.
 *
 *   <script defer src="https://…/kith.js" data-key="kith_pk_…"></script>
 *   <script defer src="https://…/kith-shopify.js"></script>
 *
 * The attributes are `kith` (tokens, oldest first, blanks between) and `kith_visitor`. A cart is asked once a page, and written
 * when it says something else; a visitor who came by no link gets none. After consent is taken back both are emptied.
 */
(function (w, d) {
  'use strict'
  var root = ((w.Shopify && w.Shopify.routes) || {}).root || '/'
  var held
  var line = Promise.resolve()

  function call(path, body) {
    return fetch(root + path, {
      method: body ? 'POST' : 'GET',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: body && JSON.stringify(body)
    }).then(function (answer) { return answer.ok ? answer.json() : Promise.reject() })
  }

  function known() {
    var order = (w.kith && w.kith('order', {})) || {}
    var tokens = (order.tokens || []).join(' ')
    return { kith: tokens, kith_visitor: tokens && order.visitor_id }
  }

  function same(one, other) {
    return (one.kith || '') === other.kith && (one.kith_visitor || '') === other.kith_visitor
  }

  // One after the other: the last that is known is what stands in the cart.
  function keep() {
    line = line.then(function () {
      var now = known()
      if (!held && !now.kith) return
      return (held ? Promise.resolve(held) : call('cart.js').then(function (cart) { return cart.attributes || {} }))
        .then(function (there) {
          held = there
          return same(there, now) ? 0 : call('cart/update.js', { attributes: now }).then(function () { held = now })
        })
    }).catch(function () {})
  }

  d.addEventListener('kith', keep)
  keep()
})(window, document)
