/** reseal as a library: what the commands do, without a process of their own. */
export { issuer, type LibraryIssuer, type LibraryIssuerOptions } from './app/library-issuer.ts'
export {
  record,
  type RecorderClock,
  type Recording,
  type RecordingSummary,
  type RecordOptions,
} from './app/record.ts'
export { replay, type Replay, type ReplaySummary } from './app/replay.ts'
export type { ReplayOptions } from './app/replay-options.ts'
export type { ReplayFault } from './app/library-fault.ts'
export type { ListenerRoute } from './app/routes.ts'
export { ERRORS, ResealError, type ErrorCode, type SourcePlace } from './core/errors.ts'
