const NOBODY = 65534

/** Runs something as a user who may not do everything: where the tests run as root, as nobody. */
export async function asNobody(run: () => unknown): Promise<void> {
  if (process.geteuid?.() !== 0) return void (await run())
  process.seteuid?.(NOBODY)
  try {
    await run()
  } finally {
    process.seteuid?.(0)
  }
}
