import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const FIXTURES = join(import.meta.dirname, '../fixtures/tls')

/** A self-signed identity for localhost and 127.0.0.1. */
export const LOCALHOST = {
  cert: readFileSync(join(FIXTURES, 'localhost.crt'), 'latin1'),
  key: readFileSync(join(FIXTURES, 'localhost.key'), 'latin1'),
}
