import { binaryText } from '../core/binary-text.ts'
import { decodeBody } from '../core/body-coding.ts'
import type { SourcePlace } from '../core/errors.ts'
import type { HttpResponse } from '../core/exchange.ts'
import { claimsOf, findJwts, type Jwt } from '../core/jwt.ts'
import { maskedTarget } from '../core/masking.ts'
import { isAnswered, type PairId, type AnsweredPair } from '../core/pair.ts'
import { formatMoment, type EpochMs } from '../core/time.ts'
import { findJwks, type JwksDocument } from '../keys/jwks.ts'
import type { CheckRule, FoundProblem } from './check-problem.ts'
import type { LoadedSnapshot } from './loaded-snapshot.ts'

/**
 * Serves every response once and looks for tokens that no service would believe.
 * @param nowMs the moment of serving
 */
export async function auditServed(
  { reader, transforms, document }: LoadedSnapshot,
  file: string,
  nowMs: EpochMs,
  snapshot: string,
): Promise<readonly FoundProblem[]> {
  const findings = gatherFindings()
  const sets: JwksDocument[] = []
  const signed: SignedToken[] = []
  for (const { id } of reader.heads()) {
    const pair = reader.pair(id)
    if (pair === undefined || !isAnswered(pair)) continue
    const changed = transforms.responses.get(id)
    const served = changed === undefined ? pair.response : await changed.served(nowMs, pair.request)
    const resigned = new Set((changed?.resigned ?? []).map(({ token }) => token))
    const recorded = tokensIn(pair.response)
    const tokens = tokensIn(served)
    const still = new Set(tokens.map(({ jwt }) => jwt.token))
    for (const { where, jwt } of recorded) {
      if (!resigned.has(jwt.token) && still.has(jwt.token))
        findings.add('unsigned-token', questionOf(pair), where, id)
    }
    const kept = new Set(recorded.flatMap(({ jwt }) => (resigned.has(jwt.token) ? [] : jwt.token)))
    const edited = changed?.trace.find(({ step, applied }) => EDITS.test(step) && applied.length > 0)
    for (const { where, jwt } of tokens.filter((token) => !kept.has(token.jwt.token))) {
      const { exp } = claimsOf(jwt)
      if (typeof exp === 'number' && exp * 1000 <= nowMs) {
        findings.add('expired-token', questionOf(pair), `${where}, on ${formatMoment(exp * 1000)}`, id)
      }
      signed.push({ pair, where, jwt, edited: edited?.place })
    }
    const set = findJwks(bodyText(served))
    if (set !== undefined) sets.push(set)
  }
  for (const { pair, where, jwt, edited } of signed) {
    if (jwt.alg === 'none' || verifiesWith(sets, jwt)) continue
    const signer = transforms.keys.find(({ key }) => key.verifies(jwt) === true)
    if (signer === undefined && edited !== undefined) {
      findings.add('broken-token', questionOf(pair), where, pair.id, edited)
    }
    // The keys of a ring are published by their issuer, on a listener of its own.
    if (signer === undefined || signer.ring !== undefined) continue
    // Whoever mounted a key can have given its public half, or the secret, to the service by other ways.
    const mounted = !signer.key.source.startsWith('generated/')
    if (mounted && (sets.length === 0 || jwt.alg.startsWith('HS'))) continue
    findings.add('unpublished-key', questionOf(pair), where, pair.id, signer.place)
  }
  const nowhere = document.responder[0]?.place ?? { file, line: 1, column: 1 }
  return findings.all().map(({ rule, question, where, pairs, place = nowhere }) => ({
    rule,
    severity: 'warning',
    message: sentence(rule, question, where, pairs),
    hint: HINTS[rule].replaceAll('<snapshot>', snapshot),
    place,
  }))
}

interface SignedToken {
  readonly pair: AnsweredPair
  readonly where: string
  readonly jwt: Jwt
  /** Of the step that changed a part of a token in the pair. */
  readonly edited: SourcePlace | undefined
}

/** Steps that go to a part of a token, or change one. */
const EDITS = /^jwt_(?:claims?|header)\b/

type AuditRule = Exclude<CheckRule, 'unused-step'>

const HINTS: Readonly<Record<AuditRule, string>> = {
  'unsigned-token': 'Add the chain that is missing with: reseal transform scaffold <snapshot>',
  'expired-token': 'Look at "time" of jwt_resign: shift keeps the recorded lifetime, ttl sets another.',
  'broken-token': 'End the chain with jwt_resign, behind the steps that change the token.',
  'unpublished-key':
    'Add a chain with jwks to the answer that publishes the keys, or mount the key that the service trusts and name it as secretPath.',
}

function sentence(rule: AuditRule, question: string, where: string, pairs: readonly PairId[]): string {
  const numbers = `pair${pairs.length === 1 ? '' : 's'} ${pairs.slice(0, 5).join(', ')}`
  const which = pairs.length > 5 ? `${numbers} and ${pairs.length - 5} more` : numbers
  switch (rule) {
    case 'unsigned-token':
      return `A token in the ${where} of ${question} (${which}) is re-signed by nothing`
    case 'expired-token':
      return `A token in the answer to ${question} (${which}) has expired when it is served: ${where}`
    case 'broken-token':
      return `A token in the ${where} of ${question} (${which}) is changed and not signed again, so that no one can believe it`
    case 'unpublished-key':
      return `A token in the ${where} of ${question} (${which}) is signed with a key that no JWKS of the snapshot publishes`
  }
}

interface Finding {
  readonly rule: AuditRule
  readonly question: string
  readonly where: string
  readonly pairs: PairId[]
  /** Of the step that is to blame, where there is one. */
  readonly place: SourcePlace | undefined
}

/** What is alike in many pairs is told once. */
function gatherFindings(): {
  add(rule: AuditRule, question: string, where: string, pair: PairId, place?: SourcePlace): void
  all(): readonly Finding[]
} {
  const found = new Map<string, Finding>()
  return {
    add: (rule, question, where, pair, place) => {
      const key = JSON.stringify([rule, question, where])
      const known = found.get(key)
      if (known === undefined) found.set(key, { rule, question, where, pairs: [pair], place })
      else if (known.pairs.at(-1) !== pair) known.pairs.push(pair)
    },
    all: () => [...found.values()],
  }
}

function verifiesWith(sets: readonly JwksDocument[], jwt: Jwt): boolean {
  return sets.some(({ entries }) => entries.some((entry) => entry.verifies(jwt) === true))
}

function questionOf({ request }: AnsweredPair): string {
  return `${request.method} ${maskedTarget(request.target.split(/[?#]/, 1)[0] ?? '')}`
}

interface PlacedToken {
  readonly where: string
  readonly jwt: Jwt
}

function tokensIn(response: HttpResponse): readonly PlacedToken[] {
  const texts = [
    { where: 'body', text: bodyText(response) },
    ...response.headers.map(([name, value]) => ({ where: `field ${name}`, text: value })),
  ]
  return texts.flatMap(({ where, text }) => findJwts(text).map(({ jwt }) => ({ where, jwt })))
}

function bodyText({ headers, body }: HttpResponse): string {
  return binaryText(decodeBody(headers, body)?.bytes ?? body)
}
