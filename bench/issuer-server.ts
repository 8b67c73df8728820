import { createPrivateKey } from 'node:crypto'
import { signingKey } from '../src/keys/signing-key.ts'
import { startIssuer } from '../test/clients/issuer-server.ts'

// reseal's issuer in a process of its own, with the key its parent sends.
process.once('message', ({ pem, kid }: { pem: string; kid: string }) => void begin(pem, kid))

async function begin(pem: string, kid: string): Promise<void> {
  const key = signingKey({ alg: 'RS256', key: createPrivateKey(pem), from: 'a bench', kid })
  const { url } = await startIssuer({ keys: { keys: [key] } })
  process.send?.(url)
}
