import { ResealError } from './errors.ts'

/** Where a server listens. */
export interface ListenAddress {
  /** A host name or an IP address, IPv6 without brackets. */
  readonly host: string
  /** 0 to 65535; 0 lets the system choose a free port. */
  readonly port: number
}

/** Only this machine can reach it. */
const DEFAULT_HOST = '127.0.0.1'

/**
 * Reads `HOST:PORT`, `:PORT`, `PORT` or `[IPV6]:PORT`; without a host it is 127.0.0.1.
 * @throws ResealError USAGE when the text is none of these or the port is past 65535
 */
export function parseListenAddress(text: string): ListenAddress {
  const found =
    /^(?:(?:\[(?<ipv6>[0-9a-fA-F:.]+(?:%[^\]]+)?)\]|(?<name>[^:[\]\s/@]+))?:)?(?<port>\d{1,5})$/.exec(text)
  const port = Number(found?.groups?.port)
  if (found === null || port > 65535) {
    throw new ResealError('USAGE', `"${text}" is not an address to listen on`, {
      hint: 'Write HOST:PORT, such as 127.0.0.1:8080, or :0 for any free port.',
    })
  }
  return { host: found.groups?.ipv6 ?? found.groups?.name ?? DEFAULT_HOST, port }
}

/** `host:port`, with brackets around IPv6 (RFC 3986 §3.2.2). */
export function formatListenAddress({ host, port }: ListenAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
