import { headerValue, type RawHeaders } from '../../core/headers.ts'
import type { Focus } from '../message/focus.ts'
import { SPELLINGS, type Spelling } from './spellings.ts'

/** How a value is written in a body that does not say otherwise of it. */
export function bodySpelling(headers: RawHeaders, body: Focus): Spelling {
  const type = headerValue(headers, 'content-type') ?? ''
  if (/^\s*application\/x-www-form-urlencoded\b/i.test(type)) return SPELLINGS.form
  return body.json() === undefined ? SPELLINGS.plain : SPELLINGS.json
}

/** The same of a header field: those that are a URL have URLs' escapes. */
export function fieldSpelling(name: string): Spelling {
  return /^(?:content-)?location$/i.test(name) ? SPELLINGS.url : SPELLINGS.plain
}
