import { ResealError } from '../core/errors.ts'

const UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['b', 1],
  ['kb', 1000],
  ['mb', 1000 ** 2],
  ['gb', 1000 ** 3],
  ['kib', 1024],
  ['mib', 1024 ** 2],
  ['gib', 1024 ** 3],
])

/**
 * Reads a size as users write it: `64MiB`, `1.5GB`, `500 kB`, `1048576`. MB is a million bytes and MiB is 2^20
 * (IEC 80000-13); case does not count.
 * @returns bytes, whole
 * @throws ResealError CONFIG_INVALID when the text is not a size
 */
export function parseSize(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,15}(?:\.\d{1,9})?) ?([a-z]*)$/i.exec(text.trim()) ?? []
  const bytes = Math.round(Number(count) * (UNITS.get(unit.toLowerCase()) ?? Number.NaN))
  if (count !== '' && Number.isSafeInteger(bytes)) return bytes
  throw new ResealError('CONFIG_INVALID', `"${text}" is not a size`, {
    hint: 'Write a number and a unit: 512KiB, 64MiB, 1GiB, or bytes alone.',
  })
}
