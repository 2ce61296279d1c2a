// The official client, ready to use, and what the scenarios do around it: consent, clocks, the hash.
import { createHash, createPrivateKey, randomUUID } from 'node:crypto'
import {
  createAuthenticatedClient,
  createUnauthenticatedClient,
  isFinalizedGrantWithAccessToken,
  isPendingGrant,
  OpenPaymentsClientError
} from '@interledger/open-payments'
import { given, say } from './steps.mjs'

const common = { validateResponses: true, useHttp: true, requestTimeoutMs: 10_000 }

export const anonymous = await createUnauthenticatedClient(common)

export function clientWith({ walletAddressUrl, keyId, pem }) {
  return createAuthenticatedClient({ ...common, walletAddressUrl, keyId, privateKey: createPrivateKey(pem) })
}

export const client = await clientWith(given.client)
export const payer = await client.walletAddress.get({ url: given.payer })
export const worker = await client.walletAddress.get({ url: given.worker })

// The sandbox's own controls: what a person would click, what time would do.
export async function control(path, body) {
  const answer = await fetch(`${given.control}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${given.controlKey}` },
    body: JSON.stringify(body ?? {}),
  })
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  return answer.json()
}

// Reports how the official client reports the refusal of `call`; its absence, too.
export async function refused(step, call) {
  try {
    await call()
    say(step, 'accepted')
  } catch (error) {
    if (!(error instanceof OpenPaymentsClientError)) throw error
    const { status, code, description, details, validationErrors } = error
    say(step, { status, code, description, details, validationErrors })
  }
}

export async function issued(url, access, by = client) {
  const grant = await by.grant.request({ url }, { access_token: { access: [access] } })
  if (!isFinalizedGrantWithAccessToken(grant)) throw new Error('no token at once')
  return grant
}

export const toReceive = (actions = ['create', 'read', 'list', 'complete']) =>
  issued(worker.authServer, { type: 'incoming-payment', actions })

export const toQuote = () => issued(payer.authServer, { type: 'quote', actions: ['create', 'read'] })

export const finish = 'https://shop.example/finish?request=7&note=a%20b'

// A grant request that waits for the payer, with the nonce of its hash.
export async function asked(limits, by = client) {
  const nonce = randomUUID()
  const pending = await by.grant.request(
    { url: payer.authServer },
    {
      access_token: {
        access: [{ type: 'outgoing-payment', actions: ['create', 'read', 'list'], identifier: payer.id, limits }]
      },
      interact: { start: ['redirect'], finish: { method: 'redirect', uri: finish, nonce } }
    }
  )
  if (!isPendingGrant(pending)) throw new Error('no interaction')
  return { pending, nonce }
}

export async function decided(pending, decision) {
  const interaction = new URL(pending.interact.redirect).pathname.split('/').at(-1)
  const { redirect } = await control(`/interactions/${interaction}/${decision}`)
  return new URL(redirect)
}

export const continuing = (pending) => ({
  url: pending.continue.uri,
  accessToken: pending.continue.access_token.value
})

export const managing = (grant) => ({ url: grant.access_token.manage, accessToken: grant.access_token.value })

// A grant that the payer approved.
export async function toPay(limits) {
  const { pending } = await asked(limits)
  const interact_ref = (await decided(pending, 'approve')).searchParams.get('interact_ref')
  const grant = await client.grant.continue(continuing(pending), { interact_ref })
  if (!isFinalizedGrantWithAccessToken(grant)) throw new Error('no token after consent')
  return grant
}

// As the specification of GNAP says it, in this program's own words.
export const hashOf = (nonce, pending, interactRef) =>
  createHash('sha256')
    .update([nonce, pending.interact.finish, interactRef, payer.authServer].join('\n'))
    .digest('base64')

export const receive = (grant, fields = {}) =>
  client.incomingPayment.create(
    { url: worker.resourceServer, accessToken: grant.access_token.value },
    { walletAddress: worker.id, ...fields }
  )

export const quoteFor = (grant, receiver, amounts = {}) =>
  client.quote.create(
    { url: payer.resourceServer, accessToken: grant.access_token.value },
    { walletAddress: payer.id, receiver, method: 'ilp', ...amounts }
  )

export const payBy = (grant, quoteId, fields = {}) =>
  client.outgoingPayment.create(
    { url: payer.resourceServer, accessToken: grant.access_token.value },
    { walletAddress: payer.id, quoteId, ...fields }
  )

export const pesos = (value) => ({ value: String(value), assetCode: 'MXN', assetScale: 2 })
export const dollars = (value) => ({ value: String(value), assetCode: 'USD', assetScale: 2 })
