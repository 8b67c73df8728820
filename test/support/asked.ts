import fc from 'fast-check'
import type { HttpRequest } from '../../src/core/exchange.ts'
import { aRequest } from './a-pair.ts'

// Small alphabets, so that equal requests and confusions of two parts with another come often.
export const WORD = fc.constantFrom(
  '',
  'a',
  'b',
  '1:a',
  '<uuid>',
  '-',
  'a=b',
  '\ud7ff',
  '00000000-0000-4000-8000-000000000000',
)
const PAIRS: fc.Arbitrary<(readonly [string, string | undefined])[]> = fc.array(
  fc.tuple(fc.constantFrom('a', 'b', 'ts'), fc.option(WORD, { nil: undefined })),
  {
    maxLength: 3,
  },
)
export const JSON_VALUE = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('1', '1.0', 'null', 'true', '"a"', '"1"', '"<uuid>"', '1764000000'),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
    fc
      .array(fc.tuple(fc.constantFrom('a', 'b', 'ts', "it's"), tie('value')), { maxLength: 3 })
      .map((members) => `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`),
  ),
})).value
const BODY = fc.oneof(
  fc.constant({ type: '', body: '' }),
  JSON_VALUE.map((body) => ({ type: 'application/json', body })),
  PAIRS.map((pairs) => ({ type: 'application/x-www-form-urlencoded', body: encoded(pairs) })),
  fc.constantFrom('a', 'bytes', '{', '[]').map((body) => ({ type: 'text/plain', body })),
)
/** Requests as properties ask them. */
export const ASKED = fc.record({
  method: fc.constantFrom('GET', 'POST'),
  path: fc.array(WORD, { maxLength: 2 }),
  query: PAIRS,
  language: fc.option(fc.constantFrom('de', 'en', ''), { nil: undefined }),
  content: BODY,
})
export type Asked = typeof ASKED extends fc.Arbitrary<infer T> ? T : never

export function encoded(pairs: readonly (readonly [string, string | undefined])[]): string {
  return pairs
    .map(([name, value]) => (value === undefined ? name : `${name}=${encodeURIComponent(value)}`))
    .join('&')
}

export function requestOf({ method, path, query, language, content }: Asked): HttpRequest {
  return aRequest({
    method,
    target: `/${path.map(encodeURIComponent).join('/')}?${encoded(query)}`,
    headers: [
      ...(language === undefined ? [] : [['Accept-Language', language] as const]),
      ...(content.type === '' ? [] : [['Content-Type', content.type] as const]),
    ],
    body: content.body,
  })
}
