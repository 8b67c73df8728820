import { ResealError } from '../core/errors.ts'

/** A listener and the backend it stands for. */
export interface ListenerRoute {
  /** As the user wrote it: `HOST:PORT`, `:PORT` or `PORT`. */
  readonly listen: string
  /** URL of the backend; undefined for a replay of all backends on one listener. */
  readonly target: string | undefined
}

/**
 * Reads `LISTEN=URL` as `--map` takes it.
 * @throws ResealError USAGE
 */
export function parseMapping(text: string): ListenerRoute {
  const equals = text.indexOf('=')
  if (equals > 0 && equals < text.length - 1) {
    return { listen: text.slice(0, equals), target: text.slice(equals + 1) }
  }
  throw new ResealError('USAGE', `"${text}" does not say which listener stands for which backend`, {
    hint: 'Write LISTEN=URL, such as 127.0.0.1:8081=https://api.staging.example.com',
  })
}
