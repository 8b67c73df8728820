import type { PairHead } from '../../core/pair.ts'
import { DIRECTION_TAG, type Tags } from '../../core/tags.ts'
import type { FilterDefinition } from '../document/definition.ts'
import type { PairMessages } from '../steps/step.ts'
import { textGlob } from './glob.ts'
import { compileRequestTest } from './request-test.ts'
import { anyFits, compileJsonTests, compileTextTests } from './text-test.ts'

/** A pair that filters look at; its bodies are read only for a filter that asks for them. */
export interface FilteredPair {
  readonly head: PairHead
  /** Undefined when the pair is not whole. */
  messages(): PairMessages | undefined
}

/** Says whether a chain is for this pair. */
export type PairFilter = (pair: FilteredPair) => boolean

/** All of a chain's filters; in each, any of its values. An empty list lets everything through. */
export function compilePairFilter(definition: FilterDefinition): PairFilter {
  const tests = [...headTests(definition), ...responseTests(definition), ...combinedTests(definition)]
  return (pair) => tests.every((test) => test(pair))
}

function headTests(definition: FilterDefinition): readonly PairFilter[] {
  const { host, status, ordinal } = definition
  const tests: PairFilter[] = []
  const hosts = host.map(textGlob)
  if (hosts.length > 0)
    tests.push(({ head }) => anyFits(hosts, hostsOf(head.request.authority, head.route.target)))
  if (status.length > 0)
    tests.push(({ head }) => status.some((wanted) => statusFits(wanted, head.response?.status)))
  if (ordinal !== undefined) {
    tests.push(({ head: { id } }) => ordinal.some(({ from, to }) => from <= id && id <= to))
  }
  tests.push(...tagTests(definition))
  const request = compileRequestTest(definition)
  if (request !== undefined) {
    tests.push((pair) => request({ head: pair.head.request, message: () => pair.messages()?.request }))
  }
  return tests
}

function tagTests({ tag, direction }: FilterDefinition): readonly PairFilter[] {
  const tests = (tag === undefined ? [] : compileTextTests(tag)).map(
    ([name, test]): PairFilter =>
      ({ head }) => {
        const value = tagsOf(head)[name]
        return test(value === undefined ? [] : [value])
      },
  )
  return direction === undefined ? tests : [...tests, ({ head }) => directionOf(head) === direction]
}

function tagsOf({ route: { tags = {} } }: PairHead): Tags {
  return tags
}

/** A recording that does not say stands between the service under test and its backends. */
export function directionOf(head: PairHead): 'in' | 'out' {
  return tagsOf(head)[DIRECTION_TAG] === 'in' ? 'in' : 'out'
}

function responseTests({ res_header: headers, res_json: json }: FilterDefinition): readonly PairFilter[] {
  const tests: PairFilter[] = []
  for (const [name, test] of headers === undefined ? [] : compileTextTests(headers)) {
    const wanted = name.toLowerCase()
    tests.push(({ head }) => {
      const fields = head.response?.headers ?? []
      return test(fields.flatMap(([other, value]) => (other.toLowerCase() === wanted ? [value] : [])))
    })
  }
  if (json !== undefined) {
    const test = compileJsonTests(json)
    tests.push((pair) => test(pair.messages()?.response.body()))
  }
  return tests
}

function combinedTests({ not, any }: FilterDefinition): readonly PairFilter[] {
  const tests: PairFilter[] = []
  const nots = not?.map(compilePairFilter)
  const anys = any?.map(compilePairFilter)
  if (nots !== undefined) tests.push((pair) => !nots.some((test) => test(pair)))
  if (anys !== undefined) tests.push((pair) => anys.some((test) => test(pair)))
  return tests
}

/** A status is given whole (`200`) or as its class (`2xx`). */
export function statusFits(wanted: number | string, status: number | undefined): boolean {
  if (status === undefined) return false
  return typeof wanted === 'number' ? wanted === status : wanted[0] === String(status)[0]
}

/**
 * The upstream's host and what the client called it, each with and without the port.
 * @param target URL of the upstream, where it is known
 */
export function hostsOf(authority: string, target: string | undefined): readonly string[] {
  const { host, hostname } = target === undefined ? {} : new URL(target)
  const upstream = [host, hostname].filter((name) => name !== undefined)
  return [...upstream, authority, authority.replace(/:\d+$/, '')]
}
