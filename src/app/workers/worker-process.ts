import { boundYoungGeneration } from '../young-generation.ts'
import { startWorker } from './worker.ts'

// Started by the primary, with a channel to it; by anybody else it does nothing.
if (process.send !== undefined) {
  boundYoungGeneration()
  startWorker(process)
}
