import type { Command } from 'commander'
import type { TlsSource } from '../app/tls.ts'
import { ResealError } from '../core/errors.ts'

/** Flags of TLS listeners. */
export interface TlsFlags {
  readonly tls?: true
  readonly tlsCert?: string
  readonly tlsKey?: string
}

/** Adds the flags of {@link TlsFlags}. */
export function tlsOptions(command: Command): Command {
  return command
    .option(
      '--tls',
      'listen with TLS, HTTP/2 and HTTP/1.1, with a certificate of an authority that reseal keeps',
    )
    .option('--tls-cert <file>', 'listen with TLS and this certificate chain (PEM)')
    .option('--tls-key <file>', 'the key of --tls-cert (PEM)')
}

/**
 * What the flags say of TLS; undefined when they say nothing.
 * @throws ResealError USAGE for one file without the other
 */
export function tlsSourceOf(
  { tls, tlsCert, tlsKey }: TlsFlags,
  secretsDirectory: string,
): TlsSource | undefined {
  if (tlsCert !== undefined && tlsKey !== undefined) return { certFile: tlsCert, keyFile: tlsKey }
  if (tlsCert !== undefined || tlsKey !== undefined) {
    const [given, missing] = tlsCert === undefined ? ['--tls-key', '--tls-cert'] : ['--tls-cert', '--tls-key']
    throw new ResealError('USAGE', `There is ${given} and no ${missing}`, { hint: `Add ${missing} FILE.` })
  }
  return tls === true ? { secretsDirectory } : undefined
}

/** Says what clients have to trust, before they connect. */
export function tlsLines(authorityFile: string | undefined): readonly string[] {
  if (authorityFile === undefined) return []
  return [
    `clients trust the listeners with SSL_CERT_FILE=${authorityFile} or NODE_EXTRA_CA_CERTS=${authorityFile}`,
  ]
}
