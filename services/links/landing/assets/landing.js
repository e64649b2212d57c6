// Copies the code, and takes the click's token out of the address, so that whoever copies that shares the link alone.
(function () {
  'use strict'
  var button = document.querySelector('[data-copy]')
  if (button && navigator.clipboard) {
    button.hidden = false
    button.addEventListener('click', function () {
      navigator.clipboard.writeText(button.dataset.copy).then(function () {
        var label = button.textContent
        button.textContent = button.dataset.copied
        setTimeout(function () { button.textContent = label }, 2000)
      })
    })
  }
  var rest = location.search.slice(1).split('&').filter(function (part) { return part && part.slice(0, 5) !== 'kith=' })
  history.replaceState(null, '', location.pathname + (rest.length ? '?' + rest.join('&') : ''))
})()
