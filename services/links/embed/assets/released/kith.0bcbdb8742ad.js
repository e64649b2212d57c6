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
var consent = answered ? answered === '1' : options.consent !== 'required'
var tokens = []
var visitor = ''
var waiting = []
var warned
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
function keep(token) {
if (!TOKEN.test(token)) return
tokens = tokens.filter(function (other) { return other !== token }).concat(token)
if (tokens.length > 5) tokens.splice(1, tokens.length - 5)
}
function newest() {
return tokens[tokens.length - 1]
}
function allowed() {
if (consent && read('kith_c') === '0') stop()
return consent
}
function warn() {
if (!warned) console.warn('kith.js: nothing is reported: its key is missing or invalid. ' +
'The script tag needs data-key="kith_pk_…".')
warned = true
}
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
;['id', 'email', 'phone'].forEach(function (field) {
if (person && person[field]) who[field] = String(person[field])
})
var fields = { customer: who }
if (person && person.proof) fields.proof = String(person.proof)
if (type === 'signup' || Object.keys(who).length) send(type, fields)
}
function values() {
return allowed() ? { kith_tokens: tokens.join(' '), kith_visitor: visitor } : {}
}
function fill(form) {
var found = values()
;['kith_tokens', 'kith_visitor'].forEach(function (field) {
var input = elements.querySelector.call(form, 'input[name=' + field + ']')
if (!input && field in found) {
input = Object.assign(d.createElement('input'), { type: 'hidden', name: field })
elements.appendChild.call(form, input)
}
if (input) input.value = found[field] || ''
})
}
function meet(event) {
event.composedPath().forEach(function (node) {
if (node instanceof Element && elements.matches.call(node, FORM)) fill(node)
})
}
function complete(event) {
if (!elements.matches.call(event.target, FORM)) return
var found = values()
;['kith_tokens', 'kith_visitor'].forEach(function (field) {
if (field in found) event.formData.set(field, found[field])
else event.formData.delete(field)
})
}
function forms() {
d.querySelectorAll(FORM).forEach(fill)
}
function looked(action) {
if (w.top === w && !seen()) d.addEventListener('visibilitychange', function () { looked(action) }, { once: true })
else action()
}
function visit() {
send('visit')
write('kith_s', '1', 1800)
}
function claim() {
var slug = ref
ref = ''
post('clicks', { slug: slug, referrer: d.referrer.slice(0, 2e3) }).then(function (text) {
var token = (attempt(function () { return JSON.parse(text) }) || {}).token
if (TOKEN.test(token)) {
arrived = [token]
gone = 'ref=' + slug
}
if (allowed()) begin()
})
}
function begin() {
visitor = read('kith_v')
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
if (!read('kith_s') || arrived.length || fresh) looked(visit)
else write('kith_s', '1', 1800)
forms()
waiting.splice(0).forEach(function (call) { send(call[0], call[1]) })
}
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
send('share', how ? { channel: how.channel && '' + how.channel, customer: how.customer } : {})
},
view: function (where) { send('widget_view', where) },
join: function (how) {
if (w.kithShare) return w.kithShare(how)
d.head.append(Object.assign(d.createElement('script'), {
src: endpoint + '../kith-share.js',
nonce: script.nonce,
onload: function () { w.kithShare(how) }
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
var answer = given ? '1' : '0'
write('kith_c', answer, YEAR)
attempt(function () {
localStorage.setItem('kith_c', answer)
localStorage.removeItem('kith_c')
})
if (given) go()
else stop()
}
}
function kith(command, how) {
if (commands[command]) return commands[command](how)
}
kith.version = 1
function start() {
w.kith = kith
w.addEventListener('storage', function (event) {
if (event.key === 'kith_c' && event.newValue) (event.newValue === '1' ? go : stop)()
})
if (consent) begin()
;((before && before.q) || []).forEach(function (call) { kith.apply(null, call) })
;['submit', 'click', 'focusin'].forEach(function (type) { w.addEventListener(type, meet, true) })
w.addEventListener('formdata', complete, true)
}
if (d.prerendering) d.addEventListener('prerenderingchange', start, { once: true })
else start()
})(window, document)
