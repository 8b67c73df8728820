/** Work of one kind that may run together, and work of another kind that runs alone. */
export interface SharedLock {
  /** Runs beside others of its kind; work that is to run alone goes first, once it was asked for. */
  together<T>(work: () => Promise<T>): Promise<T>
  /** Runs once all that runs has ended, and nothing runs meanwhile. */
  alone<T>(work: () => Promise<T>): Promise<T>
}

/** A lock that nothing holds. */
export function createSharedLock(): SharedLock {
  let running = 0
  let whenIdle: (() => void)[] = []
  /** The end of the last that is to run alone, and of all before it. */
  const last: { exclusive?: Promise<void> | undefined } = {}
  const leave = (): void => {
    running -= 1
    if (running > 0) return
    for (const resume of whenIdle) resume()
    whenIdle = []
  }
  const idle = (): Promise<void> =>
    running === 0 ? Promise.resolve() : new Promise((resolve) => whenIdle.push(resolve))
  return {
    together: async (work) => {
      while (last.exclusive !== undefined) await last.exclusive
      running += 1
      try {
        return await work()
      } finally {
        leave()
      }
    },
    alone: (work) => {
      const before = last.exclusive
      const done = (async () => {
        await before
        await idle()
        return work()
      })()
      const settled = done.then(
        () => undefined,
        () => undefined,
      )
      const mine = settled.then(() => {
        if (last.exclusive === mine) last.exclusive = undefined
      })
      last.exclusive = mine
      return done
    },
  }
}
