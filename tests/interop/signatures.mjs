// `verify`: what the official verifier thinks of our signed requests. `sign`: requests that the official package signed.
import {
  createHeaders,
  createSignatureHeaders,
  generateJwk,
  generateKey,
  getKeyId,
  validateSignature,
  validateSignatureHeaders
} from '@interledger/http-signature-utils'
import { createPrivateKey } from 'node:crypto'
import { given, say } from './steps.mjs'

const lowered = (headers) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

// As the reference wallet does it: the body is parsed by its framework and written again for the digest.
const reserialised = (body) => (body ? JSON.stringify(JSON.parse(body)) : undefined)

async function judged({ method, url, headers, body }) {
  const sent = { method, url, headers: lowered(headers), body: body || undefined }
  const received = { ...sent, body: reserialised(body) }
  return {
    keyId: getKeyId(sent.headers['signature-input'] ?? ''),
    asSent: validateSignatureHeaders(sent) && (await validateSignature(given.jwk, sent)),
    asReserialised: validateSignatureHeaders(received) && (await validateSignature(given.jwk, received))
  }
}

async function signed({ method, url, headers, body }, signing) {
  const request = { method, url, headers: { ...headers }, body: body || undefined }
  const made =
    signing === 'headers'
      ? await createHeaders({ request, privateKey, keyId: given.keyId })
      : await createSignatureHeaders({ request, privateKey, keyId: given.keyId })
  return { method, url, headers: { ...headers, ...made }, body: body ?? '' }
}

let privateKey
switch (process.argv[2]) {
  case 'verify':
    for (const [name, request] of Object.entries(given.requests)) say(name, await judged(request))
    break
  case 'sign':
    privateKey = generateKey()
    say('jwk', generateJwk({ privateKey, keyId: given.keyId }))
    say('pem', privateKey.export({ type: 'pkcs8', format: 'pem' }))
    for (const [name, request] of Object.entries(given.requests)) {
      say(name, await signed(request, request.body ? 'headers' : 'signature headers'))
    }
    break
  case 'publish':
    privateKey = createPrivateKey(given.pem)
    say('jwk', generateJwk({ privateKey, keyId: given.keyId }))
    break
  default:
    throw new Error('verify, sign or publish')
}
