// Copies the code, says when nothing is left to give, and takes the click's token out of the address, so that whoever copies that shares the link alone.
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
  // Rewards says whether the program can still give; links, which made the page, does not know.
  var full = document.querySelector('[data-room]')
  if (full) {
    fetch(full.dataset.room).then(function (answer) { return answer.json() }).then(function (room) {
      full.hidden = room.open !== false
    }).catch(function () {})
  }
  var rest = location.search.slice(1).split('&').filter(function (part) { return part && part.slice(0, 5) !== 'kith=' })
  history.replaceState(null, '', location.pathname + (rest.length ? '?' + rest.join('&') : ''))
})()
