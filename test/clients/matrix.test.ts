import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { after, suite, test } from 'node:test'
import { clientRows, clientsPage } from './clients-page.ts'
import { deviationOf, DEVIATIONS, isKnownToAccept } from './deviations.ts'
import { ALGS, runMatrix } from './matrix.ts'
import { NODE_CLIENTS } from './node-clients.ts'
import { PYTHON_CLIENTS, startPythonClients } from './python-clients.ts'
import { CASES, CLIENT_ID } from './token-cases.ts'
import type { TokenClient } from './token-client.ts'

const PAGE = readFileSync(resolve(import.meta.dirname, '../../docs/clients.md'), 'utf8')

const python = await startPythonClients()
after(() => python.close())
const clients = [...NODE_CLIENTS, ...python.clients]
const cells = await runMatrix(clients)

for (const client of clients) {
  const own = cells.filter((cell) => cell.client === client.name)
  // Another Debian brings another version, and that may decide otherwise.
  const skip =
    !isMeasured(client) &&
    client.name in PYTHON_CLIENTS &&
    `docs/clients.md is not about ${client.name} ${client.version}`

  suite(`${client.name} ${client.version}`, { skip }, () => {
    test('accepts the good token of every alg it supports', () => {
      const good = own.filter((cell) => cell.case === 'normal' && cell.supported)
      assert.deepEqual(good.map(({ alg }) => alg).toSorted(), client.algs.toSorted())
      const sub = client.reads === 'access' ? CLIENT_ID : 'test-user'
      assert.deepEqual(
        good.filter(({ verdict }) => !(verdict.accepted && verdict.because === sub)),
        [],
      )
    })

    test('decides on every token as it should, but for the deviations that are known', () => {
      const surprising = own.filter((cell) => cell.verdict.accepted !== isKnownToAccept(cell))
      assert.deepEqual(surprising, [])
    })

    test('has its rows in docs/clients.md: run node scripts/clients.ts', () => {
      const rows = PAGE.split('\n').filter((line) =>
        line.startsWith(`| ${client.name} | ${client.version} |`),
      )
      assert.deepEqual(rows, clientRows(client, cells))
    })
  })
}

for (const [name, { debian }] of Object.entries(PYTHON_CLIENTS)) {
  const installed = clients.some((client) => client.name === name)
  test(`${name} is among the clients`, { skip: !installed && `${debian} is not installed` }, () => {})
}

const complete =
  clients.every((client) => isMeasured(client)) &&
  clients.length === NODE_CLIENTS.length + Object.keys(PYTHON_CLIENTS).length
test(
  'docs/clients.md is what the script writes: run node scripts/clients.ts',
  { skip: !complete && 'not every client is installed' },
  () => assert.equal(PAGE, clientsPage(clients, cells)),
)

test('every case and alg was tried, and every deviation was seen', () => {
  const shown = cells.filter((cell) => cell.client === 'jose' && cell.supported)
  const perAlg = ALGS.filter((alg) => clients[0]?.algs.includes(alg)).map((alg) =>
    alg.startsWith('HS') ? CASES.length - 1 : CASES.length,
  )
  assert.equal(
    shown.length,
    perAlg.reduce((sum, count) => sum + count, 0),
  )
  const seen = new Set(cells.map(deviationOf))
  const names = new Set(clients.map(({ name }) => name))
  assert.deepEqual(
    DEVIATIONS.filter((deviation) => names.has(deviation.client) && !seen.has(deviation)),
    [],
  )
})

function isMeasured({ name, version }: TokenClient): boolean {
  return PAGE.includes(`| ${name} | ${version} |`)
}
