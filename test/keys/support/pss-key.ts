import { generateKeyPairSync, type KeyObject } from 'node:crypto'

/** A private key of type RSA-PSS, limited to one hash and a least salt length. */
export function pssKey(hash: 'sha256' | 'sha512', saltLength: number): KeyObject {
  // @types/node asks for a string here; Node itself for a number.
  const limits: object = { hashAlgorithm: hash, mgf1HashAlgorithm: hash, saltLength }
  return generateKeyPairSync('rsa-pss', { modulusLength: 2048, ...limits }).privateKey
}
