import type { PairIndexer } from '../store/asked-log.ts'
import { storedFacts } from '../respond/asked-facts.ts'

/**
 * What the thread that writes a snapshot loads to index it: this file is named by `recording-index-module.ts` and run over
 * there, since a function does not travel between threads.
 * @param redaction by which pairs are redacted before they come here
 */
export function openIndexer(redaction: unknown): PairIndexer {
  return storedFacts(Number(redaction))
}
