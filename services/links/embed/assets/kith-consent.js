/*
 * kith-consent.js: what a page's banner tells Google's Consent Mode (v1, v2) is told to kith.js, too.
 *
 *   <script defer src="https://…/kith.js" data-key="kith_pk_…" data-consent="required"></script>
 *   <script defer src="https://…/kith-consent.js"></script>
 *
 * Granted: ad_storage is "granted", and ad_user_data is not "denied". A default that denies is no answer yet; an update that
 * denies is a revocation. Nobody tells a page for which region a default is: a regional one can deny and cannot grant.
 * data-layer: the data layer's name, if it is not dataLayer.
 */
(function (w, d) {
  'use strict'
  var script = d.currentScript || d.querySelector('script[src*="/kith-consent."]')
  var name = script.dataset.layer || 'dataLayer'
  var layer = (w[name] = w[name] || [])
  var push = layer.push
  var mode = {}
  var last

  w.kith = w.kith || function () { (w.kith.q = w.kith.q || []).push(arguments) }

  function hear(said) {
    if (!said || said[0] !== 'consent' || !said[2]) return
    last = said[1]
    ;['ad_storage', 'ad_user_data'].forEach(function (kind) {
      var word = said[2][kind]
      var weak = last === 'default' && (mode[kind] === 'denied' || (word === 'granted' && said[2].region))
      if (word && !weak) mode[kind] = word
    })
  }

  function tell() {
    var granted = mode.ad_storage === 'granted' && mode.ad_user_data !== 'denied'
    if (granted) w.kith('signal', true)
    else if (last === 'update') w.kith('signal', false)
    last = ''
  }

  layer.forEach(hear)
  tell()
  layer.push = function () {
    var answer = push.apply(layer, arguments)
    ;[].forEach.call(arguments, hear)
    if (last) tell()
    return answer
  }
})(window, document)
