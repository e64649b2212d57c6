(function(a,e){'use strict'
var j=e.currentScript||e.querySelector('script[src*="/kith-consent."]')
var g=j.dataset.layer||'dataLayer'
var c=(a[g]=a[g]||[])
var i=c.push
var d={}
var b
a.kith=a.kith||function(){(a.kith.q=a.kith.q||[]).push(arguments)}
function f(a){if(!a||a[0]!=='consent'||!a[2])return
b=a[1];['ad_storage','ad_user_data'].forEach(function(c){var e=a[2][c]
var f=b==='default'&&(d[c]==='denied'||(e==='granted'&&a[2].region))
if(e&&!f)d[c]=e})}
function h(){var c=d.ad_storage==='granted'&&d.ad_user_data!=='denied'
if(c)a.kith('signal',true)
else if(b==='update')a.kith('signal',false)
b=''}
c.forEach(f)
h()
c.push=function(){var a=i.apply(c,arguments);[].forEach.call(arguments,f)
if(b)h()
return a}})(window,document)
