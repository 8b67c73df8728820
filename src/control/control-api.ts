import { ResealError, type ErrorCode } from '../core/errors.ts'
import type { Handler, HttpRequest, HttpResponse } from '../core/exchange.ts'
import type { Clock } from '../core/time.ts'
import { accessGuard, isLoopback, type AccessRules } from './access.ts'
import { clientRoutes } from './client-routes.ts'
import { errorAnswer, httpAnswer, refusalAnswer } from './control-answer.ts'
import { type Answered, type ControlRoute } from './control-route.ts'
import type { ControlledIssuers } from './controlled-issuer.ts'
import type { ControlledReplay } from './controlled-replay.ts'
import { faultRoutes } from './fault-routes.ts'
import { healthRoutes, type Readiness } from './health-routes.ts'
import { issuerRoutes } from './issuer-routes.ts'
import { readJsonContent } from './json-content.ts'
import { keyRoutes } from './key-routes.ts'
import { journalRoutes } from './journal-routes.ts'
import { metricsOf } from './metrics.ts'
import { openApiRoute } from './open-api.ts'
import { pairRoutes } from './pair-routes.ts'
import { planRoutes } from './plan-routes.ts'
import { readQuery } from './query-parameter.ts'
import { replayFaultRoutes } from './replay-fault-routes.ts'
import { routeFinder } from './route-finder.ts'
import { tokenRoutes } from './token-routes.ts'
import { userRoutes } from './user-routes.ts'

export interface ControlOptions extends AccessRules {
  /** By the names they have in configuration and in paths. */
  readonly issuers: ControlledIssuers
  /** Undefined where nothing is replayed. */
  readonly replay?: ControlledReplay | undefined
  /** Asked beside the replay, whether all is served; default yes. */
  readonly ready?: () => Readiness
  readonly clock: Clock
  /** Of reseal, for the OpenAPI document. */
  readonly version: string
}

/**
 * The control API as a handler: who may ask, what is asked, and the answer as JSON.
 * @throws ResealError USAGE where others than this machine can reach the address and no token is given
 */
export function createControlApi(options: ControlOptions): Handler {
  const refuseAccess = accessGuard(options)
  const find = routeFinder(controlRoutes(options))
  return async (request) =>
    refuseAccess(request) ?? (await answerRequest(request, find, options.replay?.sync))
}

/** Every operation, a room's worth each; what is added here is in the OpenAPI document too. */
function controlRoutes(options: ControlOptions): readonly ControlRoute[] {
  const { issuers, replay, clock, version, host } = options
  const ready = options.ready ?? (() => readinessOf(replay))
  const routes = [
    ...healthRoutes(ready, metricsOf(issuers, replay)),
    ...(replay === undefined ? [] : replayRoutes(replay)),
    ...issuerRoutes(issuers),
    ...keyRoutes(issuers, clock),
    ...tokenRoutes(issuers),
    ...faultRoutes(issuers),
    ...clientRoutes(issuers),
    ...userRoutes(issuers),
  ]
  return [...routes, openApiRoute(routes, { version, needsToken: !isLoopback(host) })]
}

function replayRoutes(replay: ControlledReplay): readonly ControlRoute[] {
  return [
    ...planRoutes(replay),
    ...pairRoutes(replay),
    ...journalRoutes(replay),
    ...replayFaultRoutes(replay),
  ]
}

/** An older plan that serves in the place of a wrong one is ready, and says so. */
function readinessOf(replay: ControlledReplay | undefined): Readiness {
  if (replay === undefined) return { ready: true, reasons: [] }
  const { revision, refused } = replay.plan()
  const processes = replay.processes()
  if (refused === undefined) return { ready: true, reasons: [], processes }
  const { message, place } = refused.error
  const where = place === undefined ? '' : `${place.file}:${place.line}:${place.column}: `
  return {
    ready: true,
    processes,
    reasons: [`Plan ${revision} is still served, since what is there now cannot be: ${where}${message}`],
  }
}

async function answerRequest(
  request: HttpRequest,
  find: ReturnType<typeof routeFinder>,
  sync: ControlledReplay['sync'],
): Promise<HttpResponse> {
  const { method, target } = request
  const found = find(method, target)
  if (found.kind === 'none') {
    const hint = 'See GET /openapi.json for every path.'
    return refusalAnswer({ code: 'NOT_FOUND', message: 'There is nothing at this path.', hint })
  }
  if (found.kind === 'method') {
    const allow = found.methods.join(', ')
    const message = 'This path does not take this method.'
    return refusalAnswer({ code: 'METHOD_REFUSED', message, hint: `It takes ${allow}.` }, [['Allow', allow]])
  }
  const { query, wrong } = readQuery(target, found.route.query ?? [])
  if (wrong !== undefined) {
    const hint = 'See GET /openapi.json for what each request takes.'
    return refusalAnswer({ code: 'CONTENT_INVALID', message: wrong, hint })
  }
  const content = readJsonContent(request)
  if ('refusal' in content) return refusalAnswer(content.refusal)
  try {
    const asked = { ids: found.ids, query, headers: request.headers, content: content.value }
    await sync?.()
    const answered: Answered = await found.route.answer(asked)
    // Who is answered may ask any process next.
    if (found.route.method !== 'GET') await sync?.()
    return 'refusal' in answered ? refusalAnswer(answered.refusal) : httpAnswer(answered)
  } catch (error) {
    return refusedByDomain(error)
  }
}

/** What the issuer refuses because of how it was asked; everything else is a failure, and the listener's to tell. */
const ASKED_WRONGLY: Readonly<Partial<Record<ErrorCode, number>>> = {
  USAGE: 400,
  CONFIG_INVALID: 400,
  KEY_UNFIT: 400,
  KEY_MISSING: 404,
}

function refusedByDomain(error: unknown): HttpResponse {
  const status = error instanceof ResealError ? ASKED_WRONGLY[error.code] : undefined
  if (!(error instanceof ResealError) || status === undefined) throw error
  return errorAnswer(status, error)
}
