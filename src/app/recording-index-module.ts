import { extname } from 'node:path'
import { redactionOf } from '../redact/classes.ts'
import type { RedactRules } from '../redact/rules.ts'
import type { IndexerModule } from '../store/writer-messages.ts'

/** Where a snapshot's writer finds the indexer; `.ts` in a checkout, `.js` where it is published. */
const RECORDING_INDEX = new URL(`./recording-index${extname(import.meta.url)}`, import.meta.url).href

/** Indexes pairs while they are stored. @param rules by which they were redacted; undefined for none */
export function recordingIndex(rules: RedactRules | undefined): IndexerModule {
  return { url: RECORDING_INDEX, options: rules === undefined ? 0 : redactionOf(rules) }
}
