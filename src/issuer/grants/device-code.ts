import { newGrant } from '../grant.ts'
import { refusal } from '../refusal.ts'
import { grantTokens } from '../token-response.ts'
import type { GrantType } from './grant-type.ts'

/** How long a device code is known after its end, so that its device hears `expired_token`. */
export const REMEMBERED_MS = 3_600_000

/** By how much a device that asks too often must slow down (RFC 8628 §3.5). */
const SLOWER_MS = 5000

/** A device that asks whether its person has agreed yet (RFC 8628 §3.4). */
export const deviceCode: GrantType = {
  answer: (provider, call, parameters, { client }) => {
    const code = parameters.get('device_code')
    if (code === undefined) return refusal('invalid_request', 'The device_code is missing.')
    const { devices } = provider.stores
    const now = provider.clock()
    const device = devices.get(code, now)
    if (device === undefined || device.clientId !== client.id) {
      return refusal('invalid_grant', 'The device_code is unknown, was used, or is not for this client.')
    }
    if (device.expiresAt <= now) {
      devices.delete(code)
      return refusal('expired_token', 'The device_code has expired.')
    }
    if (device.outcome === 'denied') {
      devices.delete(code)
      return refusal('access_denied', 'The person said no.')
    }
    if (device.outcome === 'pending') {
      const tooSoon = device.lastPollAt !== undefined && now < device.lastPollAt + device.intervalMs
      const intervalMs = device.intervalMs + (tooSoon ? SLOWER_MS : 0)
      devices.set(code, { ...device, lastPollAt: now, intervalMs }, device.expiresAt + REMEMBERED_MS)
      return tooSoon
        ? refusal('slow_down', 'The device asks too often; wait five seconds longer each time.')
        : refusal('authorization_pending', 'The person has not decided yet.')
    }
    devices.delete(code)
    const { scope, audience } = device
    const grant = newGrant({ client, scope, audience, ...device.outcome, nonce: undefined })
    return grantTokens(provider, call, grant, { refresh: true })
  },
}
