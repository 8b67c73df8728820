import { ResealError } from '../core/errors.ts'

const MOST = 64

/**
 * Reads how many processes serve a replay: `auto`, or 1 to 64.
 * @throws ResealError CONFIG_INVALID
 */
export function parseWorkers(text: string): number | 'auto' {
  if (text === 'auto') return text
  const count = /^\d{1,2}$/.test(text) ? Number(text) : 0
  if (count >= 1 && count <= MOST) return count
  throw new ResealError('CONFIG_INVALID', `"${text}" is not a number of processes`, {
    hint: `Write 1 to ${MOST}, or auto for as many as there is use for, up to the cores less one.`,
  })
}
