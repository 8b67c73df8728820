import type { HttpRequest } from '../../core/exchange.ts'
import type { Answerer, ReplayAnswer } from '../../respond/replay-answer.ts'

/** A few of the requests that this process answers, looked at to know whether a worker could have answered them. */
export interface LoadSample {
  /** One that answers as the answerer does, and whose requests may be looked at. */
  around(answerer: Answerer, origin: string | undefined): Answerer
  /** Whether a worker would have been of use since this was last asked: there was much to do, and it could have done it. */
  take(): boolean
}

/** So many requests are looked at, the first ones since it was last asked; fewer are no load. */
const LOOKED_AT = 64
/** A worker has to ask for what it cannot answer, so that with fewer it would make all slower. */
const FOR_WORKERS = LOOKED_AT / 2

/** @param isForWorker whether a worker may give this answer by itself */
export function createLoadSample(
  isForWorker: (request: HttpRequest, origin: string | undefined, answer: ReplayAnswer) => boolean,
): LoadSample {
  let left = LOOKED_AT
  let forWorkers = 0
  return {
    around: (answerer, origin) => (request) => {
      const answer = answerer(request)
      if (left > 0) {
        left -= 1
        if (isForWorker(request, origin, answer)) forWorkers += 1
      }
      return answer
    },
    take: () => {
      const isOfUse = left === 0 && forWorkers >= FOR_WORKERS
      left = LOOKED_AT
      forWorkers = 0
      return isOfUse
    },
  }
}
