/** Speedscale's words for `map` where it stands before the steps that make the new value. */
const BEFORE: ReadonlySet<unknown> = new Set(['smart_replace', 'train'])

/** Whether a step, as it is written, is Speedscale's `smart_replace`. */
export function isSmartReplace(step: unknown): boolean {
  if (typeof step !== 'object' || step === null) return BEFORE.has(step)
  return BEFORE.has('type' in step ? step.type : Object.keys(step)[0])
}

/** Steps in the order in which they are run: the new value is there when the steps behind `smart_replace` have made it. */
export function smartReplaceLast<T>(steps: readonly T[], writtenAs: (step: T) => unknown): readonly T[] {
  const isLate = (step: T): boolean => isSmartReplace(writtenAs(step))
  return [...steps.filter((step) => !isLate(step)), ...steps.filter(isLate)]
}
