import { maskedName, maskedValue } from '../core/masking.ts'
import { causeOf, type MissCause } from './miss-cause.ts'

/** Characters of a value that a report shows. */
export const MAX_SHOWN = 60

/** One field in which a request differs from a recorded one. */
export interface Difference {
  /** `method`, `path`, `query ts`, `header accept`, `form nonce`, `part file`, `body`, `body $.requestId`. */
  readonly field: string
  /** What was recorded; undefined when the recording has none, masked where it may be a secret. */
  readonly recorded: string | undefined
  readonly asked: string | undefined
  /** Why it probably differs. */
  readonly cause: MissCause
  /** What would make it not count, as entries of a list under `match.ignore`; undefined where nothing would. */
  readonly ignore?: Ignored
  /** What else would make it not count: a key of `match` and its value. */
  readonly set?: { readonly key: 'sequence' | 'subject'; readonly value: string }
}

/** Entries of a list under `match.ignore`. */
export interface Ignored {
  readonly key: 'query' | 'headers' | 'form' | 'json' | 'parts' | 'path' | 'method' | 'host'
  readonly entries: readonly string[]
}

/** A difference of two texts under a name that may speak of a secret. */
export function valueDifference(
  field: string,
  name: string,
  asked: string | undefined,
  recorded: string | undefined,
  ignore: Ignored | undefined,
): Difference {
  return {
    field,
    recorded: recorded === undefined ? undefined : shown(name, recorded),
    asked: asked === undefined ? undefined : shown(name, asked),
    cause: causeOf(asked, recorded),
    // What is masked in a report must not come back as advice.
    ...(ignore === undefined || maskedName(name) !== name ? {} : { ignore }),
  }
}

/** Reports end up in logs: what may be a secret is named, never shown. */
function shown(name: string, value: string): string {
  const text = maskedValue(name, value)
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN - 3)}…`
}
