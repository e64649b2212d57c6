// One story by the generated types: program → ambassador → link → order → reward. `story.js ADDRESS SECRET_KEY`.
import createClient from 'openapi-fetch'
import type { paths as Attribution } from '../build/typescript/attribution.d.ts'
import type { paths as Links } from '../build/typescript/links.d.ts'
import type { paths as Rewards } from '../build/typescript/rewards.d.ts'

const [baseUrl, key] = process.argv.slice(2)
const options = { baseUrl, headers: { authorization: `Bearer ${key}` } }
const links = createClient<Links>(options)
const attribution = createClient<Attribution>(options)
const rewards = createClient<Rewards>(options)

function given<T>(answer: { data?: T; error?: unknown }): T {
  if (answer.data === undefined) throw new Error(JSON.stringify(answer.error))
  return answer.data
}

const program = given(await links.POST('/v1/programs', {
  body: {
    name: 'Ts', status: 'active', currency: 'EUR', landing_url: 'https://shop.example/',
    rewards: [{
      name: 'ambassador', to: 'ambassador', on: 'order', which: 'every', pay_as: 'cash', give: { kind: 'fixed', amount_minor: 1000 }
    }]
  } as Links['/v1/programs']['post']['requestBody']['content']['application/json']
}))
const anna = given(await links.POST('/v1/ambassadors', { body: { program_id: program.id, name: 'Anna' } }))
const link = given(await links.POST('/v1/links', { body: { program_id: program.id, ambassador_id: anna.id } }))
const order_id = `ts-${program.id}`
given(await attribution.POST('/v1/orders', {
  body: {
    order_id, placed_at: new Date().toISOString(), status: 'paid', currency: 'EUR', total_minor: 5000, codes: [anna.code!.code]
  } as Attribution['/v1/orders']['post']['requestBody']['content']['application/json']
}))
for (let tries = 0; tries < 300; tries++) {
  // Lists come as CSV, too, if one asks for that.
  const page = given(await rewards.GET('/v1/rewards', { params: { query: { order_id } } }))
  if (typeof page !== 'string' && page.data.length > 0) {
    console.log(link.slug, page.data[0]!.amount_minor)
    break
  }
  await new Promise((done) => setTimeout(done, 100))
}
