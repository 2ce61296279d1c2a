// The whole way of a payment as the official client walks it, validating every answer.
import { setTimeout } from 'node:timers/promises'
import * as sdk from './sdk.mjs'
import { given, say } from './steps.mjs'

const { client, payer, worker } = sdk
const tries = 200

async function arrived(url, accessToken) {
  for (let n = 0; n < tries; n++) {
    const payment = await client.incomingPayment.get({ url, accessToken })
    if (payment.receivedAmount.value === payment.incomingAmount.value) return payment
    await setTimeout(25)
  }
  throw new Error('the money did not arrive')
}

say('payer', payer)
say('worker', worker)
say('keys', (await client.walletAddress.getKeys({ url: given.client.walletAddressUrl })).keys)
say('anonymous payer', await sdk.anonymous.walletAddress.get({ url: given.payer }))

const metadata = { job: 'Traducción al náhuatl', pages: 100, nested: { ñ: ['“a”', null, true] } }
const receiving = await sdk.toReceive()
const incoming = await sdk.receive(receiving, {
  incomingAmount: sdk.pesos(18500),
  expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
  metadata
})
say('incoming', incoming)
say('public', await client.incomingPayment.getPublic({ url: incoming.id }))
say('anonymous', await sdk.anonymous.incomingPayment.get({ url: incoming.id }))

const quoting = await sdk.toQuote()
const quote = await sdk.quoteFor(quoting, incoming.id)
say('quote', quote)
say('quote again', await client.quote.get({ url: quote.id, accessToken: quoting.access_token.value }))

const { pending, nonce } = await sdk.asked({ debitAmount: quote.debitAmount })
say('wait', pending.continue.wait)
const back = await sdk.decided(pending, 'approve')
const reference = back.searchParams.get('interact_ref')
say('back', { start: back.href.slice(0, sdk.finish.length), expected: sdk.finish })
say('hash', { given: back.searchParams.get('hash'), expected: sdk.hashOf(nonce, pending, reference) })
await sdk.refused('too fast', () => client.grant.continue(sdk.continuing(pending), { interact_ref: reference }))
await sdk.control('/clock', { offsetSeconds: pending.continue.wait })
const paying = await client.grant.continue(sdk.continuing(pending), { interact_ref: reference })
say('granted', paying.access_token.access)

const accessToken = paying.access_token.value
const outgoing = await sdk.payBy(paying, quote.id, { metadata })
say('outgoing', outgoing)
say('settled', await arrived(incoming.id, receiving.access_token.value))
say('outgoing again', await client.outgoingPayment.get({ url: outgoing.id, accessToken }))
say('spent', await client.outgoingPayment.getGrantSpentAmounts({ url: payer.resourceServer, accessToken }))

const incomingList = {
  url: worker.resourceServer,
  walletAddress: worker.id,
  accessToken: receiving.access_token.value
}
const more = [await sdk.receive(receiving), await sdk.receive(receiving)]
say('ids, newest first', [more[1].id, more[0].id, incoming.id])
const first = await client.incomingPayment.list(incomingList, { first: 2 })
say('first page', first)
const second = await client.incomingPayment.list(incomingList, { first: 2, cursor: first.pagination.endCursor })
say('second page', second)
const before = await client.incomingPayment.list(incomingList, { last: 2, cursor: second.pagination.startCursor })
say('back to the first page', before)
say(
  'outgoing list',
  await client.outgoingPayment.list({ url: payer.resourceServer, walletAddress: payer.id, accessToken })
)
say('completed', await client.incomingPayment.complete({ url: more[0].id, accessToken: incomingList.accessToken }))

const rotated = await client.token.rotate(sdk.managing(paying))
say('rotated', rotated.access_token.value !== accessToken)
await sdk.refused('the token before', () => client.outgoingPayment.get({ url: outgoing.id, accessToken }))
const renewed = rotated.access_token.value
say('the token after', (await client.outgoingPayment.get({ url: outgoing.id, accessToken: renewed })).id)
say('revoked', (await client.token.revoke(sdk.managing(rotated))) === undefined)
await sdk.refused('the revoked token', () => client.outgoingPayment.get({ url: outgoing.id, accessToken: renewed }))

const abandoned = await sdk.asked({ debitAmount: sdk.dollars(100) })
say('cancelled', (await client.grant.cancel(sdk.continuing(abandoned.pending))) === undefined)
await sdk.refused('continued after cancelling', () => client.grant.continue(sdk.continuing(abandoned.pending)))
