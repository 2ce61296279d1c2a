// How many milliseconds the official client takes from the wallets' addresses to the page where the payer decides.
import * as sdk from './sdk.mjs'
import { given, say } from './steps.mjs'

const { client } = sdk

async function asked() {
  const began = performance.now()
  const payer = await client.walletAddress.get({ url: given.payer })
  await client.walletAddress.get({ url: given.worker })
  const incoming = await sdk.receive(await sdk.toReceive(), { incomingAmount: sdk.dollars(10000) })
  const quote = await sdk.quoteFor(await sdk.toQuote(), incoming.id)
  if (quote.walletAddress !== payer.id) throw new Error('a quote for somebody else')
  await sdk.asked({ debitAmount: quote.debitAmount })
  return performance.now() - began
}

const taken = []
for (let n = 0; n < given.times; n++) taken.push(await asked())
say('milliseconds', taken)
