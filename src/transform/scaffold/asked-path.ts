import { pathOf } from '../filters/request-test.ts'

/** A segment that was made up for one login or one object: long, and of letters and digits as nobody writes them. */
const MADE_UP = /^(?=.*\d)(?=.*[A-Za-z])[\w-]{20,}$/

/** The path of a request as a filter names it: `*` stands for what was made up for it alone. */
export function askedPath(target: string): string {
  return pathOf(target)
    .split('/')
    .map((segment) => (MADE_UP.test(segment) ? '*' : segment))
    .join('/')
}
