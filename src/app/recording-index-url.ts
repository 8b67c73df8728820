import { extname } from 'node:path'

/** Where a snapshot's writer finds the indexer; `.ts` in a checkout, `.js` where it is published. */
export const RECORDING_INDEX = new URL(`./recording-index${extname(import.meta.url)}`, import.meta.url).href
