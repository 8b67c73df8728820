import { statSync } from 'node:fs'
import { binaryText } from '../core/binary-text.ts'
import { decodeBody } from '../core/body-coding.ts'
import { ResealError } from '../core/errors.ts'
import { claimsOf, findJwts, type Jwt } from '../core/jwt.ts'
import type { PairId, RecordedGap, RRPair } from '../core/pair.ts'
import type { EpochMs, EpochSeconds } from '../core/time.ts'
import { listSnapshots, snapshotFile } from '../store/snapshot-name.ts'
import { openSnapshot } from '../store/snapshot-reader.ts'
import { storedFacts } from '../respond/asked-facts.ts'
import { verifySnapshot, type Verdict } from '../store/snapshot-verify.ts'

/** One line of `reseal ls`. */
export interface SnapshotSummary {
  readonly name: string
  readonly file: string
  readonly pairs: number
  readonly fileBytes: number
  readonly recordedFrom: EpochMs | undefined
  readonly recordedTo: EpochMs | undefined
  readonly targets: readonly string[]
  /** Times in which exchanges passed and could not be stored. */
  readonly gaps: readonly RecordedGap[]
  /** Why it cannot be read, for a file that is no snapshot. */
  readonly problem: string | undefined
}

/** Every snapshot of a directory, by name; files that cannot be read are named with the reason. */
export function listAll(directory: string): readonly SnapshotSummary[] {
  return listSnapshots(directory).map((name) => summarise(directory, name))
}

function summarise(directory: string, name: string): SnapshotSummary {
  const file = snapshotFile(directory, name)
  const nothing = {
    name,
    file,
    pairs: 0,
    fileBytes: 0,
    recordedFrom: undefined,
    recordedTo: undefined,
    targets: [],
    gaps: [],
  }
  try {
    const reader = openSnapshot(file)
    try {
      const heads = [...reader.heads()]
      return {
        ...nothing,
        pairs: heads.length,
        fileBytes: statSync(file).size,
        recordedFrom: heads[0]?.at,
        recordedTo: heads.at(-1)?.at,
        targets: [...new Set(heads.map(({ route }) => route.target))],
        gaps: reader.gaps(),
        problem: undefined,
      }
    } finally {
      reader.close()
    }
  } catch (error) {
    // One bad file must not hide the others.
    if (error instanceof ResealError) return { ...nothing, problem: error.message }
    throw error
  }
}

/** The pairs of a snapshot: one, or all in order of arrival. */
export function readPairs(directory: string, name: string, id: PairId | undefined): readonly RRPair[] {
  const reader = openSnapshot(snapshotFile(directory, name))
  try {
    const ids = id === undefined ? [...reader.heads()].map((head) => head.id) : [id]
    return ids.map((wanted) => {
      const pair = reader.pair(wanted)
      if (pair !== undefined) return pair
      throw new ResealError('PAIR_MISSING', `Snapshot ${name} has no pair ${wanted}`, {
        hint: `Pairs have numbers from 1; list them with: reseal show ${name}`,
      })
    })
  } finally {
    reader.close()
  }
}

/** The times of a snapshot in which exchanges passed and could not be stored. */
export function readGaps(directory: string, name: string): readonly RecordedGap[] {
  const reader = openSnapshot(snapshotFile(directory, name))
  try {
    return reader.gaps()
  } finally {
    reader.close()
  }
}

/** A JWT that a snapshot holds. */
export interface FoundToken {
  readonly pair: PairId
  readonly at: EpochMs
  /** `response body`, `request header Authorization`, `request target`. */
  readonly where: string
  readonly jwt: Jwt
  readonly issuer: string | undefined
  readonly subject: string | undefined
  readonly expires: EpochSeconds | undefined
  /** `exp` − `iat`. */
  readonly lifetimeSeconds: number | undefined
}

/** Every JWT of a snapshot, in requests and responses, headers, targets, bodies and trailers. */
export function findTokens(directory: string, name: string): readonly FoundToken[] {
  return readPairs(directory, name, undefined).flatMap(tokensOf)
}

function tokensOf(pair: RRPair): readonly FoundToken[] {
  return textsOf(pair).flatMap(({ where, text }) =>
    findJwts(text).map(({ jwt }) => {
      const { iss, sub, exp, iat } = claimsOf(jwt)
      return {
        pair: pair.id,
        at: pair.at,
        where,
        jwt,
        issuer: typeof iss === 'string' ? iss : undefined,
        subject: typeof sub === 'string' ? sub : undefined,
        expires: typeof exp === 'number' ? exp : undefined,
        lifetimeSeconds: typeof exp === 'number' && typeof iat === 'number' ? exp - iat : undefined,
      }
    }),
  )
}

/** Checks a snapshot's file from top to bottom. */
export function verify(directory: string, name: string): Verdict {
  return verifySnapshot(snapshotFile(directory, name), storedFacts(0))
}

interface PlacedText {
  readonly where: string
  readonly text: string
}

function textsOf({ request, response }: RRPair): readonly PlacedText[] {
  const asked = [{ where: 'request target', text: request.target }, ...messageTexts('request', request)]
  return response === undefined ? asked : [...asked, ...messageTexts('response', response)]
}

function messageTexts(
  side: 'request' | 'response',
  { headers, trailers, body }: Pick<RRPair['request'], 'headers' | 'trailers' | 'body'>,
): readonly PlacedText[] {
  const plain = decodeBody(headers, body)?.bytes ?? body
  return [
    ...headers.map(([name, value]) => ({ where: `${side} header ${name}`, text: value })),
    { where: `${side} body`, text: binaryText(plain) },
    ...trailers.map(([name, value]) => ({ where: `${side} trailer ${name}`, text: value })),
  ]
}
