import { z } from 'zod'
import type { BinaryText } from '../../core/binary-text.ts'
import { editMembers, jsonOf, scanJson, spliceText, type Splice } from '../../core/json.ts'
import { epochSeconds } from '../../core/time.ts'
import { findJwks, mayJoin, publishedJwk, type JwksEntry } from '../../keys/jwks.ts'
import type { KeyRing } from '../../keys/ring/key-ring.ts'
import type { Focus } from '../message/focus.ts'
import { joinLive, type Live, type Slot } from '../message/live.ts'
import type { LedgerEntry, RecordedJwks, SigningLedger } from '../tokens/signing-ledger.ts'
import { mutatorRow } from '../steps/step-row.ts'

const OPTIONS = z
  .strictObject({})
  .describe('Publishes the public keys that sign at replay in a recorded JWKS (RFC 7517 §5).')

/**
 * `jwks`: puts the public halves of the keys that re-sign into a recorded JWKS, each in the place of the recorded key it
 * stands for. Keys that re-sign nothing stay as recorded; HMAC secrets and private members never get in. Of an issuer
 * all keys are published, as they are at the moment of serving; a mounted key that was replaced while serving, for its
 * transition.
 */
export const JWKS = mutatorRow('jwks', OPTIONS, {}, () => ({
  mutate: (focus, { pair, ledger, whenAllRan }) => {
    const document = findJwks(focus.recorded)
    if (document === undefined) return { notFound: 'not a JWKS' }
    const { route, request } = pair
    const jwks = { url: route.target + (request.target.split('?')[0] ?? ''), document }
    ledger.meet(jwks)
    whenAllRan(() => publish(focus, jwks, ledger))
    return undefined
  },
}))

function publish(focus: Focus, jwks: RecordedJwks, ledger: SigningLedger): void {
  const { replaced, joined } = assign(jwks, ledger)
  const rings = new Set([...replaced.values(), joined].flat().flatMap(({ ring }) => ring ?? []))
  const retiring = retiringKeys(jwks, { replaced, joined }, ledger)
  if (rings.size > 0) {
    focus.put(() => withRings(jwks, replaced, rings, retiring))
    return
  }
  const splices = [...replaced].map(([place, entries]) => ({
    start: place.start,
    end: place.end,
    text: publishedTexts(entries, place).join(','),
  }))
  const all = [...splices, ...additions(jwks, joined)]
  if (all.length === 0 && retiring === '') return
  focus.put(() => {
    const text = spliceText(focus.recorded, all)
    const end = text.length - (focus.recorded.length - jwks.document.keys.end) - 1
    return joinLive([text.slice(0, end), retiring, text.slice(end)])
  })
}

interface Assignment {
  readonly replaced: ReadonlyMap<JwksEntry, readonly LedgerEntry[]>
  readonly joined: readonly LedgerEntry[]
}

/** Which re-signing keys stand for which recorded ones, and which come in addition. */
function assign(jwks: RecordedJwks, ledger: SigningLedger): Assignment {
  const replaced = new Map<JwksEntry, LedgerEntry[]>()
  const joined: LedgerEntry[] = []
  for (const entry of ledger.entries()) {
    if (entry.key.publicJwk === undefined || entry.matchesRecording === true) continue
    const places = ledger.placeIn(entry, jwks)
    if (places === 'join') joined.push(entry)
    else for (const place of places ?? []) replaced.set(place, [...(replaced.get(place) ?? []), entry])
  }
  return { replaced, joined }
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
 * Keys that signed until another took their place, each as long as it is published, to stand at the end of a set. One
 * whose kid is another key's now is left out: clients refuse a set in which two keys answer to one kid.
 */
function retiringKeys(jwks: RecordedJwks, { replaced, joined }: Assignment, ledger: SigningLedger): Live {
  const { document } = jwks
  const kept = document.entries.filter((entry) => !replaced.has(entry))
  const kids = new Set([...kept, ...[...replaced.values()].flat(), ...joined].map(({ kid }) => kid))
  const keys = ledger.retiring().flatMap(({ entry, untilMs }) => {
    const { key, kid } = entry
    const places = ledger.placeIn(entry, jwks)
    if (places === undefined || key.publicJwk === undefined || kids.has(kid)) return []
    if (places === 'join' && !mayJoin(document, key.publicJwk)) return []
    kids.add(kid)
    return [{ text: `,${publishedJwk(key, places === 'join' ? undefined : places[0], kid)}`, untilMs }]
  })
  if (keys.length === 0) return ''
  return {
    changes: 'second',
    render: ({ nowMs }) => keys.flatMap(({ text, untilMs }) => (nowMs < untilMs ? [text] : [])).join(''),
  }
}

/** The set with the recorded keys that nothing stands for, then the mounted keys, then all that the rings publish. */
function withRings(
  { document }: RecordedJwks,
  replaced: Assignment['replaced'],
  rings: Iterable<KeyRing>,
  retiring: Live,
): Live {
  const { text, keys, entries } = document
  const kept = entries.flatMap((entry) => {
    const standIns = replaced.get(entry)
    if (standIns === undefined) return [text.slice(entry.start, entry.end)]
    return publishedTexts(
      standIns.filter(({ ring }) => ring === undefined),
      entry,
    )
  })
  const items = [...kept.map((item) => `${item},`), ...[...rings].map(publishedBy)]
  return joinLive([`${text.slice(0, keys.start)}[`, ...items, retiring, `]${text.slice(keys.end)}`])
}

function publishedBy(ring: KeyRing, index: number): Slot {
  return {
    changes: 'second',
    render: ({ nowMs }) => {
      const { keys } = ring.published(epochSeconds(nowMs))
      return (index > 0 ? ',' : '') + keys.map((key) => jsonOf(key)).join(',')
    },
  }
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
