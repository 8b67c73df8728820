import { DEVIATIONS } from './deviations.ts'
import { ALGS, type Cell } from './matrix.ts'
import { CASES } from './token-cases.ts'
import type { TokenClient } from './token-client.ts'

/** `docs/clients.md`: which client does what with which token. */
export function clientsPage(clients: readonly TokenClient[], cells: readonly Cell[]): string {
  return [
    '# Clients of the issuer',
    '',
    "Written by `node scripts/clients.ts`, which has `reseal`'s issuer give out a good token and every token that is wrong on",
    'purpose, for every alg, and shows them to unmodified clients over HTTP. A test does the same and compares.',
    '',
    '✓ is what a client should do: accept the first column and `missingKid`, refuse all others. Where it does something else,',
    'that is named, and explained below. – stands for an alg the client does not support (it refuses the good token too) and for',
    'a token that there cannot be. Clients are told issuer, audience, alg and, where they can be, typ. PyJWT, Authlib and',
    "jwcrypto are those of Debian 12, with Debian's security fixes: that PyJWT looks at crit is one of them.",
    '',
    row(['client', 'version', 'alg', ...CASES.map(({ name }) => `\`${name}\``)]),
    row(Array.from({ length: CASES.length + 3 }, () => '---')),
    ...clients.flatMap((client) => clientRows(client, cells)),
    '',
    '## The tokens',
    '',
    'A token that',
    '',
    ...CASES.map(({ name, does }) => `- \`${name}\` ${does}`),
    '',
    'Access tokens come from `/token` (`typ: at+jwt`); openid-client is shown ID tokens from `/authorize` instead. Tokens of HS',
    'algs are signed with a secret that the client shares.',
    '',
    '## What clients do otherwise',
    '',
    row(['client', 'token', 'why']),
    row(['---', '---', '---']),
    ...DEVIATIONS.map((deviation) =>
      row([
        deviation.client,
        `\`${deviation.case}\`${deviation.jwksOnly === true ? ', but for HS algs' : ''}`,
        deviation.because,
      ]),
    ),
    '',
  ].join('\n')
}

/** The rows of one client; algs for which it does the same share one. */
export function clientRows(client: TokenClient, cells: readonly Cell[]): readonly string[] {
  const groups = new Map<string, string[]>()
  for (const alg of ALGS) {
    const own = cells.filter((cell) => cell.client === client.name && cell.alg === alg)
    const marks = CASES.map(({ name }) => mark(own.find((cell) => cell.case === name)))
    const key = marks.join(' | ')
    groups.set(key, [...(groups.get(key) ?? []), alg])
  }
  return [...groups].map(([marks, algs]) => row([client.name, client.version, algs.join(' '), marks]))
}

function mark(cell: Cell | undefined): string {
  if (cell === undefined) return '–'
  const { supported, shouldAccept, verdict } = cell
  if (!supported) return verdict.accepted ? 'accepts' : '–'
  if (verdict.accepted === shouldAccept) return '✓'
  return verdict.accepted ? 'accepts' : 'refuses'
}

function row(values: readonly string[]): string {
  return `| ${values.join(' | ')} |`
}
