import type { BinaryText } from '../../core/binary-text.ts'
import type { PairId } from '../../core/pair.ts'
import { formItems } from '../locators/form-items.ts'
import { inputValues } from '../locators/html-form.ts'
import { urlParts } from '../locators/url-parts.ts'
import { requestMessage } from '../message/request-message.ts'
import type { ResponseMessage } from '../message/response-message.ts'
import type { Finding } from './finding.ts'
import { isForm, isOfLogin } from './login-questions.ts'

// A login is asked with a `state`, and its last answer gives that back to whoever asked (RFC 6749 §4.1.2).

/** Shorter ones may be words that stand elsewhere too. */
const MIN_MAPPED_CHARACTERS = 8

/** The `state` that a request came with and its own answer gives back. */
export function stateFindings(message: ResponseMessage): readonly Finding[] {
  const { target } = message.pair.request
  const { query } = urlParts(target)
  const asked = query && stateOf(target, query.start, query.end)
  if (asked === undefined || asked === '') return []
  return givenBack(message)
    .filter(({ state }) => state === asked)
    .map(({ extractor, steps }) => ({
      kind: 'state',
      name: 'state',
      extractor,
      steps: [...steps, { from_request: { query: 'state' } }],
      tokens: [],
    }))
}

/** Finds logins that go over several pages: the last answers another request than the one that came with the state. */
export interface StateBook {
  add(message: ResponseMessage): void
  /** For each request that began such a login, what learns its state. */
  learners(): ReadonlyMap<PairId, Finding>
}

export function createStateBook(): StateBook {
  const asked = new Map<BinaryText, { readonly id: PairId; readonly finding: Finding }>()
  const learners = new Map<PairId, Finding>()
  return {
    add: (message) => {
      const { id } = message.pair
      const begun = beginning(message)
      if (begun !== undefined && !asked.has(begun.state))
        asked.set(begun.state, { id, finding: begun.finding })
      for (const { state } of givenBack(message)) {
        const first = asked.get(state)
        if (first !== undefined && first.id !== id) learners.set(first.id, first.finding)
      }
    },
    learners: () => learners,
  }
}

interface Beginning {
  readonly state: BinaryText
  readonly finding: Finding
}

function beginning({ pair: { request } }: ResponseMessage): Beginning | undefined {
  const { target } = request
  const { query } = urlParts(target)
  if (query !== undefined && isOfLogin(target, query.start, query.end)) {
    const state = stateOf(target, query.start, query.end)
    return learner(state, { http_req_query: 'state' })
  }
  const body = isForm(request) ? (requestMessage(request).body()?.recorded ?? '') : ''
  if (!isOfLogin(body, 0, body.length)) return undefined
  return learner(stateOf(body, 0, body.length), 'http_req_body', { form_field: 'state' })
}

function learner(
  state: BinaryText | undefined,
  extractor: Finding['extractor'],
  ...steps: Finding['steps']
): Beginning | undefined {
  if (state === undefined || state.length < MIN_MAPPED_CHARACTERS) return undefined
  return {
    state,
    finding: { kind: 'state', name: 'state', extractor, steps: [...steps, { map: {} }], tokens: [] },
  }
}

interface GivenBack extends Pick<Finding, 'extractor' | 'steps'> {
  readonly state: BinaryText
}

/** Where an answer gives a state back: in a redirect's query or fragment, or in a page that posts itself. */
function givenBack(message: ResponseMessage): readonly GivenBack[] {
  const redirects = message.header('Location').flatMap(({ recorded }): readonly GivenBack[] => {
    const { query, fragment } = urlParts(recorded)
    const extractor = { http_res_header: 'Location' }
    const asked = query && stateOf(recorded, query.start, query.end)
    if (asked !== undefined) return [{ state: asked, extractor, steps: [{ query_param: 'state' }] }]
    const behind = fragment && stateOf(recorded, fragment.start, fragment.end)
    const steps = ['url_fragment', { form_field: 'state' }]
    return behind === undefined ? [] : [{ state: behind, extractor, steps }]
  })
  const page = message.body()?.recorded ?? ''
  // Most bodies are something else, and need not be scanned to know it.
  if (!/<input\s/i.test(page)) return redirects
  const [posted] = inputValues(page, 'state')
  if (posted === undefined) return redirects
  return [...redirects, { state: posted, extractor: 'http_res_body', steps: [{ html_form: 'state' }] }]
}

function stateOf(text: BinaryText, start: number, end: number): BinaryText | undefined {
  return formItems(text, start, end)
    .find(({ name }) => name === 'state')
    ?.decoded(text)
}
