import type { BinaryText } from '../../core/binary-text.ts'
import type { Focus } from '../message/focus.ts'
import { mapLiveAt } from '../message/live.ts'
import type { ResponseMessage } from '../message/response-message.ts'
import { bodySpelling, fieldSpelling } from './place-spelling.ts'
import { createSpeltValues, type SpeltValues, type Spelling } from './spellings.ts'

/** Recorded values for which live requests show another one, to be put wherever responses have them. */
export interface LearntValues {
  readonly size: number
  /** @returns false for a value too short, or without a letter or digit, to be told from others */
  add(recorded: BinaryText): boolean
  /** Puts the live values into a response where it has the recorded ones, as words of their own. */
  applyTo(response: ResponseMessage): void
}

export function createLearntValues(): LearntValues {
  const values = createSpeltValues()
  return {
    get size() {
      return values.size
    },
    add: values.add,
    applyTo: (response) => {
      const { headers } = response.pair.response
      const body = response.body()
      const names = new Set(headers.map(([name]) => name.toLowerCase()))
      if (body !== undefined) putLearnt(body, values, bodySpelling(headers, body))
      for (const name of names) {
        for (const header of response.header(name)) putLearnt(header, values, fieldSpelling(name))
      }
    },
  }
}

function putLearnt(focus: Focus, values: SpeltValues, own: Spelling): void {
  if (!values.isIn(focus.recorded)) return
  focus.put((value) => ({
    changes: 'request',
    render: mapLiveAt(value, (text, { variables }) => values.replace(text, own, variables.liveFor)),
  }))
}
