import { kindOfValue, VALUE_KIND_NAMES } from '../core/value-kind.ts'
import { sameSubject } from './subject.ts'

/** Why a request probably was not answered, the weightiest first. */
export const MISS_CAUSES = [
  'new endpoint',
  'recording',
  'host',
  'method',
  'trailing slash',
  'letter case',
  'path',
  'user',
  'order',
  'header',
  'missing',
  'extra',
  'value',
  'id',
  'uuid',
  'timestamp',
  'nonce',
  'jwt',
] as const

export type MissCause = (typeof MISS_CAUSES)[number]

/** Of the causes of several differences, the one to name. */
export function weightiest(causes: readonly MissCause[]): MissCause {
  return MISS_CAUSES.find((cause) => causes.includes(cause)) ?? 'value'
}

/** Why a value probably differs from the recorded one; undefined stands for no value. */
export function causeOf(asked: string | undefined, recorded: string | undefined): MissCause {
  if (asked === undefined) return 'missing'
  if (recorded === undefined) return 'extra'
  const kind = VALUE_KIND_NAMES.find(
    (name) =>
      kindOfValue(bare(asked), [name]) !== undefined && kindOfValue(bare(recorded), [name]) !== undefined,
  )
  if (kind === 'jwt') return sameSubject(bare(asked), bare(recorded)) ? 'jwt' : 'user'
  return kind ?? 'value'
}

function bare(value: string): string {
  return value.replace(/^Bearer /i, '')
}
