import type { AuthenticatedClient } from '../client-authentication.ts'
import type { Call, Provider } from '../provider.ts'
import type { Refusal } from '../refusal.ts'
import type { RequestParameters } from '../request-parameters.ts'
import type { TokenResponse } from '../token-response.ts'

/** One value of `grant_type`. */
export interface GrantType {
  /** Finds the client in its own way; default, and for all but one: the client authenticates. */
  readonly findClient?: (
    provider: Provider,
    call: Call,
    parameters: RequestParameters,
  ) => AuthenticatedClient | Refusal
  readonly answer: (
    provider: Provider,
    call: Call,
    parameters: RequestParameters,
    client: AuthenticatedClient,
  ) => Promise<TokenResponse | Refusal> | Refusal
}
