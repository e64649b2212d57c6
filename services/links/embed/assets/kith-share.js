/*
 * kith-share.js: the element <kith-share>, an offer to share and the sheet to share by.
 *
 *   <script defer src="https://…/kith.js" data-key="kith_pk_…"></script>
 *   <script defer src="https://…/kith-share.js"></script>
 *   <kith-share placement="product-card"></kith-share>
 *
 * placement   home-banner, menu-link, ribbon, product-card, order-confirmation, after-payment, own-page, customer-account
 * program     which program; else the store's first that people can join
 * lang        the language; else that of the page
 * link        the share link of who is signed in, as the store's server knows it
 * customer, proof   their customer id and its proof, as for kith('identify', …): then Kith knows the link itself
 *
 * Who has no link yet is led to the page to join. Colours and forms are CSS variables (--kith-color, --kith-on-color,
 * --kith-paper, --kith-ink, --kith-line, --kith-radius, --kith-font) and parts (::part(button), card, sheet, …).
 * Where a program's rules say where it stands, it stands there and nowhere else; a rule with a selector puts it there.
 * Makes no markup out of text and writes no style attribute: pages with a strict policy need the address of Kith in
 * script-src and connect-src, and nothing else.
 */
(function (w, d) {
  'use strict'
  if (customElements.get('kith-share')) return
  const script = d.currentScript || d.querySelector('script[src*="/kith-share."]')
  const named = [script, d.querySelector('script[data-key^="kith_pk_"]')].find((one) => one && one.dataset.key)
  const key = named && named.dataset.key
  const endpoint = new URL('/v1/share', (named && named.dataset.api) || script.src)
  const asked = new Map()
  const BLOCKS = ['order-confirmation', 'after-payment', 'own-page', 'customer-account']
  const STYLE = `
:host{--c:var(--kith-color,COLOR);--o:var(--kith-on-color,ON);--p:var(--kith-paper,#fff);--i:var(--kith-ink,#13201a);
--l:var(--kith-line,#c9d1cd);--r:var(--kith-radius,10px);font-family:var(--kith-font,inherit);line-height:1.4;color:var(--i)}
:host(:not([hidden])){display:block}
:host([placement=menu-link]:not([hidden])){display:inline-block;color:inherit}
*{box-sizing:border-box}
p,h2,ul{margin:0;padding:0}
h2{font-size:1.25em;line-height:1.25;text-wrap:balance}
ul{list-style:none}
.card{display:flex;flex-wrap:wrap;align-items:center;justify-content:space-between;gap:12px 16px;padding:16px;
background:var(--p);border:1px solid var(--l);border-radius:var(--r)}
.card>div{flex:1 1 14em;display:grid;gap:4px}
.band{border-width:0;border-radius:0;background:var(--c);color:var(--o)}
.band .button{background:var(--o);color:var(--c)}
.ribbon{position:fixed;z-index:2147483000;inset:auto 16px 16px auto;max-width:min(24em,calc(100vw - 32px));padding-right:52px;
box-shadow:0 4px 24px #0003}
.button{font:inherit;font-weight:600;min-height:44px;padding:8px 20px;border:0;border-radius:var(--r);background:var(--c);color:var(--o);
cursor:pointer;text-decoration:none;display:inline-flex;align-items:center;justify-content:center;text-align:center}
.quiet{background:none;color:inherit;border:1px solid var(--l)}
.bare{font:inherit;min-height:24px;padding:0;border:0;background:none;color:inherit;text-decoration:underline;cursor:pointer}
:focus-visible{outline:2px solid currentColor;outline-offset:2px}
.x{position:absolute;top:4px;right:4px;width:44px;height:44px;padding:0;border:0;background:none;color:inherit;font:24px/1 sans-serif;cursor:pointer}
dialog{width:min(28em,calc(100vw - 24px));max-height:calc(100dvh - 24px);overflow:auto;padding:20px;border:0;border-radius:calc(var(--r) + 4px);
background:var(--p);color:var(--i);font-size:16px;text-align:start;white-space:normal}
dialog h2{padding-right:36px}
dialog::backdrop{background:#0009}
.body{display:grid;gap:12px}
.body li{padding-left:1em;text-indent:-1em}
.body .lines li::before{content:"–";display:inline-block;width:1em;text-indent:0}
.row{display:flex;gap:8px;align-items:end}
label{flex:1;min-width:0;font-size:.875em}
input{display:block;width:100%;min-height:44px;margin-top:4px;padding:8px 12px;font:inherit;font-size:16px;color:inherit;background:none;
border:1px solid var(--l);border-radius:var(--r);text-overflow:ellipsis}
.ways{display:grid;grid-template-columns:repeat(auto-fill,minmax(7.5em,1fr));gap:8px}
.body .ways li{padding:0;text-indent:0}
.ways .button{width:100%;padding:8px 4px;font-weight:400;font-size:.875em}
.links{display:flex;flex-wrap:wrap;gap:4px 16px;font-size:.875em}
a{color:inherit;min-height:24px}`

  // A page's own scripts go on whatever happens here.
  function attempt(action) {
    try { return action() } catch (refused) {}
  }

  function ask(question) {
    const body = JSON.stringify(question)
    if (!asked.has(body)) {
      asked.set(body, fetch(endpoint, {
        method: 'POST',
        credentials: 'omit',
        headers: { authorization: 'Bearer ' + key, 'content-type': 'text/plain' },
        body
      }).then((answer) => (answer.ok ? answer.json() : null)).catch(() => asked.delete(body) && null))
    }
    return asked.get(body)
  }

  function pattern(path) {
    const parts = path.split(/(\*+)/).map((part) =>
      part === '*' ? '[^/]*' : part === '**' ? '.*' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    return new RegExp('^' + parts.join('') + '$')
  }

  function fits(rule) {
    const here = (path) => pattern(path).test(location.pathname.slice(0, 300))
    return rule.paths.some(here) && !rule.but_not.some(here)
  }

  function h(tag, fields, ...children) {
    const made = d.createElement(tag)
    for (const name in fields) {
      if (name in made && name !== 'part') made[name] = fields[name]
      else made.setAttribute(name, fields[name])
    }
    made.append(...children)
    return made
  }

  // What is copied or handed to the phone says so; what is shown stays as it is.
  function marked(url, channel) {
    return url + (url.includes('?') ? '&' : '?') + 'ch=' + channel
  }

  function report(...call) {
    if (w.kith) w.kith(...call)
  }

  // Once a tab and day: the rest of a day's visits Kith takes for the same view.
  function seen(placement) {
    const name = 'kith_seen_' + placement
    const day = new Date().toISOString().slice(0, 10)
    if (attempt(() => sessionStorage.getItem(name)) === day) return
    attempt(() => sessionStorage.setItem(name, day))
    report('view', { placement })
  }

  class Share extends HTMLElement {
    static get observedAttributes() { return ['placement', 'program', 'link', 'customer', 'proof', 'lang'] }

    connectedCallback() { this.plan() }

    attributeChangedCallback() { this.plan() }

    // Attributes are often set one after the other: drawn once behind them all.
    plan() {
      if (this.planned || !this.isConnected) return
      this.planned = Promise.resolve().then(() => {
        this.planned = null
        return this.load()
      })
    }

    async load() {
      const placement = this.getAttribute('placement')
      const offer = this.isConnected && key ? await ask(this.question(placement)) : null
      const rules = offer ? offer.rules.filter((rule) => rule.placement === placement) : []
      const here = offer && (offer.own || offer.join_url) &&
        (!offer.rules.length || !placement || rules.some(fits))
      const closed = placement === 'ribbon' && attempt(() => sessionStorage.getItem('kith_closed'))
      this.hidden = !here || Boolean(closed)
      if (this.hidden || !this.isConnected) return
      this.draw(offer, placement)
      if (placement) this.watch(placement)
    }

    question(placement) {
      const spoken = this.closest('[lang]')
      const question = { language: this.lang || (spoken && spoken.lang) || navigator.language || '' }
      const value = (name) => this.getAttribute(name)
      if (value('program')) question.program_id = value('program')
      if (value('customer') && value('proof')) question.customer = { id: value('customer'), proof: value('proof') }
      const slug = this.slug()
      if (slug) question.slug = slug
      if (placement === 'product-card') question.page = location.origin + location.pathname
      return question
    }

    slug() {
      const found = /\/r\/([^/?#]+)|[?&]ref=([^&#]+)/.exec(this.getAttribute('link') || '')
      return found ? found[1] || found[2] : undefined
    }

    draw(offer, placement) {
      const root = this.shadowRoot || this.attachShadow({ mode: 'open' })
      const sheet = new CSSStyleSheet()
      sheet.replaceSync(STYLE.replace('COLOR', offer.color).replace('ON', offer.text_color))
      root.adoptedStyleSheets = [sheet]
      this.sheet = this.dialog(offer)
      root.replaceChildren(...this.offer(offer, placement), this.sheet)
    }

    offer(offer, placement) {
      const { words, own } = offer
      if (!placement) return []
      const opener = h('button', { type: 'button', part: 'button', className: 'button', onclick: () => this.open() },
        own ? words.share : words.join)
      if (placement === 'menu-link') {
        opener.className = 'bare'
        opener.textContent = offer.title
        return [opener]
      }
      const text = h('div', {})
      if (placement === 'order-confirmation' || placement === 'after-payment') text.append(h('p', {}, words.thanks))
      text.append(h('h2', {}, offer.title))
      const card = h('div', { className: 'card', part: 'card' }, text, opener)
      if (placement === 'home-banner') card.classList.add('band')
      else if (placement === 'ribbon') {
        card.classList.add('ribbon')
        card.append(h('button', { type: 'button', className: 'x', ariaLabel: words.close, onclick: () => {
          attempt(() => sessionStorage.setItem('kith_closed', '1'))
          this.hidden = true
        } }, '×'))
      } else if (BLOCKS.includes(placement)) text.append(this.lines(offer))
      return [card]
    }

    lines(offer) {
      return h('ul', { className: 'lines' }, ...offer.lines.map((line) => h('li', {}, line)))
    }

    dialog(offer) {
      const { words, own } = offer
      const close = () => made.close()
      const body = h('div', { className: 'body' }, h('h2', { id: 'title' }, offer.title), this.lines(offer),
        ...(own ? this.own(own, words) : [this.way(offer.join_url, words.join)]), this.links(offer))
      const made = h('dialog', { part: 'sheet', onclick: (event) => event.target === made && close() },
        body, h('button', { type: 'button', className: 'x', ariaLabel: words.close, onclick: close }, '×'))
      made.setAttribute('aria-labelledby', 'title')
      return made
    }

    own(own, words) {
      const parts = [this.copied(words.link, own.url, words, 'copy')]
      if (own.code) parts.push(this.copied(words.code, own.code, words, 'code'))
      if (navigator.share) {
        parts.push(h('button', { type: 'button', className: 'button', part: 'button', onclick: () =>
          navigator.share({ text: own.text, url: marked(own.url, 'native') }).then(() => this.shared('native'), () => {}) }, words.share))
      }
      parts.push(h('p', { id: 'by' }, words.by))
      const ways = h('ul', { className: 'ways' }, ...own.ways.map((way) =>
        h('li', {}, h('a', { className: 'button quiet', part: 'way', href: way.href, target: '_blank', rel: 'noopener',
          onclick: () => {
            if (way.copies) attempt(() => navigator.clipboard.writeText(way.copies).catch(() => {}))
            this.shared(way.channel)
          } }, way.name))))
      ways.setAttribute('aria-labelledby', 'by')
      return [...parts, ways]
    }

    shared(channel) {
      const id = this.getAttribute('proof') && this.getAttribute('customer')
      report('share', { channel, slug: this.slug(), customer: id ? { id } : undefined })
    }

    copied(label, text, words, channel) {
      const field = h('input', { readOnly: true, value: text, onfocus: () => field.select() })
      const copy = h('button', { type: 'button', className: 'button', part: 'button', onclick: async () => {
        field.value = channel === 'copy' ? marked(text, 'copy') : text
        field.select()
        const copied = navigator.clipboard ? navigator.clipboard.writeText(field.value) : d.execCommand('copy')
        field.value = text
        field.select()
        await copied
        copy.textContent = words.copied
        setTimeout(() => { copy.textContent = words.copy }, 2000)
        this.shared(channel)
      } }, words.copy)
      copy.setAttribute('aria-live', 'polite')
      return h('div', { className: 'row' }, h('label', {}, label, field), copy)
    }

    links(offer) {
      const { words, own } = offer
      const made = h('p', { className: 'links' })
      if (!own) made.append(this.way(offer.sign_in_url, words.known, true))
      if (offer.terms_url) made.append(this.way(offer.terms_url, words.terms, true))
      return made
    }

    way(href, text, quiet) {
      const made = h('a', { href, target: '_blank', rel: 'noopener' }, text)
      if (!quiet) Object.assign(made, { className: 'button', part: 'button' })
      return made
    }

    open() {
      if (this.sheet && !this.sheet.open) this.sheet.showModal()
    }

    watch(placement) {
      if (this.watcher) this.watcher.disconnect()
      this.watcher = new IntersectionObserver((entries) => {
        if (!entries.some((entry) => entry.isIntersecting) || d.visibilityState !== 'visible') return
        this.watcher.disconnect()
        seen(placement)
      }, { threshold: 0.5 })
      this.watcher.observe(this.shadowRoot.firstElementChild)
    }

    disconnectedCallback() {
      if (this.watcher) this.watcher.disconnect()
    }
  }

  customElements.define('kith-share', Share)

  // kith('join', {program, link, customer, proof, lang}): the sheet alone, from a button of the page's own.
  w.kithShare = async function (how) {
    const made = d.createElement('kith-share')
    for (const name in how || {}) if (Share.observedAttributes.includes(name)) made.setAttribute(name, how[name])
    made.removeAttribute('placement')
    d.body.append(made)
    await made.planned
    made.open()
    if (made.sheet) made.sheet.addEventListener('close', () => made.remove())
    else made.remove()
  }

  // Rules that name an element of the page put the offer there.
  async function place() {
    const offer = key && await ask({ language: d.documentElement.lang || navigator.language || '' })
    for (const rule of (offer && offer.rules) || []) {
      const into = rule.into && fits(rule) && attempt(() => d.querySelector(rule.into))
      if (into && !d.querySelector(`kith-share[placement=${rule.placement}]`)) {
        const made = d.createElement('kith-share')
        made.setAttribute('placement', rule.placement)
        into.append(made)
      }
    }
  }

  if (d.readyState === 'loading') d.addEventListener('DOMContentLoaded', place, { once: true })
  else place()
})(window, document)
