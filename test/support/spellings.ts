import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import type { HttpRequest } from '../../src/core/exchange.ts'
import type { ValueKind } from '../../src/core/value-kind.ts'
import { aRequest } from './a-pair.ts'

/** What a value says. */
type Leaf =
  | { readonly text: string }
  /** A token of these lasting claims. */
  | { readonly jwt: string }
  /** Any value of a kind. */
  | { readonly kind: Exclude<ValueKind, 'jwt'> }

type Json =
  | Leaf
  | { readonly word: string }
  | readonly Json[]
  | { readonly members: Readonly<Record<string, Json>> }
type Fields = readonly (readonly [name: string, value: Leaf | undefined])[]

/** What a request says, whatever its spelling. */
export interface Meaning {
  readonly method: string
  readonly path: readonly Leaf[]
  readonly query: Fields
  readonly language: string | undefined
  readonly content:
    | { readonly as: 'none' }
    | { readonly as: 'json'; readonly value: Json }
    | { readonly as: 'form' | 'parts'; readonly fields: Fields }
    | { readonly as: 'bytes'; readonly text: string }
}

/** What texts and names are made of. */
export interface Words {
  readonly texts: readonly string[]
  readonly names: readonly string[]
}

/** Few, so that equal meanings and near ones come often. */
export const WORDS: Words = {
  texts: ['', 'a', 'aa', 'a/b', 'a b', '1:a', 'a=b&c', '\u00e9', '"', '2;', '1'],
  names: ['a', 'aa', 'a=', '1:a'],
}

/** Every meaning there is. @param lenient also values that stand for their kind */
export function meanings(lenient: boolean, { texts, names }: Words = WORDS): fc.Arbitrary<Meaning> {
  const text = fc.constantFrom(...texts)
  const name = fc.constantFrom(...names)
  const leaf: fc.Arbitrary<Leaf> = fc.oneof(
    { weight: 4, arbitrary: text.map((one) => ({ text: one })) },
    { weight: 1, arbitrary: fc.constantFrom('ann', 'bob').map((jwt) => ({ jwt })) },
    ...(lenient
      ? [fc.constantFrom('uuid', 'timestamp', 'nonce').map((kind): Leaf => ({ kind: kind as 'uuid' }))]
      : []),
  )
  const json = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      leaf,
      fc.constantFrom('1', '1.0', '1e0', 'null', 'true').map((word) => ({ word })),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(name, tie('value'), { maxKeys: 3 }).map((members) => ({ members })),
    ),
  })).value
  const fields = (minLength: number): fc.Arbitrary<Fields> =>
    fc.array(fc.tuple(name, fc.option(leaf, { nil: undefined, freq: 4 })), { minLength, maxLength: 3 })
  const given = fields(1).map((list): Fields => list.map(([name, value = { text: '' }]) => [name, value]))
  return fc.record({
    method: fc.constantFrom('GET', 'POST'),
    path: fc.array(fc.oneof(leaf, fc.constant({ text: 'users' })), { maxLength: 3 }),
    query: fields(0),
    language: fc.option(fc.constantFrom('de', 'en'), { nil: undefined }),
    content: fc.oneof(
      fc.constant({ as: 'none' } as const),
      json.map((value) => ({ as: 'json', value }) as const),
      fields(1).map((list) => ({ as: 'form', fields: list }) as const),
      given.map((list) => ({ as: 'parts', fields: list }) as const),
      fc.constantFrom('a', 'a=1', '[', '1:a').map((text) => ({ as: 'bytes', text }) as const),
    ),
  })
}

/** Two requests say the same exactly when these are equal. @param lenient by the rules of {@link meanings} that are */
export function meaningText({ method, path, query, language, content }: Meaning, lenient: boolean): string {
  const [first, second, ...others] = path.map((leaf) => JSON.stringify(leaf))
  const isUser = first === '{"text":"users"}' && others.length === 0
  const isTemplate = lenient && isUser && second !== undefined && second !== '{"text":""}'
  return JSON.stringify([
    method,
    isTemplate ? 'users/{}' : path.length === 0 ? [{ text: '' }] : path,
    fieldTexts(query),
    lenient ? (language ?? null) : null,
    content.as === 'json'
      ? jsonText(content.value)
      : 'fields' in content
        ? [content.as, fieldTexts(content.fields)]
        : content,
  ])
}

function fieldTexts(fields: Fields): readonly string[] {
  return fields.map((field) => JSON.stringify(field)).toSorted()
}

function jsonText(json: Json): string {
  if (isList(json)) return `[${json.map(jsonText).join(',')}]`
  if (!('members' in json)) return JSON.stringify(json)
  const members = Object.entries(json.members).map(
    ([name, value]) => `${JSON.stringify(name)}:${jsonText(value)}`,
  )
  return `{${members.toSorted().join(',')}}`
}

function isList(json: Json): json is readonly Json[] {
  return Array.isArray(json)
}

/** A request that says it, spelt by dice: order, escapes, white space, boundaries, codings, and what does not last. */
export function spelt(
  { method, path, query, language, content }: Meaning,
  seed: number,
  lenient: boolean,
): HttpRequest {
  const pen = penOf(seed, lenient)
  const search = pen.fields(query)
  const { type, body } = pen.content(content)
  const coded = body.length === 0 ? { body } : pen.coded(body)
  return aRequest({
    method,
    target: `/${path.map((leaf) => pen.escaped(pen.leaf(leaf))).join('/')}${search === '' ? '' : `?${search}`}`,
    headers: pen.shuffled([
      ['Host', pen.pick(['a.test', 'b.test'])],
      ['traceparent', String(seed)],
      ...(language === undefined
        ? []
        : [[pen.pick(['Accept-Language', 'accept-language']), language] as const]),
      ...(type === '' ? [] : [['Content-Type', type] as const]),
      ...('coding' in coded ? [['Content-Encoding', coded.coding] as const] : []),
    ]),
    body: coded.body,
  })
}

const CODINGS = [
  ['gzip', gzipSync],
  ['br', brotliCompressSync],
  ['deflate', deflateSync],
] as const

/** Writes values, with dice that fall the same for the same seed. */
function penOf(seed: number, lenient: boolean) {
  const roll = dice(seed)
  const below = (count: number): number => Math.floor(roll() * count)
  const pick = <T>(all: readonly [T, ...T[]]): T => all[below(all.length)] ?? all[0]
  const shuffled = <T>(all: readonly T[]): readonly T[] =>
    all
      .map((item) => ({ item, at: roll() }))
      .toSorted((a, b) => a.at - b.at)
      .map(({ item }) => item)
  const characters = (count: number, alphabets: readonly [string, ...string[]]): string =>
    Array.from({ length: count }, (_, at) => {
      const alphabet = alphabets[at % alphabets.length] ?? ''
      return alphabet[below(alphabet.length)] ?? ''
    }).join('')

  const jwt = (sub: string): string => {
    const lasting: [string, unknown][] = [
      ['sub', sub],
      ['iss', 'i'],
    ]
    const claims = [
      ...lasting,
      ...shuffled(VOLATILE)
        .slice(below(VOLATILE.length))
        .map((name) => [name, below(1e9)] as const),
    ]
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const header = pick([{ alg: 'RS256' }, { alg: 'ES256', kid: 'k' }])
    return [part(header), part(Object.fromEntries(shuffled(claims))), characters(43, [BASE64URL]) + 'A'].join(
      '.',
    )
  }
  const kinds = {
    uuid: () =>
      [8, 4, 4, 4, 12]
        .map((count) => characters(count, [pick(['0123456789abcdef', '0123456789ABCDEF'])]))
        .join('-'),
    timestamp: () => {
      const at = new Date(1.5e12 + below(1e9) * 1000)
      return pick([at.toISOString(), at.toUTCString(), String(at.getTime()), String(at.getTime() / 1000)])
    },
    nonce: () => characters(16 + below(20), ['bcdf', 'XYZ', '0123', 'KLM', '+/-_']),
  }
  const leaf = (value: Leaf): string => {
    if ('text' in value) return value.text
    return 'jwt' in value ? jwt(value.jwt) : kinds[value.kind]()
  }

  const hex = (byte: number): string => {
    const digits = byte.toString(16).padStart(2, '0')
    return `%${pick([digits, digits.toUpperCase()])}`
  }
  const escaped = (text: string): string =>
    encodeURIComponent(text).replaceAll(/%..|[A-Za-z0-9_.~-]/g, (one) => {
      if (one.length === 3) return hex(Number.parseInt(one.slice(1), 16))
      return below(6) === 0 ? hex(one.charCodeAt(0)) : one
    })
  const parameter = (text: string): string => escaped(text).replaceAll('%20', () => pick(['+', '%20']))
  const noise = (): Fields => (lenient && below(2) === 0 ? [['ts', { text: String(below(100)) }]] : [])
  const fields = (list: Fields): string =>
    shuffled([...list, ...noise()])
      .map(([name, value]) => parameter(name) + (value === undefined ? '' : `=${parameter(leaf(value))}`))
      .join('&')

  const space = (): string => pick(['', '', ' ', '\n\t'])
  const string = (text: string): string =>
    `"${text
      .split('')
      .map((one) => {
        if (below(6) === 0 || one === '"') return `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`
        return one === '/' ? pick(['/', '\\/']) : one
      })
      .join('')}"`
  const json = (value: Json): string => {
    if (isList(value)) return `[${space()}${value.map(json).join(`${space()},${space()}`)}${space()}]`
    if ('word' in value) return value.word
    if ('members' in value) {
      const members = [
        ...Object.entries(value.members).map(([name, one]) => [name, json(one)] as const),
        ...noise().map(([name]) => [name, String(below(9))] as const),
      ]
      return `{${space()}${shuffled(members)
        .map(([name, one]) => `${string(name)}${space()}:${space()}${one}`)
        .join(`${space()},`)}${space()}}`
    }
    const text = leaf(value)
    return 'kind' in value && /^\d+$/.test(text) && below(2) === 0 ? text : string(text)
  }
  const parts = (list: Fields, boundary: string): string => {
    const each = shuffled([...list, ...noise()]).map(
      ([name, value = { text: '' }]) =>
        `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${leaf(value)}\r\n`,
    )
    return `${each.join('')}--${boundary}--\r\n`
  }
  const content = (said: Meaning['content']): { readonly type: string; readonly body: string } => {
    switch (said.as) {
      case 'none':
        return { type: pick(['', 'application/json']), body: '' }
      case 'json':
        return {
          type: pick(['application/json', 'application/a+json; charset=utf-8']),
          body: `${space()}${json(said.value)}${space()}`,
        }
      case 'form':
        return { type: 'application/x-www-form-urlencoded', body: fields(said.fields) }
      case 'parts': {
        const boundary = characters(8, ['abcdefgh'])
        return { type: `multipart/form-data; boundary=${boundary}`, body: parts(said.fields, boundary) }
      }
      case 'bytes':
        return { type: pick(['text/plain', 'application/octet-stream']), body: said.text }
    }
  }
  const coded = (body: string): { readonly body: string | Uint8Array; readonly coding?: string } => {
    const coding = CODINGS[below(CODINGS.length * 2)]
    return coding === undefined ? { body } : { body: coding[1](body), coding: coding[0] }
  }
  return { pick, shuffled, leaf, escaped, fields, content, coded }
}

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const VOLATILE = ['iat', 'nbf', 'exp', 'jti', 'auth_time', 'nonce', 'at_hash', 'c_hash', 's_hash']

/** Mulberry32: even numbers from 0 to below 1. */
function dice(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
