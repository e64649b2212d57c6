/*
 * kith.js: keeps a friend's click token for the order, and tells Kith about visits, customers and shares.
 *
 *   <script>window.kith=window.kith||function(){(kith.q=kith.q||[]).push(arguments)}</script>
 *   <script defer src="https://…/kith.js" data-key="kith_pk_…"></script>
 *
 *   kith('identify', {id, proof})          the customer who is signed in; proof: HMAC of the id, made by the shop's server
 *   kith('signup', {id, proof})            the same, who has just opened an account
 *   kith('share', {channel, slug})         somebody shared; slug: of their link, where the page knows it
 *   kith('view', {placement})              somebody saw the invitation to share; kith-share.js says so
 *   kith('join', {program, link, …})       opens the sheet to share or to join, which kith-share.js makes
 *   kith('order', order)                   puts tokens and visitor_id into an order object
 *   kith('token', callback), kith('ready', callback), kith('consent', true | false)
 *
 * A page opened with ?ref=SLUG (a link to the store's own address) asks Kith for the click's token, and keeps it likewise;
 * where the shop has an address that applies the friend's code, that is asked, too.
 *
 * A form with data-kith-order gets hidden fields kith_tokens (oldest first, separated by blanks) and kith_visitor.
 * data-consent   "required": nothing is kept or sent before kith('consent', true), or before kith-consent.js hears Google's
 *                Consent Mode grant it. "not_required": at once. Without it: at once, unless the browser says no (Global
 *                Privacy Control). What kith('consent', …) says holds over all of these, in every tab and on every page,
 *                until the opposite is said; after false only that answer is remembered.
 * data-touch     "first": the oldest click alone is kept; "last": the newest. Without it the oldest and the latest four.
 *
 * Beside it, each a file of its own: kith-consent.js; kith-forms.js, which fills forms that the shop cannot mark (Tilda);
 * kith-shopify.js, which fills the cart of Shopify. They hear of news by the event `kith` on the document.
 */
(function (w, d) {
  'use strict'
  var before = w.kith
  if (before && before.version) return
  var script = d.currentScript || d.querySelector('script[data-key^="kith_pk_"],script[src*="/kith."]')
  var options = script.dataset
  var endpoint = new URL('/v1/', options.api || script.src).href
  var YEAR = 34e6
  var VISITOR = /^v_[\da-f]{32}$/
  var TOKEN = /^[a-z\d]{1,12}\.[\w-]{20,900}$/
  var FORM = 'form[data-kith-order]'
  var elements = Element.prototype
  var domain = null
  var answered = read('kith_c')
  var refused = navigator.globalPrivacyControl
  var consent = answered ? answered === '1' : options.consent ? options.consent === 'not_required' : !refused
  var tokens = []
  var visitor = ''
  var waiting = []
  var warned

  // In a sandboxed frame, and where storage is blocked, cookies throw or stay empty: this page's memory has to do.
  function attempt(action) {
    try { return action() } catch (_) {}
  }

  function read(name) {
    var found = ('; ' + (attempt(function () { return d.cookie }) || '')).split('; ' + name + '=')[1]
    return found ? found.split(';')[0] : ''
  }

  function write(name, value, seconds) {
    attempt(function () {
      d.cookie = name + '=' + value + ';path=/;max-age=' + seconds + ';samesite=lax' + broadest() +
        (location.protocol === 'https:' ? ';secure' : '')
    })
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

  // The first token stays for programs where the first touch counts; of the others the latest four.
  function keep(token) {
    if (!TOKEN.test(token)) return
    if (options.touch === 'last') tokens = []
    tokens = tokens.filter(function (other) { return other !== token }).concat(token)
    var most = options.touch === 'first' ? 1 : 5
    if (tokens.length > most) tokens.splice(1, tokens.length - most)
  }

  function newest() {
    return tokens[tokens.length - 1]
  }

  // Asked at each use: another tab, on another host of the shop too, may have taken the consent back a moment ago.
  function allowed() {
    if (consent && read('kith_c') === '0') stop()
    return consent
  }

  // Says once what a shop would otherwise find out by missing friends.
  function warn() {
    if (!warned) console.warn('kith.js: no valid data-key')
    warned = true
  }

  // Whether somebody looks at this page: not a frame's, not a tab's behind.
  function seen() {
    return w.top === w && d.visibilityState === 'visible'
  }

  function send(type, fields) {
    if (!allowed()) return void (waiting && waiting.push([type, fields]))
    if (!options.key) return warn()
    var report = Object.assign({ type: type, visitor_id: visitor, url: location.origin + location.pathname }, fields)
    if (newest()) report.token = newest()
    if (seen()) report.seen = true
    post('track', report)
  }

  // The answer is read to its end, or the browser holds the request for open. A shop's page never breaks because of us.
  function post(path, body) {
    return fetch(endpoint + path, {
      method: 'POST',
      keepalive: true,
      credentials: 'omit',
      headers: { authorization: 'Bearer ' + options.key, 'content-type': 'text/plain' },
      body: JSON.stringify(body)
    }).then(function (answer) {
      if (answer.status === 401) warn()
      return answer.text()
    }).catch(function () {})
  }

  function name(type, person) {
    var who = {}
    person = person || {}
    ;['id', 'email', 'phone'].forEach(function (field) {
      if (person[field]) who[field] = '' + person[field]
    })
    var report = { customer: who }
    if (person.proof) report.proof = '' + person.proof
    // A guest is nobody to be named.
    if (type === 'signup' || Object.keys(who).length) send(type, report)
  }

  // For each field of a form: its name, and what it holds. Without consent both are empty.
  function fields(action) {
    allowed()
    action('kith_tokens', tokens.join(' '))
    action('kith_visitor', visitor)
  }

  // A form's own fields may be called `matches` or `appendChild` and hide what a form can do: it is asked by prototype.
  function fill(form) {
    fields(function (name, value) {
      var input = elements.querySelector.call(form, 'input[name=' + name + ']')
      if (!input && consent) {
        input = Object.assign(d.createElement('input'), { type: 'hidden', name: name })
        elements.appendChild.call(form, input)
      }
      if (input) input.value = value
    })
  }

  // A submission does not leave a shadow root, a click and a focus do: the form is filled when somebody is at it.
  function meet(event) {
    event.composedPath().forEach(function (node) {
      if (node instanceof Element && elements.matches.call(node, FORM)) fill(node)
    })
  }

  // Whatever reads the form, a submission, form.submit() or FormData, gets the fields.
  function complete(event) {
    if (elements.matches.call(event.target, FORM)) fields(function (name, value) {
      if (consent) event.formData.set(name, value)
      else event.formData.delete(name)
    })
  }

  function forms() {
    d.querySelectorAll(FORM).forEach(fill)
    d.dispatchEvent(new Event('kith'))
  }

  // When somebody looks: at once, when the tab comes to the front, or in a frame, where nobody can say, at once too.
  function looked(action) {
    if (w.top === w && !seen()) d.addEventListener('visibilitychange', function () { looked(action) }, { once: true })
    else action()
  }

  function visit() {
    send('visit')
    write('kith_s', '1', 1800)
  }

  // A slug in the address proves nothing: Kith gives the token for it, to a page of the store that somebody looks at.
  // It may be somebody else's word, so it stays in the address unless there is such a link.
  function claim() {
    var slug = ref
    ref = ''
    post('clicks', { slug: slug, referrer: d.referrer.slice(0, 2e3) }).then(function (text) {
      var found = attempt(function () { return JSON.parse(text) }) || {}
      if (TOKEN.test(found.token)) {
        arrived = [found.token]
        gone = 'ref=' + slug
        // The shop's own address, which puts the code into its session; where that leads is of no interest.
        if (found.discount) fetch(found.discount, { redirect: 'manual' }).catch(function () {})
      }
      if (allowed()) begin()
    })
  }

  // Begins, or begins to keep: called when consent is there.
  function begin() {
    visitor = read('kith_v')
    // Nobody may guess a visitor: 128 random bits. A shorter one of an earlier script is made anew, and seen anew.
    var fresh = !VISITOR.test(visitor)
    if (fresh) {
      visitor = 'v_' + Array.from(crypto.getRandomValues(new Uint8Array(16)), function (byte) {
        return ('0' + byte.toString(16)).slice(-2)
      }).join('')
    }
    read('kith_t').split('~').concat(arrived).forEach(keep)
    write('kith_v', visitor, YEAR)
    if (tokens.length) write('kith_t', tokens.join('~'), YEAR)
    attempt(strip)
    if (ref && !arrived.length && options.key && w.top === w) return looked(claim)
    // A visit is half an hour without a pause; a new token begins another.
    if (!read('kith_s') || arrived.length || fresh) looked(visit)
    else write('kith_s', '1', 1800)
    forms()
    waiting.splice(0).forEach(function (call) { send(call[0], call[1]) })
  }

  // Consent is taken back: what was kept goes, here at once and in other tabs as they hear of it or act next.
  function stop() {
    consent = false
    tokens = []
    visitor = ''
    waiting = null
    ;['kith_t', 'kith_v', 'kith_s'].forEach(function (kept) { write(kept, '', 0) })
    forms()
  }

  function go() {
    if (consent) return
    consent = true
    waiting = waiting || []
    begin()
  }

  // Takes tokens out of the address, so that nobody copies them on; the rest of the address stays as it is spelt.
  function strip() {
    var address = new URL(location.href)
    var rest = query.filter(function (part) { return part.slice(0, 5) !== 'kith=' && part !== gone })
    if (rest.length === query.length) return
    address.search = rest.join('&')
    history.replaceState(history.state, '', address)
  }

  var query = location.search.slice(1).split('&')
  var arrived = query.map(function (part) { return (/^kith=(.*)/.exec(part) || [])[1] })
    .filter(function (token) { return TOKEN.test(token) })

  var ref = (/[?&]ref=([\w-]{1,99})(&|$)/.exec(location.search) || [])[1]
  var gone

  var commands = {
    identify: function (person) { name('identify', person) },
    signup: function (person) { name('signup', person) },
    share: function (how) {
      send('share', how ? { channel: how.channel && '' + how.channel, customer: how.customer, slug: how.slug } : {})
    },
    view: function (where) { send('widget_view', where) },
    join: function (how) {
      if (w.kithShare) return w.kithShare(how)
      d.head.append(Object.assign(d.createElement('script'), {
        src: endpoint + '../kith-share.js',
        nonce: script.nonce,
        onload: function () { commands.join(how) }
      }))
    },
    order: function (order) {
      if (!order || !allowed()) return order
      if (tokens.length && !order.token && !order.tokens) order.tokens = tokens.slice()
      if (!order.visitor_id) order.visitor_id = visitor
      return order
    },
    token: function (callback) {
      allowed()
      if (callback) callback(newest())
      return newest()
    },
    ready: function (callback) { callback() },
    consent: function (given) {
      var word = given ? '1' : '0'
      write('kith_c', word, YEAR)
      // Storage is written to be heard in the other tabs, and keeps nothing.
      attempt(function () {
        localStorage.setItem('kith_c', word)
        localStorage.removeItem('kith_c')
      })
      answer(word)
    },
    // What the page's banner says to others, as kith-consent.js hears it. What was said to Kith itself holds over it.
    signal: function (given) {
      if (answered) return
      if (given && !refused) go()
      else stop()
    }
  }

  function answer(word) {
    answered = word
    if (word === '1') go()
    else stop()
  }

  function kith(command, how) {
    if (commands[command]) return commands[command](how)
  }
  kith.version = 1

  function start() {
    w.kith = kith
    w.addEventListener('storage', function (event) {
      if (event.key === 'kith_c' && event.newValue) answer(event.newValue)
    })
    if (consent) begin()
    ;((before && before.q) || []).forEach(function (call) { kith.apply(null, call) })
    ;['submit', 'click', 'focusin'].forEach(function (type) { w.addEventListener(type, meet, true) })
    w.addEventListener('formdata', complete, true)
  }

  // A page that the browser prepares ahead is no visit until somebody looks at it.
  if (d.prerendering) d.addEventListener('prerenderingchange', start, { once: true })
  else start()
})(window, document)
