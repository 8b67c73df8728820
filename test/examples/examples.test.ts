import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { abruptRotation } from '../../examples/abrupt-rotation.ts'
import { besideAReplay } from '../../examples/beside-a-replay.ts'
import { expiredToken } from '../../examples/expired-token.ts'
import { jwksOutage } from '../../examples/jwks-outage.ts'
import { rotation } from '../../examples/rotation.ts'
import { secondIssuer } from '../../examples/second-issuer.ts'
import { slowJwks } from '../../examples/slow-jwks.ts'
import { wrongAudience } from '../../examples/wrong-audience.ts'

/** Every example, by its file. */
const EXAMPLES: Readonly<Record<string, () => Promise<void>>> = {
  'abrupt-rotation.ts': abruptRotation,
  'beside-a-replay.ts': besideAReplay,
  'expired-token.ts': expiredToken,
  'jwks-outage.ts': jwksOutage,
  'rotation.ts': rotation,
  'second-issuer.ts': secondIssuer,
  'slow-jwks.ts': slowJwks,
  'wrong-audience.ts': wrongAudience,
}

suite('the examples do what they say', { concurrency: true }, () => {
  for (const [file, run] of Object.entries(EXAMPLES)) test(file, run)

  test('each of them is run', () => {
    const files = readdirSync(join(import.meta.dirname, '../../examples')).filter((name) =>
      name.endsWith('.ts'),
    )
    assert.deepEqual(files.toSorted(), Object.keys(EXAMPLES))
  })
})
