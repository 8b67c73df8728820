import { randomInt } from 'node:crypto'
import { newSecret } from '../grant.ts'
import { REMEMBERED_MS } from '../grants/device-code.ts'
import { jsonAnswer } from '../http-answer.ts'
import { urlBelow } from '../provider.ts'
import { isRefusal, refusal } from '../refusal.ts'
import { readRights } from '../request-scope.ts'
import { clientEndpoint } from './client-endpoint.ts'

const DEVICE_SECONDS = 600
const INTERVAL_SECONDS = 5

/** Gives a device its codes (RFC 8628 §3.1). */
export const deviceAuthorization = clientEndpoint(
  '/device_authorization',
  (provider, call, { parameters, client }) => {
    if (client.settings.grants?.includes(DEVICE_GRANT) === false) return NOT_FOR_CLIENT
    const rights = readRights(parameters)
    if (isRefusal(rights)) return rights
    const deviceCode = newSecret()
    const userCode = newUserCode()
    const expiresAt = provider.clock() + DEVICE_SECONDS * 1000
    const intervalMs = INTERVAL_SECONDS * 1000
    provider.stores.devices.set(
      deviceCode,
      {
        ...rights,
        deviceCode,
        clientId: client.id,
        expiresAt,
        intervalMs,
        lastPollAt: undefined,
        outcome: 'pending',
      },
      expiresAt + REMEMBERED_MS,
    )
    provider.stores.userCodes.set(userCode, deviceCode, expiresAt)
    const verificationUri = urlBelow(call.issuer, '/device')
    return jsonAnswer(200, {
      device_code: deviceCode,
      user_code: userCode,
      verification_uri: verificationUri,
      verification_uri_complete: `${verificationUri}?user_code=${userCode}`,
      expires_in: DEVICE_SECONDS,
      interval: INTERVAL_SECONDS,
    })
  },
)

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
const NOT_FOR_CLIENT = refusal('unauthorized_client', 'The client may not use this grant_type.')

/** Letters that cannot be mistaken for others, and make no words (RFC 8628 §6.1). */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ'

function newUserCode(): string {
  const letters = Array.from({ length: 8 }, () => LETTERS[randomInt(LETTERS.length)]).join('')
  return `${letters.slice(0, 4)}-${letters.slice(4)}`
}

/** The code as it was given out, however a person writes it (RFC 8628 §6.1). */
export function normalUserCode(written: string): string {
  const letters = written.toUpperCase().replaceAll(/[^A-Z]/g, '')
  return `${letters.slice(0, 4)}-${letters.slice(4)}`
}
