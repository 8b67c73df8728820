/** Runs work once at a time; all who ask while it runs share the next run, which begins after they asked. */
export function oneAfterAnother<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> = Promise.resolve()
  let next: Promise<T> | undefined
  return () => {
    next ??= running.then(() => {
      next = undefined
      return work()
    })
    running = next.catch(() => {
      // Told to those who asked.
    })
    return next
  }
}
