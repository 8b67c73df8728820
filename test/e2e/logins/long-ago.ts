/**
 * Loaded before everything else of a process (`node --import`), it sets the process's clock back by
 * `RESEAL_TEST_AGE_MS` milliseconds; all else about it is as it is.
 */
const agoMs = Number(process.env['RESEAL_TEST_AGE_MS'] ?? 0)
const Today = Date
const now = (): number => Today.now() - agoMs

globalThis.Date = new Proxy(Today, {
  apply: () => new Today(now()).toString(),
  construct: (target, args: unknown[], newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
  get: (target, key): unknown => (key === 'now' ? now : Reflect.get(target, key)),
})
