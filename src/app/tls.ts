import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { errorMessage, ResealError } from '../core/errors.ts'
import { parseListenAddress } from '../core/listen-address.ts'
import type { TlsIdentity } from '../core/tls-identity.ts'
import { openSecrets } from '../keys/files/secrets.ts'
import { listenerIdentity } from '../keys/tls/listener-identity.ts'

/** Where listeners get their certificate from: files (PEM), or an authority that reseal keeps with the secrets. */
export type TlsSource =
  | { readonly certFile: string; readonly keyFile: string }
  | { readonly secretsDirectory: string }

/** A listener's identity, and what its clients have to trust, if reseal made it. */
export interface OpenTls {
  readonly identity: TlsIdentity
  readonly authorityFile: string | undefined
}

/**
 * The identity of listeners at these addresses; undefined for listeners without TLS.
 * @throws ResealError SECRET_* and KEY_INVALID
 */
export async function openTls(
  source: TlsSource | undefined,
  listens: readonly string[],
): Promise<OpenTls | undefined> {
  if (source === undefined) return undefined
  if ('certFile' in source) return { identity: readIdentity(source), authorityFile: undefined }
  const hosts = listens.map((listen) => parseListenAddress(listen).host)
  const { authorityFile, cert, key } = await listenerIdentity(openSecrets(source.secretsDirectory), hosts)
  return { identity: { cert, key }, authorityFile }
}

function readIdentity({
  certFile,
  keyFile,
}: {
  readonly certFile: string
  readonly keyFile: string
}): TlsIdentity {
  const identity = { cert: readPem(certFile), key: readPem(keyFile) }
  try {
    createSecureContext(identity)
  } catch (error) {
    throw new ResealError(
      'KEY_INVALID',
      `The files ${certFile} and ${keyFile} make no TLS identity: ${errorMessage(error)}`,
      {
        hint: 'Name a PEM certificate chain with --tls-cert, and the unencrypted PEM key of its first certificate with --tls-key.',
      },
    )
  }
  return identity
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch (error) {
    throw new ResealError('SECRET_UNREADABLE', `Cannot read ${file}: ${errorMessage(error)}`, {
      hint: 'Name a PEM file that can be read.',
      cause: error,
    })
  }
}
