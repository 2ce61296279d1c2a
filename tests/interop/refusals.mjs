// What a wallet refuses, as the official client reports it. The wait is off: too fast is part of the whole flow.
import * as sdk from './sdk.mjs'
import { given, say } from './steps.mjs'

const { client, payer, worker, refused } = sdk
const token = (grant) => grant.access_token.value
const quoteAccess = { type: 'quote', actions: ['create'] }
const ask = (by) => sdk.issued(payer.authServer, quoteAccess, by)

const forger = await sdk.clientWith({ ...given.client, pem: given.otherPem })
const stranger = await sdk.clientWith({ ...given.client, keyId: 'unpublished' })
const nameless = await sdk.clientWith(given.nameless)
const receiving = await sdk.toReceive()
const quoting = await sdk.toQuote()
const fixed = await sdk.receive(receiving, { incomingAmount: sdk.pesos(18500) })
const quote = await sdk.quoteFor(quoting, fixed.id)

// Who is asking.
await refused('another key', () => ask(forger))
await refused('an unpublished key', () => ask(stranger))
await refused('another key with a token', () =>
  forger.quote.get({ url: quote.id, accessToken: token(quoting) })
)
await refused('a client without a name', () => sdk.asked({ debitAmount: sdk.dollars(1) }, nameless))
await refused('a request that breaks the schema', () =>
  sdk.issued(payer.authServer, { type: 'quote', actions: ['give'] })
)
await refused('money without a person', () =>
  sdk.issued(payer.authServer, { type: 'outgoing-payment', actions: ['create'], identifier: payer.id })
)
await refused('an unknown wallet address', () => client.walletAddress.get({ url: `${given.payer}-nobody` }))

// Continuing.
const { pending } = await sdk.asked({ debitAmount: quote.debitAmount })
const way = sdk.continuing(pending)
await refused('another reference', () => client.grant.continue(way, { interact_ref: 'another' }))
await refused('another continue token', () =>
  client.grant.continue({ ...way, accessToken: 'another' }, { interact_ref: 'another' })
)
await refused('polling with a finish', () => client.grant.continue(way))
const interact_ref = (await sdk.decided(pending, 'approve')).searchParams.get('interact_ref')
const paying = await client.grant.continue(way, { interact_ref })
await refused('a used reference', () => client.grant.continue(way, { interact_ref }))
const rejected = await sdk.asked({ debitAmount: sdk.dollars(1) })
say('rejected', (await sdk.decided(rejected.pending, 'reject')).searchParams.get('result'))
await refused('a rejected grant', () =>
  client.grant.continue(sdk.continuing(rejected.pending), { interact_ref: 'any' })
)

// Tokens and their scope.
const reading = await sdk.toReceive(['read'])
await refused('an action that was not granted', () => sdk.receive(reading))
await refused('a token for something else', () => sdk.receive(quoting))
await refused('a bogus token', () => client.quote.get({ url: quote.id, accessToken: 'bogus' }))

// Incoming payments and quotes.
await refused('another asset', () => sdk.receive(receiving, { incomingAmount: sdk.dollars(100) }))
await refused('an expiry in the past', () => sdk.receive(receiving, { expiresAt: '2020-01-01T00:00:00Z' }))
await refused('an unknown incoming payment', () =>
  client.incomingPayment.get({ url: `${fixed.id}0`, accessToken: token(receiving) })
)
await refused('an unknown quote', () => client.quote.get({ url: `${quote.id}0`, accessToken: token(quoting) }))
const open = await sdk.receive(receiving)
const inEuros = await sdk.receive(receiving, { walletAddress: given.worthMore })
await refused('too little to arrive', () => sdk.quoteFor(quoting, inEuros.id, { debitAmount: sdk.dollars(1) }))
await client.incomingPayment.complete({ url: open.id, accessToken: token(receiving) })
await refused('completed twice', () =>
  client.incomingPayment.complete({ url: open.id, accessToken: token(receiving) })
)
await refused('a receiver that is done', () => sdk.quoteFor(quoting, open.id, { debitAmount: sdk.dollars(100) }))
await refused('a list without its wallet', () =>
  client.incomingPayment.list({
    url: worker.resourceServer,
    walletAddress: `${worker.id}/`,
    accessToken: token(receiving)
  })
)

// Outgoing payments.
const dearer = await sdk.quoteFor(quoting, (await sdk.receive(receiving, { incomingAmount: sdk.pesos(18600) })).id)
await refused('over the limit', () => sdk.payBy(paying, dearer.id))
await refused('paying by an unknown quote', () => sdk.payBy(paying, `${quote.id}0`))
await sdk.payBy(paying, quote.id)
await refused('a quote twice', () => sdk.payBy(paying, quote.id))
await refused('an unknown outgoing payment', () =>
  client.outgoingPayment.get({ url: `${payer.resourceServer}/outgoing-payments/0`, accessToken: token(paying) })
)

// What time takes away.
const unlimited = await sdk.toPay({})
await sdk.control('/clock', { offsetSeconds: 301 })
await refused('an expired quote', () => sdk.payBy(unlimited, dearer.id))
await sdk.control('/clock', { offsetSeconds: 601 })
await refused('an expired token', () => client.quote.get({ url: quote.id, accessToken: token(quoting) }))
const renewed = await client.token.rotate(sdk.managing(quoting))
say('an expired token is rotated', renewed.access_token.value !== token(quoting))
await refused('rotated twice', () => client.token.rotate(sdk.managing(quoting)))
await client.token.revoke(sdk.managing(renewed))
await refused('revoked twice', () => client.token.revoke(sdk.managing(renewed)))
