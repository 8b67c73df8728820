import type { HttpRequest } from '../../core/exchange.ts'
import type { FaultFilterDefinition } from '../document/fault-schema.ts'
import { requestMessage } from '../message/request-message.ts'
import { compileWhen } from './condition.ts'
import { textGlob } from './glob.ts'
import { hostsOf, statusFits } from './pair-filter.ts'
import { anyFits } from './text-test.ts'

/** Says which requests, and which answers to them, a fault is for. */
export interface FaultFilter {
  /** @param origin the backend that the listener stands for; undefined for all */
  request(request: HttpRequest, origin: string | undefined): boolean
  /** Undefined where any answer will do, so that none is waited for. */
  readonly status: ((status: number) => boolean) | undefined
}

/** @param definition undefined for every request */
export function compileFaultFilter(definition: FaultFilterDefinition | undefined): FaultFilter {
  if (definition === undefined) return { request: () => true, status: undefined }
  const when = compileWhen(definition)
  const hosts = definition.host.map(textGlob)
  const statuses = definition.status
  return {
    request: (request, origin) =>
      when({ head: request, message: () => requestMessage(request) }) &&
      (hosts.length === 0 || anyFits(hosts, hostsOf(request.authority, origin))),
    status:
      statuses.length === 0 ? undefined : (status) => statuses.some((wanted) => statusFits(wanted, status)),
  }
}
