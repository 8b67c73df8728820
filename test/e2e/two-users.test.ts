import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { resealServer } from '../demo/reseal-process.ts'
import { CLIENT, OTHER_CLIENT, startStaging } from '../demo/staging.ts'
import { startSut } from '../demo/sut.ts'

const SKUS = ['apple', 'pear', 'apple']

/** What two services, each a client of its own, answer at the same time. */
async function orders(t: TestContext, [provider = '', inventory = '']: readonly string[], issuer: string) {
  const services = await Promise.all(
    [CLIENT, OTHER_CLIENT].map((client) =>
      startSut({
        tokenUrl: `${provider}/token`,
        inventory,
        issuer,
        trust: { jwksUri: `${provider}/jwks` },
        client,
      }),
    ),
  )
  t.after(() => Promise.all(services.map((service) => service.stop())))
  return Promise.all(
    services.map(({ origin }) =>
      Promise.all(SKUS.map(async (sku) => (await fetch(`${origin}/orders/${sku}`)).text())),
    ),
  )
}

test('two users at once each get the answers that were recorded for them, through tokens that were re-signed', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'reseal-users-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const staging = await startStaging(300)
  const { issuer } = staging
  const maps = ['--map', `127.0.0.1:0=${issuer}`, '--map', `127.0.0.1:0=${staging.inventory}`]
  const recorder = await resealServer(['record', 'users', ...maps], directory, 2)
  const recorded = await orders(t, recorder.urls, issuer)
  await recorder.stop()
  await staging.stop()
  const ordered = (sku: string, available: number): string => JSON.stringify({ ordered: { sku, available } })
  assert.deepEqual(recorded, [
    [ordered('apple', 12), ordered('pear', 0), ordered('apple', 12)],
    [ordered('apple', 900), ordered('pear', 70), ordered('apple', 900)],
  ])

  const replaying = await resealServer(['replay', 'users', '--listen', '127.0.0.1:0'], directory)
  const [url = ''] = replaying.urls
  // Twice, since what follows the recorded answers must be right as well.
  assert.deepEqual(await orders(t, [url, url], issuer), recorded)
  assert.deepEqual(await orders(t, [url, url], issuer), recorded)
  const { stderr } = await replaying.stop()
  assert.match(stderr, /missed 0;/)
})
