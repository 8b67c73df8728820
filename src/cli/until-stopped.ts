/**
 * One Ctrl-C can arrive twice: the terminal signals every process of its group, and a starter such as npm or an older
 * node passes it on. What comes this soon after the first is the same one.
 */
const ECHO_MS = 500

/** Resolves at the first SIGTERM or SIGINT. A second one ends the process at once. */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    let askedAt: number | undefined
    const stop = (): void => {
      const now = performance.now()
      if (askedAt !== undefined && now - askedAt > ECHO_MS) process.exit(130)
      askedAt ??= now
      resolve()
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  })
}
