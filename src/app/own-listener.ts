import { ResealError } from '../core/errors.ts'
import { formatListenAddress, parseListenAddress } from '../core/listen-address.ts'
import { parseTarget } from '../wire/target.ts'

/** Hosts that `localhost` may mean, and that a listener on all addresses takes as well. */
const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1'])
const ALL_ADDRESSES: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

/**
 * Reads targets and refuses one that is a listener of the same command: a request to it would be forwarded to itself
 * until no socket is left.
 * @throws ResealError USAGE
 */
export function refuseOwnListeners(targets: readonly string[], listens: readonly string[]): void {
  for (const text of targets) {
    const target = parseTarget(text)
    const own = listens.map(parseListenAddress).find((listen) => isSame(listen, target))
    if (own === undefined) continue
    throw new ResealError(
      'USAGE',
      `The target ${target.origin} is where reseal itself listens (${formatListenAddress(own)})`,
      { hint: 'Name the backend, or listen on another port: --listen 127.0.0.1:0 takes any free one.' },
    )
  }
}

interface Address {
  readonly host: string
  readonly port: number
}

function isSame(listen: Address, target: Address): boolean {
  if (listen.port !== target.port) return false
  if (listen.host === target.host) return true
  const [here, there] = [LOOPBACK.has(listen.host), LOOPBACK.has(target.host)]
  if (ALL_ADDRESSES.has(listen.host)) return there || ALL_ADDRESSES.has(target.host)
  return here && there && (listen.host === 'localhost' || target.host === 'localhost')
}
