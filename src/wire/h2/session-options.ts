import { MAX_HEAD_BYTES } from '../limits.ts'

/** Streams that one client may have open at once. */
export const MAX_STREAMS = 256
/** What a peer may send of one stream before we have read it. */
export const STREAM_WINDOW_BYTES = 1024 * 1024
/** What a peer may send of all streams of a connection. */
export const SESSION_WINDOW_BYTES = 8 * 1024 * 1024

/**
 * Bounds of a session, on both sides. Floods of resets, of CONTINUATION frames and of invalid frames are ended by Node's
 * own limits, and a session that keeps more than 32 MiB of what it has not sent refuses new streams.
 */
export const SESSION_OPTIONS = {
  maxSessionMemory: 32,
  // Each field counts for at least 32 bytes of the list.
  maxHeaderListPairs: MAX_HEAD_BYTES / 32,
  maxSendHeaderBlockLength: MAX_HEAD_BYTES * 2,
  // What came twice goes on twice.
  strictSingleValueFields: false,
  settings: {
    initialWindowSize: STREAM_WINDOW_BYTES,
    maxHeaderListSize: MAX_HEAD_BYTES,
  },
} as const

/** Heads past this are refused by Node with a reset that looks like the upstream's; smaller ones are for us to refuse. */
const MAX_READ_HEAD_BYTES = MAX_HEAD_BYTES * 4

/** Bounds of a session to an upstream. */
export const UPSTREAM_SESSION_OPTIONS = {
  ...SESSION_OPTIONS,
  maxHeaderListPairs: MAX_READ_HEAD_BYTES / 32,
  settings: { ...SESSION_OPTIONS.settings, maxHeaderListSize: MAX_READ_HEAD_BYTES },
} as const
