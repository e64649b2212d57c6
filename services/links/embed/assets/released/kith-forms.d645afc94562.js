(function(a){'use strict'
var c=a.currentScript||a.querySelector('script[src*="/kith-forms."]')
var d=c.dataset.forms||'form.t-form,form.js-form-proccess'
function b(){a.querySelectorAll(d).forEach(function(a){if(a.hasAttribute('data-kith-order'))return
a.setAttribute('data-kith-order','')
a.dispatchEvent(new Event('focusin'))})}
b()
new MutationObserver(b).observe(a.documentElement,{childList:true,subtree:true})})(document)
