// One line of JSON per step, for the test that started us; what it gave us came on standard input.
import { text } from 'node:stream/consumers'

export const given = JSON.parse(await text(process.stdin))

export function say(step, value) {
  process.stdout.write(`${JSON.stringify({ step, value })}\n`)
}
