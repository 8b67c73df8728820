import { printable } from '../core/printable.ts'
import type { ChainReport, CompiledTransforms } from '../app/transform-check.ts'

/** What is to be said of the keys: how their files were read, and whether they are the recording's own. */
export function keyLines({ keys, notes }: CompiledTransforms): readonly string[] {
  const unknowable = keys.some(({ key }) => key.alg.startsWith('HS') && key.source.startsWith('generated/'))
  return [
    ...notes.map((note) => `note: ${note}`),
    ...(unknowable
      ? [
          'warning: an HMAC secret that reseal made verifies nowhere; mount the one the service has and name it as secretPath',
        ]
      : []),
    ...keys.map(({ key, kid, tokens, matchesRecording }) => {
      const what = `${key.alg} with ${key.source}${kid === undefined ? '' : `, kid ${printable(kid)}`}`
      return `re-signs ${tokens === 1 ? '1 token' : `${tokens} tokens`}: ${what} (${ownership(matchesRecording)})`
    }),
  ]
}

function ownership(matchesRecording: boolean | undefined): string {
  if (matchesRecording === undefined) {
    return 'whether it signed the recording is not known, since signatures are redacted'
  }
  return matchesRecording ? 'the key that signed the recording' : 'not the key that signed the recording'
}

/** Each chain and what its steps did. */
export function chainLines(chains: readonly ChainReport[]): readonly string[] {
  return chains.flatMap(({ id, matched, filtered, steps }) => [
    `${id}: ${count(matched, 'pair')} through its filters, ${filtered} filtered`,
    ...steps.map(({ step, applied, notFound, reasons }) => {
      const why = [...reasons].map(([reason, times]) => `${reason} ×${times}`).join(', ')
      return `  ${step}: applied ${applied}, not_found ${notFound}${why === '' ? '' : ` (${why})`}`
    }),
  ])
}

/** `1 pair`, `3 pairs`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
