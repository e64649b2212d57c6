/*
 * kith-forms.js: marks forms that nobody can mark in the page's source, so that kith.js fills them: those of Tilda, or any.
 *
 *   <script defer src="https://…/kith.js" data-key="kith_pk_…"></script>
 *   <script defer src="https://…/kith-forms.js"></script>
 *
 * data-forms: a CSS selector of the forms, `form.checkout`. Without it all forms of Tilda, the cart's too.
 * The fields are kith_tokens and kith_visitor, as in a form with data-kith-order. Forms that come later are found as they come.
 */
(function (d) {
  'use strict'
  var script = d.currentScript || d.querySelector('script[src*="/kith-forms."]')
  var selector = script.dataset.forms || 'form.t-form,form.js-form-proccess'

  // kith.js fills a marked form when somebody is at it: it is told so at once, since Tilda reads fields before a submission.
  function mark() {
    d.querySelectorAll(selector).forEach(function (form) {
      if (form.hasAttribute('data-kith-order')) return
      form.setAttribute('data-kith-order', '')
      form.dispatchEvent(new Event('focusin'))
    })
  }

  mark()
  new MutationObserver(mark).observe(d.documentElement, { childList: true, subtree: true })
})(document)
