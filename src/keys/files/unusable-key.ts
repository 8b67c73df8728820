import { ResealError } from '../../core/errors.ts'

/** What people mount in place of a private key: what it is, and what to do, given the file's name. */
const UNUSABLE = {
  empty: {
    is: 'is empty',
    hint: () => 'Check that the secret is mounted and was written before reseal read it.',
  },
  certificate: {
    is: 'holds a certificate without its private key',
    hint: () => 'Mount the private key that belongs to the certificate, tls.key in a Kubernetes TLS secret.',
  },
  publicKey: {
    is: 'holds a public key, which cannot sign',
    hint: () => 'Mount the private key, or make one with: openssl genpkey -algorithm RSA -out key.pem',
  },
  pkcs12: {
    is: 'is a PKCS#12 (.p12, .pfx) container',
    hint: (name) => `Convert it with: openssl pkcs12 -in ${name} -nocerts -nodes -out key.pem`,
  },
  openssh: {
    is: 'is an OpenSSH private key',
    hint: (name) => `Convert a copy of it in place with: ssh-keygen -p -N '' -m pkcs8 -f ${name}`,
  },
  putty: {
    is: 'is a PuTTY private key',
    hint: (name) => `Convert it with: puttygen ${name} -O private-openssh -o key.pem`,
  },
  javaKeystore: {
    is: 'is a Java keystore',
    hint: (name) =>
      `Convert it with: keytool -importkeystore -srckeystore ${name} -destkeystore key.p12 -deststoretype PKCS12, and key.p12 with openssl pkcs12 -in key.p12 -nocerts -nodes -out key.pem`,
  },
  pgp: {
    is: 'is a PGP key, which no JWT algorithm uses',
    hint: () => 'Mount an RSA, EC or Ed25519 private key, or an HMAC secret.',
  },
  encrypted: {
    is: 'is encrypted, and no passphrase was given',
    hint: (name) =>
      `Name the secret file that holds the passphrase in passphrasePath, or decrypt it with: openssl pkey -in ${name} -out key.pem`,
  },
  passphrase: {
    is: 'is encrypted, and the passphrase given does not open it',
    hint: () => 'Check the file that passphrasePath names; one line end after the passphrase is ignored.',
  },
  brokenPem: {
    is: 'is a damaged PEM file',
    hint: (name) =>
      `Copy it again in full, from -----BEGIN to -----END; check it with: openssl pkey -in ${name} -noout`,
  },
  otherPem: {
    is: 'is PEM, but holds no private key',
    hint: () => 'Mount the private key: a block that ends with -----END PRIVATE KEY-----.',
  },
  brokenDer: {
    is: 'is DER, but no kind of private key known here',
    hint: (name) => `See what it is with: openssl asn1parse -inform DER -in ${name}`,
  },
  brokenJwk: {
    is: 'holds a JWK that is incomplete or wrong',
    hint: () =>
      'A private JWK has kty and d, with crv and x (and y) for EC and OKP, with n, e, p, q, dp, dq and qi for RSA; a secret one has k.',
  },
  otherJson: {
    is: 'is JSON, but neither a JWK, a JWK Set nor a JSON text with a PEM key in it',
    hint: () => 'Mount the key alone, as PEM or as a JWK.',
  },
} as const satisfies Readonly<
  Record<string, { readonly is: string; readonly hint: (name: string) => string }>
>

/** The rows of what cannot be used as a key. */
export type UnusableKey = keyof typeof UNUSABLE

/** A KEY_INVALID error that names the format found and the one command that converts it. */
export function unusableKey(kind: UnusableKey, name: string, cause?: unknown): ResealError {
  const { is, hint } = UNUSABLE[kind]
  return new ResealError('KEY_INVALID', `The key file "${name}" ${is}.`, { hint: hint(name), cause })
}
