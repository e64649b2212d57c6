(function(c,a){'use strict'
var s=c.kith
if(s&&s.version)return
var af=a.currentScript||a.querySelector('script[data-key^="kith_pk_"],script[src*="/kith."]')
var f=af.dataset
var ah=new URL('/v1/',f.api||af.src).href
var y=34e6
var at=/^v_[\da-f]{32}$/
var x=/^[a-z\d]{1,12}\.[\w-]{20,900}$/
var w='form[data-kith-order]'
var u=Element.prototype
var t=null
var q=h('kith_c')
var an=navigator.globalPrivacyControl
var e=q?q==='1':f.consent?f.consent==='not_required':!an
var b=[]
var g=''
var j=[]
var ar
function n(a){try{return a()}catch(_){}}
function h(c){var b=('; '+(n(function(){return a.cookie})||'')).split('; '+c+'=')[1]
return b?b.split(';')[0]:''}
function k(b,d,c){n(function(){a.cookie=b+'='+d+';path=/;max-age='+c+';samesite=lax'+au()+(location.protocol==='https:'?';secure':'')})}
function au(){if(t!==null)return t
var d=location.hostname.split('.')
for(var b=d.length-2;b>=0;b--){var c=';domain='+d.slice(b).join('.')
a.cookie='kith_d=1;path=/'+c
if(h('kith_d')){a.cookie='kith_d=;path=/;max-age=0'+c
return(t=c)}}
return(t='')}
function ax(a){if(!x.test(a))return
if(f.touch==='last')b=[]
b=b.filter(function(b){return b!==a}).concat(a)
var c=f.touch==='first'?1:5
if(b.length>c)b.splice(1,b.length-c)}
function v(){return b[b.length-1]}
function l(){if(e&&h('kith_c')==='0')ag()
return e}
function aq(){if(!ar)console.warn('kith.js: no valid data-key')
ar=true}
function ao(){return c.top===c&&a.visibilityState==='visible'}
function p(c,b){if(!l())return void(j&&j.push([c,b]))
if(!f.key)return aq()
var a=Object.assign({type:c,visitor_id:g,url:location.origin+location.pathname},b)
if(v())a.token=v()
if(ao())a.seen=true
am('track',a)}
function am(b,a){return fetch(ah+b,{method:'POST',keepalive:true,credentials:'omit',headers:{authorization:'Bearer '+f.key,'content-type':'text/plain'},body:JSON.stringify(a)}).then(function(a){if(a.status===401)aq()
return a.text()}).catch(function(){})}
function d(d,a){var b={}
a=a||{};['id','email','phone'].forEach(function(c){if(a[c])b[c]=''+a[c]})
var c={customer:b}
if(a.proof)c.proof=''+a.proof
if(d==='signup'||Object.keys(b).length)p(d,c)}
function o(a){l()
a('kith_tokens',b.join(' '))
a('kith_visitor',g)}
function ai(b){o(function(d,f){var c=u.querySelector.call(b,'input[name='+d+']')
if(!c&&e){c=Object.assign(a.createElement('input'),{type:'hidden',name:d})
u.appendChild.call(b,c)}
if(c)c.value=f})}
function ay(a){a.composedPath().forEach(function(a){if(a instanceof Element&&u.matches.call(a,w))ai(a)})}
function aw(a){if(u.matches.call(a.target,w))o(function(b,c){if(e)a.formData.set(b,c)
else a.formData.delete(b)})}
function aj(){a.querySelectorAll(w).forEach(ai)
a.dispatchEvent(new Event('kith'))}
function ac(b){if(c.top===c&&!ao())a.addEventListener('visibilitychange',function(){ac(b)},{once:true})
else b()}
function ba(){p('visit')
k('kith_s','1',1800)}
function av(){var b=ae
ae=''
am('clicks',{slug:b,referrer:a.referrer.slice(0,2e3)}).then(function(c){var a=n(function(){return JSON.parse(c)})||{}
if(x.test(a.token)){r=[a.token]
al='ref='+b
if(a.discount)fetch(a.discount,{redirect:'manual'}).catch(function(){})}
if(l())z()})}
function z(){g=h('kith_v')
var a=!at.test(g)
if(a){g='v_'+Array.from(crypto.getRandomValues(new Uint8Array(16)),function(a){return('0'+a.toString(16)).slice(-2)}).join('')}
h('kith_t').split('~').concat(r).forEach(ax)
k('kith_v',g,y)
if(b.length)k('kith_t',b.join('~'),y)
n(az)
if(ae&&!r.length&&f.key&&c.top===c)return ac(av)
if(!h('kith_s')||r.length||a)ac(ba)
else k('kith_s','1',1800)
aj()
j.splice(0).forEach(function(a){p(a[0],a[1])})}
function ag(){e=false
b=[]
g=''
j=null;['kith_t','kith_v','kith_s'].forEach(function(a){k(a,'',0)})
aj()}
function ak(){if(e)return
e=true
j=j||[]
z()}
function az(){var a=new URL(location.href)
var b=ad.filter(function(a){return a.slice(0,5)!=='kith='&&a!==al})
if(b.length===ad.length)return
a.search=b.join('&')
history.replaceState(history.state,'',a)}
var ad=location.search.slice(1).split('&')
var r=ad.map(function(a){return(/^kith=(.*)/.exec(a)||[])[1]}).filter(function(a){return x.test(a)})
var ae=(/[?&]ref=([\w-]{1,99})(&|$)/.exec(location.search)||[])[1]
var al
var aa={identify:function(a){d('identify',a)},signup:function(a){d('signup',a)},share:function(a){p('share',a?{channel:a.channel&&''+a.channel,customer:a.customer,slug:a.slug}:{})},view:function(a){p('widget_view',a)},join:function(b){if(c.kithShare)return c.kithShare(b)
a.head.append(Object.assign(a.createElement('script'),{src:ah+'../kith-share.js',nonce:af.nonce,onload:function(){aa.join(b)}}))},order:function(a){if(!a||!l())return a
if(b.length&&!a.token&&!a.tokens)a.tokens=b.slice()
if(!a.visitor_id)a.visitor_id=g
return a},token:function(a){l()
if(a)a(v())
return v()},ready:function(a){a()},consent:function(b){var a=b?'1':'0'
k('kith_c',a,y)
n(function(){localStorage.setItem('kith_c',a)
localStorage.removeItem('kith_c')})
m(a)},signal:function(a){if(q)return
if(a&&!an)ak()
else ag()}}
function m(a){q=a
if(a==='1')ak()
else ag()}
function ab(a,b){if(aa[a])return aa[a](b)}
ab.version=1
function ap(){c.kith=ab
c.addEventListener('storage',function(a){if(a.key==='kith_c'&&a.newValue)m(a.newValue)})
if(e)z();((s&&s.q)||[]).forEach(function(a){ab.apply(null,a)});['submit','click','focusin'].forEach(function(a){c.addEventListener(a,ay,true)})
c.addEventListener('formdata',aw,true)}
if(a.prerendering)a.addEventListener('prerenderingchange',ap,{once:true})
else ap()})(window,document)
