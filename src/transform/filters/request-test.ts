import type { RequestHead } from '../../core/exchange.ts'
import { utf8OfText } from '../../core/binary-text.ts'
import type { RequestFilterDefinition } from '../document/definition.ts'
import { formItems } from '../locators/form-items.ts'
import type { RequestMessage } from '../message/request-message.ts'
import { pathGlob } from './glob.ts'
import { anyFits, compileJsonTests, compileTextTests } from './text-test.ts'

/** A request that filters look at; its content is read only for a filter that asks for it. */
export interface FilteredRequest {
  readonly head: RequestHead
  message(): RequestMessage | undefined
}

export type RequestTest = (request: FilteredRequest) => boolean

/** What a filter says of the request, recorded or live; undefined where it says nothing. */
export function compileRequestTest(definition: RequestFilterDefinition): RequestTest | undefined {
  const tests = [...lineTests(definition), ...fieldTests(definition), ...bodyTests(definition)]
  const [first] = tests
  if (tests.length <= 1) return first
  return (request) => tests.every((test) => test(request))
}

function lineTests({ method, path }: RequestFilterDefinition): readonly RequestTest[] {
  const tests: RequestTest[] = []
  const methods = new Set(method.map((name) => name.toUpperCase()))
  const paths = path.map(pathGlob)
  if (methods.size > 0) tests.push(({ head }) => methods.has(head.method.toUpperCase()))
  if (paths.length > 0) tests.push(({ head }) => anyFits(paths, [pathOf(head.target)]))
  return tests
}

function fieldTests({ header, query }: RequestFilterDefinition): readonly RequestTest[] {
  const tests: RequestTest[] = []
  for (const [name, test] of header === undefined ? [] : compileTextTests(header)) {
    const wanted = name.toLowerCase()
    tests.push(({ head }) =>
      test(head.headers.flatMap(([other, value]) => (other.toLowerCase() === wanted ? [value] : []))),
    )
  }
  for (const [name, test] of query === undefined ? [] : compileTextTests(query)) {
    tests.push(({ head }) => test(formValues(queryOf(head.target), name)))
  }
  return tests
}

function bodyTests({ form, json }: RequestFilterDefinition): readonly RequestTest[] {
  const tests: RequestTest[] = []
  for (const [name, test] of form === undefined ? [] : compileTextTests(form)) {
    tests.push((request) => test(formValues(request.message()?.body()?.recorded ?? '', name)))
  }
  if (json !== undefined) {
    const test = compileJsonTests(json)
    tests.push((request) => test(request.message()?.body()))
  }
  return tests
}

function formValues(text: string, name: string): readonly string[] {
  return formItems(text, 0).flatMap((item) => (item.name === name ? [utf8OfText(item.decoded(text))] : []))
}

/** The path of a request target, without scheme, host and query. */
export function pathOf(target: string): string {
  const path = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '')
  return path.split(/[?#]/, 1)[0] ?? ''
}

function queryOf(target: string): string {
  const question = target.indexOf('?')
  return question === -1 ? '' : (target.slice(question + 1).split('#', 1)[0] ?? '')
}
