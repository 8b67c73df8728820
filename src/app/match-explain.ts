import { ResealError } from '../core/errors.ts'
import { maskedTarget } from '../core/masking.ts'
import type { PairId } from '../core/pair.ts'
import { atOnce } from '../core/sliced.ts'
import { NO_TRANSFORMS } from '../transform/compile.ts'
import { readRequests } from '../requests/request-file.ts'
import type { FiledRequest } from '../requests/filed-request.ts'
import { missReport, type MissReport } from '../respond/miss-report.ts'
import { createPlan, type ReplayPlan } from '../respond/plan.ts'
import { snapshotFile } from '../store/snapshot-name.ts'
import { openSnapshot } from '../store/snapshot-reader.ts'
import { parseTarget } from '../wire/target.ts'
import { matchSettings } from './match-rules.ts'
import { redactRules } from './redaction.ts'
import { secretClasses } from '../redact/classes.ts'
import { bearerKeys } from './bearer-keys.ts'
import {
  compileSnapshot,
  openRings,
  readSources,
  type DocumentReading,
  type TransformSources,
} from './loaded-snapshot.ts'

export { missLogLines, missText, nearestJson } from '../respond/miss-report.ts'

export interface ExplainOptions extends TransformSources {
  /** What the file of requests holds, and its name. */
  readonly requests: Uint8Array
  readonly requestsName: string
  /** The backend that requests are for; undefined for what each says itself. */
  readonly target: string | undefined
}

/** What a replay would answer. */
export interface Explanation {
  readonly method: string
  /** Masked. */
  readonly target: string
  /** The pair that answers, or would for another bearer token; undefined for a miss. */
  readonly pair: PairId | undefined
  /** Why the bearer token is refused, as a sentence without its full stop. */
  readonly refused: string | undefined
  readonly miss: MissReport | undefined
}

/**
 * Says which pair answers each request of a file, asked one after the other as one client would, or why none does.
 * @throws ResealError REQUESTS_INVALID, SNAPSHOT_*, TRANSFORM_*, USAGE; SECRET_*, KEY_* where the document has bearer
 * tokens verified
 */
export async function explainMatches(options: ExplainOptions): Promise<readonly Explanation[]> {
  const requests = readRequests(options.requests, options.requestsName)
  const target = options.target === undefined ? undefined : parseTarget(options.target).origin
  const reading = readSources(options)
  const { document } = reading
  const match = matchSettings(document.match)
  const verified = match.authorize ? await openVerified(reading, options) : undefined
  const reader = verified?.reader ?? openSnapshot(snapshotFile(options.snapshotsDirectory, options.snapshot))
  try {
    const planning = createPlan({
      pairs: reader,
      // Which pair answers does not depend on how its answer is changed.
      transforms: NO_TRANSFORMS,
      match,
      secrets: secretClasses(redactRules([options.redact, document.redact])),
      clock: options.clock,
      cacheBytes: 0,
      keys: verified?.keys,
    })
    const plan = atOnce(planning)
    const { backends } = plan.coverage()
    if (target !== undefined && !backends.includes(target)) throw unknownBackend(target, backends)
    return requests.map((filed) => explain(filed, target, plan, backends))
  } finally {
    reader.close()
    verified?.close()
  }
}

/** The snapshot with the keys by which a replay would let bearer tokens in. */
async function openVerified(reading: DocumentReading, options: ExplainOptions) {
  const rings = await openRings(reading, options)
  try {
    const { reader, transforms } = await compileSnapshot(reading, rings, options)
    return { reader, keys: bearerKeys(transforms, rings.all, options.clock), close: rings.close }
  } catch (error) {
    rings.close()
    throw error
  }
}

function explain(
  { request, origin }: FiledRequest,
  target: string | undefined,
  plan: ReplayPlan,
  backends: readonly string[],
): Explanation {
  // A URL of the replay itself is for any backend.
  const named = origin !== undefined && backends.includes(origin) ? origin : undefined
  const answer = plan.answer(request, target ?? named)
  const what = { method: request.method, target: maskedTarget(request.target) }
  if (answer.kind !== 'miss') {
    const refused = answer.kind === 'unauthorized' ? answer.problem : undefined
    return { ...what, pair: answer.pair, refused, miss: undefined }
  }
  plan.compareWithAll()
  return { ...what, pair: undefined, refused: undefined, miss: missReport(request, { near: answer.near() }) }
}

function unknownBackend(target: string, backends: readonly string[]): ResealError {
  return new ResealError('USAGE', `The snapshot has no backend ${target}`, {
    hint: backends.length === 0 ? 'It has no pair at all.' : `It recorded ${backends.join(', ')}.`,
  })
}
