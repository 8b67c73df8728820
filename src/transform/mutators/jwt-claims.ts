import { z } from 'zod'
import { textOfUtf8, type BinaryText } from '../../core/binary-text.ts'
import { editMembers, jsonText, memberOf, scanJson, stringValue, type JsonObject } from '../../core/json.ts'
import { combineLive, type Live } from '../message/live.ts'
import { openPayload } from '../locators/jwt-claim.ts'
import { mutatorRow } from '../steps/step-row.ts'
import { compileValue, VALUE } from '../values/written-value.ts'

const VALUES = z.record(z.string().min(1, 'must not be empty'), VALUE).default({})

const OPTIONS = z
  .strictObject({
    set: VALUES.describe('Claims to set, with values of any JSON type; texts may have ${{…}} in them.').meta({
      examples: [{ tenant: '${{header:X-Tenant}}', admin: true }],
    }),
    delete: z
      .array(z.string().min(1, 'must not be empty'))
      .default([])
      .describe('Claims to remove.')
      .meta({ examples: [['nonce']] }),
    merge: VALUES.describe('Claims to merge: members of maps are set, null removes one (RFC 7396).').meta({
      examples: [{ realm_access: { roles: ['admin'] } }],
    }),
  })
  .superRefine(({ set, delete: removed, merge }, context) => {
    if (Object.keys(set).length + removed.length + Object.keys(merge).length > 0) return
    const params = { hint: 'For example: jwt_claims: { set: { admin: true } }.' }
    context.addIssue({ code: 'custom', message: 'has nothing to set, delete or merge', params })
  })
  .describe('Changes claims of a JWT. The chain needs a jwt_resign behind it, or the signature is wrong.')
  .meta({ examples: [{ set: { role: 'tester' } }] })

/** `jwt_claims`: changes claims of a JWT; a `jwt_resign` must follow. */
export const JWT_CLAIMS = mutatorRow('jwt_claims', OPTIONS, {}, (definition, environment) => {
  const { set, delete: removed, merge, place } = definition
  const values = [
    ...Object.entries(set).map(([name, value]) => ({ name, value, isMerge: false })),
    ...Object.entries(merge).map(([name, value]) => ({ name, value, isMerge: true })),
  ].map(({ name, value, isMerge }) => ({ name, isMerge, json: compileValue(value, environment, place).json }))
  return {
    mutate: (focus) => {
      const payload = openPayload(focus)
      if (payload === undefined) return { notFound: 'not a JWT' }
      payload.put((value) => {
        const lives: readonly Live[] = values.map(({ name, json }) => json(claimText(payload.recorded, name)))
        return combineLive([value, ...lives], ([text = '', ...texts]) =>
          withClaims(
            text,
            removed,
            values.map(({ name, isMerge }, index) => ({ name, isMerge, text: texts[index] ?? 'null' })),
          ),
        )
      })
      return undefined
    },
  }
})

function claimText(payload: BinaryText, name: string): BinaryText {
  const member = memberOf(scanJson(payload), name)
  if (member === undefined) return ''
  const text = stringValue(payload, member)
  return text === undefined ? jsonText(payload, member) : textOfUtf8(text)
}

interface ClaimEdit {
  readonly name: string
  readonly isMerge: boolean
  /** JSON text. */
  readonly text: BinaryText
}

function withClaims(
  payload: BinaryText,
  removed: readonly string[],
  edits: readonly ClaimEdit[],
): BinaryText {
  const object = scanJson(payload)
  if (object?.kind !== 'object') return payload
  const set = new Map<string, BinaryText>()
  const remove = new Set(removed)
  for (const { name, isMerge, text } of edits) {
    if (isMerge && text === 'null') remove.add(name)
    else set.set(name, isMerge ? merged(recordedText(payload, object, name), text, 0) : text)
  }
  return (
    payload.slice(0, object.start) + editMembers(payload, object, { set, remove }) + payload.slice(object.end)
  )
}

function recordedText(payload: BinaryText, object: JsonObject, name: string): BinaryText {
  const member = memberOf(object, name)
  return member === undefined ? 'null' : jsonText(payload, member)
}

/** Nobody writes a patch so deep. */
const MAX_DEPTH = 100

/** RFC 7396 on text: what the patch does not name stays as it is spelt. */
function merged(recorded: BinaryText, patch: BinaryText, depth: number): BinaryText {
  const changes = scanJson(patch)
  if (changes?.kind !== 'object' || depth > MAX_DEPTH) return patch
  const target = scanJson(recorded)
  const [text, object] = target?.kind === 'object' ? [recorded, target] : ['{}', EMPTY]
  const set = new Map<string, BinaryText>()
  const remove = new Set<string>()
  for (const { name, value } of changes.members) {
    if (value.kind === 'null') remove.add(name)
    else set.set(name, merged(recordedText(text, object, name), jsonText(patch, value), depth + 1))
  }
  return editMembers(text, object, { set, remove })
}

const EMPTY: JsonObject = { kind: 'object', members: [], start: 0, end: 2 }
