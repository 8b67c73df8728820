import { basicPlaceholder, basicValue } from '../core/placeholder.ts'
import type { Splice } from '../core/json.ts'
import { isRedactedSignature } from '../core/redacted-signature.ts'

/** What becomes of the secrets that are found; undefined leaves one as it is. */
export interface Substitutes {
  /**
   * @param name what kind of secret it is, as placeholders call it
   * @param value with the escapes of its syntax undone; it may be a placeholder already
   */
  value(name: string, value: string): string | undefined
  /** The signature of a JWS, or the authentication tag of a JWE (`alg` then is empty), in base64url. */
  signature(alg: string, signature: string): string | undefined
  /** Told of every compact token that stands in a text as it is, be it to be replaced or not. */
  readonly token?: (token: string) => void
}

/** A replacement of a whole value, none where it is empty. */
export function valueSplice(
  substitutes: Substitutes,
  name: string,
  value: string,
  place: { readonly start: number; readonly end: number },
): readonly Splice[] {
  if (value === '') return []
  const text = substitutes.value(name, value)
  return text === undefined ? [] : [{ ...place, text }]
}

/** The same for Basic credentials in base64. */
export function basicSplice(
  substitutes: Substitutes,
  credentials: string,
  place: { readonly start: number; readonly end: number },
): readonly Splice[] {
  if (credentials === '') return []
  const mark = substitutes.value('basic', basicValue(credentials))
  return mark === undefined ? [] : [{ ...place, text: basicPlaceholder(mark) }]
}

/** A signature as it is to stand; undefined where it stays. */
export function signatureText(substitutes: Substitutes, alg: string, signature: string): string | undefined {
  return signature === '' || isRedactedSignature(signature)
    ? undefined
    : substitutes.signature(alg, signature)
}

/** Splices in order, without those that begin inside another one. */
export function apart(splices: readonly Splice[]): readonly Splice[] {
  if (splices.length < 2) return splices
  let done = -1
  return splices
    .toSorted((a, b) => a.start - b.start || b.end - a.end)
    .filter(({ start, end }) => {
      if (start < done) return false
      done = end
      return true
    })
}
