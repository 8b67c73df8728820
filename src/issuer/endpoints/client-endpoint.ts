import type { HttpResponse } from '../../core/exchange.ts'
import { readClientForm, type ClientForm } from '../client-authentication.ts'
import type { Call, Provider } from '../provider.ts'
import { isRefusal, refusalAnswer, type Refusal } from '../refusal.ts'
import type { Endpoint } from './endpoint.ts'

/** What an endpoint gives a client that said which one it is. */
type ClientAnswer = (
  provider: Provider,
  call: Call,
  form: ClientForm,
) => HttpResponse | Promise<HttpResponse> | Refusal

/** An endpoint that clients post a form to by themselves, without a browser. */
export function clientEndpoint(path: string, answer: ClientAnswer): Endpoint {
  return {
    paths: [path],
    methods: ['POST'],
    cors: true,
    answer: (provider, call) => {
      const form = readClientForm(provider, call)
      const outcome = isRefusal(form) ? form : answer(provider, call, form)
      return isRefusal(outcome) ? refusalAnswer(outcome) : outcome
    },
  }
}
