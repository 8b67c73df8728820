import type { BinaryText } from '../../core/binary-text.ts'
import { editMembers, scanJson, spliceText, type Splice } from '../../core/json.ts'
import { findJwks, mayJoin, publishedJwk, type JwksEntry } from '../../keys/jwks.ts'
import type { Focus } from '../message/focus.ts'
import type { LedgerEntry, RecordedJwks, SigningLedger } from '../tokens/signing-ledger.ts'
import type { Mutator } from './step.ts'

/**
 * Puts the public halves of the keys that re-sign into a recorded JWKS, each in the place of the recorded key it
 * stands for. Keys that re-sign nothing stay as recorded; HMAC secrets and private members never get in.
 */
export function jwksMutator(): Mutator {
  return (focus, work) => {
    const document = findJwks(focus.recorded)
    if (document === undefined) return { notFound: 'not a JWKS' }
    const { route, request } = work.pair
    const jwks = { url: route.target + (request.target.split('?')[0] ?? ''), document }
    work.ledger.meet(jwks)
    work.whenAllRan(() => publish(focus, jwks, work.ledger))
    return undefined
  }
}

function publish(focus: Focus, jwks: RecordedJwks, ledger: SigningLedger): void {
  const replaced = new Map<JwksEntry, LedgerEntry[]>()
  const joined: LedgerEntry[] = []
  for (const entry of ledger.entries()) {
    if (entry.key.publicJwk === undefined || entry.matchesRecording) continue
    const places = ledger.placeIn(entry, jwks)
    if (places === 'join') joined.push(entry)
    else for (const place of places ?? []) replaced.set(place, [...(replaced.get(place) ?? []), entry])
  }
  const splices = [...replaced].map(([place, entries]) => ({
    start: place.start,
    end: place.end,
    text: publishedTexts(entries, place).join(','),
  }))
  const all = [...splices, ...additions(jwks, joined)]
  if (all.length > 0) focus.put(() => spliceText(focus.recorded, all))
}

/** Keys the recorded set has no place for go at its end, if their type does not make clients drop the whole set. */
function additions({ document }: RecordedJwks, joined: readonly LedgerEntry[]): readonly Splice[] {
  const fitting = joined.filter(({ key }) => key.publicJwk !== undefined && mayJoin(document, key.publicJwk))
  const keys = publishedTexts(fitting, undefined)
  if (keys.length === 0) return []
  const end = document.keys.end - 1
  return [{ start: end, end, text: (document.entries.length > 0 ? ',' : '') + keys.join(',') }]
}

/**
 * A JSON text for each key under each kid. One that signs with several algs is there once and names none of them:
 * clients refuse a set in which two keys answer to one kid.
 */
function publishedTexts(entries: readonly LedgerEntry[], like: JwksEntry | undefined): readonly string[] {
  const byName = Map.groupBy(entries, ({ key, kid }) => JSON.stringify([key.thumbprint, kid]))
  return [...byName.values()].flatMap((same) => {
    const [first] = same
    const text = first && publishedJwk(first.key, like, first.kid)
    if (text === undefined) return []
    return new Set(same.map(({ key }) => key.alg)).size > 1 ? [withoutAlg(text)] : [text]
  })
}

function withoutAlg(jwk: BinaryText): BinaryText {
  const object = scanJson(jwk)
  if (object?.kind !== 'object') return jwk
  return editMembers(jwk, object, { set: new Map(), remove: new Set(['alg']) })
}
