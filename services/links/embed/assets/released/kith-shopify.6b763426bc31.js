(function(b,f){'use strict'
var h=((b.Shopify&&b.Shopify.routes)||{}).root||'/'
var a
var e=Promise.resolve()
function c(b,a){return fetch(h+b,{method:a?'POST':'GET',headers:{'content-type':'application/json',accept:'application/json'},body:a&&JSON.stringify(a)}).then(function(a){return a.ok?a.json():Promise.reject()})}
function g(){var a=(b.kith&&b.kith('order',{}))||{}
var c=(a.tokens||[]).join(' ')
return{kith:c,kith_visitor:c&&a.visitor_id}}
function i(a,b){return(a.kith||'')===b.kith&&(a.kith_visitor||'')===b.kith_visitor}
function d(){e=e.then(function(){var b=g()
if(!a&&!b.kith)return
return(a?Promise.resolve(a):c('cart.js').then(function(a){return a.attributes||{}})).then(function(d){a=d
return i(d,b)?0:c('cart/update.js',{attributes:b}).then(function(){a=b})})}).catch(function(){})}
f.addEventListener('kith',d)
d()})(window,document)
