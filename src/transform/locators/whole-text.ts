import type { BinaryText } from '../../core/binary-text.ts'
import type { Codec } from '../message/codec.ts'
import type { Locator } from '../steps/step.ts'

/** Goes from a text to what is written in it as a whole. */
export function wholeText(codecOf: (text: BinaryText) => Codec, missing: string): Locator {
  return (focus) => {
    const { recorded, path } = focus
    const codec = codecOf(recorded)
    const place = focus.inside({ path: `${path} ${codec.name}`, start: 0, end: recorded.length, codec })
    return place === undefined ? { notFound: missing } : [place]
  }
}
