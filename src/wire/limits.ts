/** What a server's own head may hold, request and response alike: long tokens and cookies are what reseal is for. */
export const MAX_HEAD_BYTES = 128 * 1024
/** Idle clients keep their connection longer than common pools hold one, so that they seldom meet a closed one. */
export const KEEP_ALIVE_MS = 65_000
