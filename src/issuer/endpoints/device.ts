import type { HttpResponse } from '../../core/exchange.ts'
import { escapeHtml } from '../http-answer.ts'
import { DENY, loginFormAnswer, noticeAnswer, personIn, refusalPage } from '../login-form.ts'
import { nowSeconds, type DeviceRequest, type Provider } from '../provider.ts'
import { isRefusal } from '../refusal.ts'
import { parametersOf, readForm } from '../request-parameters.ts'
import { REMEMBERED_MS } from '../grants/device-code.ts'
import { normalUserCode } from './device-authorization.ts'
import type { Endpoint } from './endpoint.ts'

/** The page on which a person lets a device in (RFC 8628 §3.3); with `login: auto` opening it with a code is enough. */
export const device: Endpoint = {
  paths: ['/device'],
  methods: ['GET', 'POST'],
  cors: false,
  answer: (provider, call) => {
    const posted = call.request.method === 'POST'
    const parameters = posted ? readForm(call.request) : parametersOf(call.query)
    if (isRefusal(parameters)) return refusalPage(parameters)
    const userCode = parameters.get('user_code')
    const waiting = userCode === undefined ? undefined : waitingDevice(provider, userCode)
    const auto = provider.settings.login === 'auto'
    if (!posted && !(auto && waiting !== undefined)) return devicePage(userCode)
    if (waiting === undefined) return devicePage(userCode, 'No device waits with this code.')
    if (parameters.get('decision') === DENY) {
      decide(provider, waiting, 'denied')
      return noticeAnswer(200, 'Not let in', 'The device was refused. You can close this page.')
    }
    const named = parameters.get('username') !== undefined
    const person = auto && !named ? provider.directory.firstPerson() : personIn(provider, parameters)
    if (person === undefined) return devicePage(userCode, 'The user name or the password is wrong.')
    decide(provider, waiting, { person, authTime: nowSeconds(provider) })
    return noticeAnswer(200, 'Let in', 'The device can go on. You can close this page.')
  },
}

function waitingDevice({ stores, clock }: Provider, written: string): DeviceRequest | undefined {
  const now = clock()
  const code = stores.userCodes.get(normalUserCode(written), now)
  const found = code === undefined ? undefined : stores.devices.get(code, now)
  return found?.outcome === 'pending' && found.expiresAt > now ? found : undefined
}

function decide({ stores }: Provider, waiting: DeviceRequest, outcome: DeviceRequest['outcome']): void {
  stores.devices.set(waiting.deviceCode, { ...waiting, outcome }, waiting.expiresAt + REMEMBERED_MS)
}

function devicePage(userCode = '', problem?: string): HttpResponse {
  return loginFormAnswer({
    title: 'Connect a device',
    intro: 'Type the code that the device shows, and log in to let it in.',
    action: 'device',
    fields: [
      '<label for="user_code">Code</label>',
      `<input id="user_code" name="user_code" autocomplete="off" required value="${escapeHtml(userCode)}">`,
    ].join(''),
    problem,
  })
}
