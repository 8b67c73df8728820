// Writes docs/clients.md: what other people's clients do with the issuer's tokens. Run it after a change to the issuer's
// tokens or to the clients; a test fails while the page is stale. Needs python3-jwt, python3-authlib, python3-jwcrypto.
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { clientsPage } from '../test/clients/clients-page.ts'
import { runMatrix } from '../test/clients/matrix.ts'
import { NODE_CLIENTS } from '../test/clients/node-clients.ts'
import { PYTHON_CLIENTS, startPythonClients } from '../test/clients/python-clients.ts'

const python = await startPythonClients()
const missing = Object.entries(PYTHON_CLIENTS).filter(
  ([name]) => !python.clients.some((one) => one.name === name),
)
if (missing.length > 0) {
  process.stderr.write(
    `Install what is missing first: apt-get install ${missing.map(([, { debian }]) => debian).join(' ')}\n`,
  )
  process.exitCode = 1
} else {
  const clients = [...NODE_CLIENTS, ...python.clients]
  writeFileSync(
    resolve(import.meta.dirname, '../docs/clients.md'),
    clientsPage(clients, await runMatrix(clients)),
  )
}
await python.close()
