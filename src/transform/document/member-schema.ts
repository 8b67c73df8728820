import type { z } from 'zod'
import type { SourcePlace } from '../../core/errors.ts'
import { checkSchema, type Checked } from './schema-complaint.ts'

/** What a definition says of itself besides its options. */
export interface Placed<T extends string> {
  readonly type: T
  /** Where its options are written, or the word itself where it has none. */
  readonly place: SourcePlace
}

/** What a user wrote for a member: its options with defaults filled in, its word, and its place. */
export type DefinitionOf<T extends string, S extends z.ZodObject> = Readonly<z.output<S>> & Placed<T>

/** A row of {@link STEPS} or {@link EXTRACTORS}: everything about how one word is written. */
export interface MemberSchema<T extends string, S extends z.ZodObject> {
  readonly type: T
  readonly options: S
  /** The form of `config` in `{type, config}`, where Speedscale spells options in another way. */
  readonly config: z.ZodType
  /** The option that may be given alone: `json_path: access_token`. */
  readonly shorthand: string | undefined
  /** Other names that Speedscale has for it. */
  readonly aliases: readonly string[]
  readonly read: (
    value: unknown,
    spelling: 'options' | 'config',
    place: SourcePlace,
  ) => Checked<DefinitionOf<T, S>>
}

export interface MemberExtras<S extends z.ZodObject> {
  readonly config?: z.ZodType<z.output<S>>
  readonly shorthand?: string
  readonly aliases?: readonly string[]
  /** In reports the step is named with the option that may be given alone, as `json_path access_token`. */
  readonly namesItself?: boolean
}

/** Makes a row. */
export function memberSchema<const T extends string, S extends z.ZodObject>(
  type: T,
  options: S,
  extras: MemberExtras<S> = {},
): MemberSchema<T, S> {
  return {
    type,
    options,
    config: extras.config ?? options,
    shorthand: extras.shorthand,
    aliases: extras.aliases ?? [],
    read: (value, spelling, place) => {
      const checked =
        spelling === 'config' && extras.config !== undefined
          ? checkSchema(extras.config, value, type)
          : checkSchema(options, value, type)
      return checked.complaints === undefined ? { value: { ...checked.value, type, place } } : checked
    },
  }
}
