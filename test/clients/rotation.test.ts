import assert from 'node:assert/strict'
import { after, before, mock, suite, test } from 'node:test'
import { createRemoteJWKSet, errors, jwtVerify } from 'jose'
import { startIssuer, type IssuerServer } from './issuer-server.ts'

// jose's own cache: 600 s, and 30 s before it fetches again for a kid it does not know. Nothing of it is scaled down: the
// time of this process is what the test says it is, in jose, in the issuer and in the ring.
const CLIENTS = 200
const ROTATIONS = 20
const EVERY_SECONDS = 1300
const TOKEN_SECONDS = 300
/** When clients verify, in seconds after a rotation: around it, around the end of the cooldown, of tokens and of caches. */
const MOMENTS = [0, 1, 29, 31, 150, 299, 301, 599, 601, 699, 701, 1000, 1280, 1299]
/** The share of the clients that verify at one of these moments. */
const SHARE = 0.2

suite('rotation under load', () => {
  before(() => mock.timers.enable({ apis: ['Date'], now: Date.UTC(2026, 10, 20, 12) }))
  after(() => mock.timers.reset())

  test(`${CLIENTS} clients refuse no token through ${ROTATIONS} rotations with the default lead`, async () => {
    const { verified, refusals, kids, fetches } = await rotate({}, ROTATIONS)
    assert.deepEqual(refusals, [])
    assert.equal(kids.size, ROTATIONS + 1)
    assert.ok(verified > (CLIENTS * ROTATIONS * MOMENTS.length * SHARE) / 2, `only ${verified} verifications`)
    // The cache is what is being tested: it was used, and it ran out.
    assert.ok(fetches > CLIENTS * ROTATIONS && fetches < verified / 2, `${fetches} fetches`)
  })

  test('with a lead of zero they do refuse, for want of the key and for nothing else', async () => {
    const { refusals } = await rotate({ leadSeconds: 0 }, 2)
    assert.ok(refusals.length > 0)
    assert.deepEqual(
      refusals.filter((error) => !(error instanceof errors.JWKSNoMatchingKey)),
      [],
    )
  })

  test('with a transition shorter than the life of tokens those in flight are refused', async () => {
    const { refusals } = await rotate({ transitionSeconds: 0 }, 1)
    assert.ok(refusals.length > 0)
  })
})

interface Outcome {
  readonly verified: number
  readonly refusals: readonly unknown[]
  /** Of the tokens that were verified. */
  readonly kids: ReadonlySet<string>
  readonly fetches: number
}

async function rotate(
  keys: { leadSeconds?: number; transitionSeconds?: number },
  rotations: number,
): Promise<Outcome> {
  const server = await startIssuer({
    settings: { accessTokenSeconds: TOKEN_SECONDS },
    keys: { algs: ['ES256'], rotateEverySeconds: EVERY_SECONDS, transitionSeconds: TOKEN_SECONDS, ...keys },
  })
  try {
    return await verifyThrough(server, rotations)
  } finally {
    await server.close()
  }
}

async function verifyThrough(server: IssuerServer, rotations: number): Promise<Outcome> {
  const begin = Date.now()
  const random = seededRandom(42)
  const clients = Array.from({ length: CLIENTS }, () => createRemoteJWKSet(new URL(`${server.url}/jwks`)))
  const refusals: unknown[] = []
  const kids = new Set<string>()
  let verified = 0
  let inFlight: readonly string[] = []
  for (let rotation = 0; rotation <= rotations; rotation += 1) {
    for (const moment of MOMENTS) {
      await passUntil(server, begin + (rotation * EVERY_SECONDS + moment) * 1000)
      inFlight = await withNewToken(server, inFlight)
      const awake = clients.filter(() => random() < SHARE)
      const outcomes = await Promise.allSettled(
        awake.map((client) => jwtVerify(inFlight[Math.floor(random() * inFlight.length)] ?? '', client)),
      )
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') refusals.push(outcome.reason)
        else kids.add(outcome.value.protectedHeader.kid ?? '')
      }
      verified += outcomes.length
    }
  }
  return { verified, refusals, kids, fetches: server.issuer.counters.requests.jwks ?? 0 }
}

/** Time goes by, and whoever owns the ring calls it when something is due. */
async function passUntil({ ring }: IssuerServer, moment: number): Promise<void> {
  while (ring.dueAt !== undefined && ring.dueAt * 1000 <= moment) {
    mock.timers.setTime(Math.max(ring.dueAt * 1000, Date.now()))
    await ring.tick(Math.floor(Date.now() / 1000))
  }
  mock.timers.setTime(moment)
}

/** Tokens that have not expired: old ones that are still about, and one made now. */
async function withNewToken({ issuer }: IssuerServer, tokens: readonly string[]): Promise<readonly string[]> {
  const now = Date.now() / 1000
  const alive = tokens.filter((token) => expiryOf(token) > now + 1)
  return [...alive, await issuer.mint()]
}

function expiryOf(token: string): number {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()
  const { exp } = JSON.parse(payload) as { exp: number }
  return exp
}

/** The same numbers in every run (mulberry32). */
function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
