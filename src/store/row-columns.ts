import { ResealError } from '../core/errors.ts'
import type { RawHeaders } from '../core/headers.ts'
import { storedTags, type Tags } from '../core/tags.ts'
import { storedFields } from './pair-fault.ts'

/** A row as SQLite gives it. */
export type Row = Readonly<Record<string, unknown>>

/** Typed access to a row of which nothing is known. */
export interface Columns {
  number(name: string): number
  optionalNumber(name: string): number | undefined
  text(name: string): string
  optionalText(name: string): string | undefined
  bytes(name: string): Uint8Array
  optionalBytes(name: string): Uint8Array | undefined
  /** Of a column of header lines. */
  fields(name: string): RawHeaders
  /** Of a column of tags as JSON. */
  tags(name: string): Tags
  oneOf<T extends string>(name: string, values: readonly T[]): T
}

/** @param unusable makes the error for a column that holds what it cannot, from words that follow "cannot be used:" */
export function columnsOf(row: Row, unusable: (fault: string) => ResealError): Columns {
  const wrong = (name: string): ResealError => unusable(`it has no readable "${name}"`)
  const optionalNumber = (name: string): number | undefined => {
    const value = row[name]
    if (value !== null && typeof value !== 'number') throw wrong(name)
    return value ?? undefined
  }
  const optionalText = (name: string): string | undefined => {
    const value = row[name]
    if (value !== null && typeof value !== 'string') throw wrong(name)
    return value ?? undefined
  }
  const optionalBytes = (name: string): Uint8Array | undefined => {
    const value = row[name]
    if (value !== null && !(value instanceof Uint8Array)) throw wrong(name)
    return value ?? undefined
  }
  const needed = <T>(name: string, value: T | undefined): T => {
    if (value === undefined) throw wrong(name)
    return value
  }
  const bytes = (name: string): Uint8Array => needed(name, optionalBytes(name))
  return {
    number: (name) => needed(name, optionalNumber(name)),
    optionalNumber,
    text: (name) => needed(name, optionalText(name)),
    optionalText,
    bytes,
    optionalBytes,
    fields: (name) => {
      const fields = storedFields(bytes(name))
      if (fields !== undefined) return fields
      throw unusable(`its ${name.replace('_', ' ')} have a field that cannot be on a wire`)
    },
    tags: (name) => needed(name, tagsIn(needed(name, optionalText(name)))),
    oneOf: (name, values) =>
      needed(
        name,
        values.find((value) => value === row[name]),
      ),
  }
}

function tagsIn(text: string): Tags | undefined {
  try {
    return storedTags(JSON.parse(text))
  } catch {
    // What is no JSON holds no tags.
    return undefined
  }
}

/** The error for a pair that no recording can hold. @param fault follows "cannot be used:" */
export function unusablePair(id: unknown, file: string, fault: string): ResealError {
  return new ResealError('SNAPSHOT_INVALID', `pair ${String(id)} of ${file} cannot be used: ${fault}`, {
    hint: 'See what else is wrong with: reseal verify',
  })
}
