import { createHmac } from 'node:crypto'
import type { Json } from './an-issuer.ts'

/** HS256 with whatever secret: jsonwebtoken itself refuses to sign with a public key. */
export function sign(claims: Json, secret: string): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const input = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}
