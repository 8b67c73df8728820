import type { PairIndexer } from '../store/asked-log.ts'
import { STORED_FACTS } from '../respond/asked-facts.ts'

/**
 * What the thread that writes a snapshot loads to index it: this file is named by `recording-index-url.ts` and run over
 * there, since a function does not travel between threads.
 */
export const indexer: PairIndexer = STORED_FACTS
