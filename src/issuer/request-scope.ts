import { scopeList } from './claim-book.ts'
import { refusal, type Refusal } from './refusal.ts'
import type { RequestParameters } from './request-parameters.ts'

/** What a request asks for. */
export interface AskedRights {
  /** Empty where the request names none. */
  readonly scope: string
  /** Values of `resource` (RFC 8707) and `audience`. */
  readonly audience: readonly string[]
}

/** Tokens of RFC 6749 §3.3, one space between them. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/

const MOST_AUDIENCES = 20

/** Reads `scope`, `resource` and `audience`. */
export function readRights(parameters: RequestParameters): AskedRights | Refusal {
  const scope = parameters.get('scope') ?? ''
  if (scope !== '' && !SCOPE.test(scope)) {
    return refusal('invalid_scope', 'The scope has characters or spaces that a scope must not have.')
  }
  const resources = parameters.all('resource')
  if (resources.some((resource) => !isResource(resource))) {
    return refusal('invalid_target', 'A resource must be an absolute URI without a fragment.')
  }
  const audience = [...new Set([...resources, ...parameters.all('audience')])]
  if (audience.length > MOST_AUDIENCES) return refusal('invalid_target', 'Too many audiences are asked for.')
  return { scope, audience }
}

/**
 * The scope of a token made from something that was granted before: never more than that (RFC 6749 §6, RFC 8693 §2.1).
 * @param asked empty for all of it
 */
export function narrowedScope(granted: string, asked: string): string | Refusal {
  if (asked === '') return granted
  const had = new Set(scopeList(granted))
  return scopeList(asked).every((scope) => had.has(scope))
    ? asked
    : refusal('invalid_scope', 'The scope goes beyond what was granted.')
}

function isResource(uri: string): boolean {
  return URL.canParse(uri) && !uri.includes('#')
}
