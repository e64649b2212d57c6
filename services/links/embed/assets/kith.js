/*
 * kith.js: keeps a friend's click token for the order, and tells Kith about visits, customers and shares.
 *
 *   <script>window.kith=window.kith||function(){(kith.q=kith.q||[]).push(arguments)}</script>
 *   <script defer src="https://…/kith.js" data-key="kith_pk_…"></script>
 *
 *   kith('identify', {id, proof})          the customer who is signed in; proof: HMAC of the id, made by the shop's server
 *   kith('signup', {id, proof})            the same, who has just opened an account
 *   kith('share', {channel})               somebody shared
 *   kith('order', order)                   puts tokens and visitor_id into an order object
 *   kith('token', callback), kith('ready', callback), kith('consent', true | false)
 *
 * A form with data-kith-order gets hidden fields kith_tokens (oldest first, separated by blanks) and kith_visitor.
 * With data-consent="required" nothing is kept or sent before kith('consent', true).
 */
(function (w, d) {
  'use strict'
  var before = w.kith
  if (before && before.version) return
  var script = d.currentScript || d.querySelector('script[data-key^="kith_pk_"]')
  var options = script.dataset
  var endpoint = new URL('/v1/track', options.api || script.src).href
  var YEAR = 34e6
  var VISITOR = /^v_[0-9a-f]{32}$/
  var TOKEN = /^[a-z0-9]{1,12}\.[\w-]{20,900}$/
  var domain = null
  var consent = options.consent !== 'required' || read('kith_c') === '1'
  var tokens = []
  var visitor = ''
  var waiting = []

  function read(name) {
    var found = ('; ' + d.cookie).split('; ' + name + '=')[1]
    return found ? found.split(';')[0] : ''
  }

  function write(name, value, seconds) {
    d.cookie = name + '=' + value + ';path=/;max-age=' + seconds + ';samesite=lax' + broadest() +
      (location.protocol === 'https:' ? ';secure' : '')
  }

  // The broadest domain that takes a cookie, so that shop.example and www.shop.example know one visitor.
  function broadest() {
    if (domain !== null) return domain
    var parts = location.hostname.split('.')
    for (var i = parts.length - 2; i >= 0; i--) {
      var tried = ';domain=' + parts.slice(i).join('.')
      d.cookie = 'kith_d=1;path=/' + tried
      if (read('kith_d')) {
        d.cookie = 'kith_d=;path=/;max-age=0' + tried
        return (domain = tried)
      }
    }
    return (domain = '')
  }

  function known() {
    return read('kith_t').split('~').filter(function (token) { return TOKEN.test(token) })
  }

  // The first token stays for programs where the first touch counts; of the others the latest four.
  function keep(token) {
    tokens = tokens.filter(function (other) { return other !== token }).concat(token)
    if (tokens.length > 5) tokens.splice(1, tokens.length - 5)
  }

  function newest() {
    return tokens[tokens.length - 1]
  }

  function send(type, fields) {
    if (!consent) return void waiting.push([type, fields])
    var report = Object.assign({ type: type, visitor_id: visitor, url: location.origin + location.pathname }, fields)
    if (newest()) report.token = newest()
    if (w.top === w && d.visibilityState === 'visible') report.seen = true
    // The answer is read to its end, or the browser holds the request for open. A shop's page never breaks because of us.
    fetch(endpoint, {
      method: 'POST',
      keepalive: true,
      credentials: 'omit',
      headers: { authorization: 'Bearer ' + options.key, 'content-type': 'text/plain' },
      body: JSON.stringify(report)
    }).then(function (answer) { return answer.text() }).catch(function () {})
  }

  function customer(person) {
    var who = {}
    ;['id', 'email', 'phone'].forEach(function (name) {
      if (person && person[name]) who[name] = String(person[name])
    })
    return person && person.proof ? { customer: who, proof: String(person.proof) } : { customer: who }
  }

  function fill(form) {
    if (!consent || !form.matches || !form.matches('[data-kith-order]')) return
    var values = { kith_tokens: tokens.join(' '), kith_visitor: visitor }
    for (var name in values) {
      var input = form.querySelector('input[name=' + name + ']')
      if (!input) {
        input = form.appendChild(d.createElement('input'))
        input.type = 'hidden'
        input.name = name
      }
      input.value = values[name]
    }
  }

  // Begins, or begins to keep: called once per page, when consent is there.
  function begin() {
    visitor = read('kith_v')
    // Nobody may guess a visitor: 128 random bits. A shorter one of an earlier script is made anew, and seen anew.
    var fresh = !VISITOR.test(visitor)
    if (fresh) {
      visitor = 'v_' + Array.from(crypto.getRandomValues(new Uint8Array(16)), function (byte) {
        return ('0' + byte.toString(16)).slice(-2)
      }).join('')
    }
    tokens = known()
    if (arrived) keep(arrived)
    write('kith_v', visitor, YEAR)
    if (tokens.length) write('kith_t', tokens.join('~'), YEAR)
    strip()
    // A visit is half an hour without a pause; a new token begins another.
    if (!read('kith_s') || arrived || fresh) send('visit')
    write('kith_s', '1', 1800)
    d.querySelectorAll('form[data-kith-order]').forEach(fill)
    waiting.splice(0).forEach(function (call) { send(call[0], call[1]) })
  }

  // Takes the token out of the address, so that nobody copies it on; the rest of the address stays as it is spelt.
  function strip() {
    var rest = location.search.replace(/([?&])kith=[^&]*(&|$)/g, function (all, sign, more) { return more && sign })
    if (rest !== location.search) history.replaceState(history.state, '', location.pathname + rest + location.hash)
  }

  var arrived = (/[?&]kith=([^&]*)/.exec(location.search) || [])[1]
  arrived = TOKEN.test(arrived) && arrived

  var commands = {
    identify: function (person) { send('identify', customer(person)) },
    signup: function (person) { send('signup', customer(person)) },
    share: function (how) { send('share', how && how.channel ? { channel: String(how.channel) } : {}) },
    order: function (order) {
      if (!consent || !order) return order
      if (tokens.length && !order.token && !order.tokens) order.tokens = tokens.slice()
      if (!order.visitor_id) order.visitor_id = visitor
      return order
    },
    token: function (callback) {
      if (callback) callback(newest())
      return newest()
    },
    ready: function (callback) { callback() },
    consent: function (given) {
      if (given && !consent) {
        consent = true
        write('kith_c', '1', YEAR)
        begin()
      } else if (!given) {
        consent = false
        tokens = []
        waiting = []
        ;['kith_c', 'kith_t', 'kith_v', 'kith_s'].forEach(function (name) { write(name, '', 0) })
      }
    }
  }

  function kith(name) {
    var command = commands[name]
    if (command) return command.apply(null, [].slice.call(arguments, 1))
  }
  kith.version = 1

  function start() {
    w.kith = kith
    if (consent) begin()
    ;((before && before.q) || []).forEach(function (call) { kith.apply(null, call) })
    d.addEventListener('submit', function (event) { fill(event.target) }, true)
  }

  // A page that the browser prepares ahead is no visit until somebody looks at it.
  if (d.prerendering) d.addEventListener('prerenderingchange', start, { once: true })
  else start()
})(window, document)
