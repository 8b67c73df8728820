import type { CaseGroup, FidelityCase } from './fidelity-case.ts'
import type { Verdict } from './verdicts.ts'

/** `docs/fidelity.md`: what passes as it is, and what does not. */
export function fidelityPage(groups: readonly CaseGroup[], verdicts: ReadonlyMap<string, Verdict>): string {
  const cases = groups.flatMap((group) => group.cases)
  const kept = cases.filter(({ differs }) => typeof differs?.response !== 'number')
  const count = (which: keyof Verdict): number =>
    kept.filter(({ id }) => verdicts.get(id)?.[which] === undefined).length
  return [
    '# What is kept, byte for byte',
    '',
    'Written by `node scripts/fidelity.ts`, which runs every exchange three times over raw sockets: directly, through',
    '`reseal record`, and from `reseal replay` with the upstream gone. A test does the same and compares. What the upstream',
    'and the client get has to be the same bytes, but for hop-by-hop fields (RFC 9110 §7.6.1), `Host` to the upstream, and',
    'the version of HTTP, which every hop states for itself. Secrets are recorded for it (`redact: off`).',
    '',
    `Of ${cases.length} exchanges, ${count('recorded')} pass the recorder and ${count('replayed')} come the same from the replay; ${cases.length - kept.length} get an answer of`,
    "reseal's own, whose status is named, and get it from the replay too. A number in brackets is a note below.",
    '',
    ...groups.flatMap((group) => groupTable(group, verdicts, notesOf(groups))),
    '## Notes',
    '',
    ...notesOf(groups).map((note, index) => `${index + 1}. ${sentence(note)}`),
    '',
    '## Not carried over, and why',
    '',
    ...NOT_CARRIED.map(([what, why]) => `- **${what}.** ${why}`),
    '',
  ].join('\n')
}

function groupTable(
  { title, cases }: CaseGroup,
  verdicts: ReadonlyMap<string, Verdict>,
  notes: readonly string[],
): readonly string[] {
  return [
    `## ${title}`,
    '',
    '| exchange | recorded | replayed |',
    '| --- | --- | --- |',
    ...cases.map((one) => {
      const { recorded, replayed } = verdicts.get(one.id) ?? { recorded: '', replayed: '' }
      const own = typeof one.differs?.response === 'number' ? String(one.differs.response) : '✓'
      return `| ${one.name}${noteOf(one, notes)} | ${recorded === undefined ? own : 'differs'} | ${replayed === undefined ? own : 'differs'} |`
    }),
    '',
  ]
}

function noteOf({ differs }: FidelityCase, notes: readonly string[]): string {
  return differs === undefined ? '' : ` (${notes.indexOf(differs.why) + 1})`
}

function notesOf(groups: readonly CaseGroup[]): readonly string[] {
  return [...new Set(groups.flatMap(({ cases }) => cases.flatMap(({ differs }) => differs?.why ?? [])))]
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

const NOT_CARRIED: readonly (readonly [what: string, why: string])[] = [
  [
    'Hop-by-hop fields',
    'They belong to one connection. Chunk extensions, the spelling of chunk sizes and white space around values go with them: a parser gives none of them away.',
  ],
  [
    'What the parser of Node refuses',
    'Obsolete folding, bare LF, NUL in fields, two lengths, a length beside the chunked coding, methods that it does not know, bytes above 0x7f in a target. A request is answered 400, an answer of the upstream becomes a 502. Each of them is read differently by different servers, which is what request smuggling is made of.',
  ],
  [
    'Secrets',
    'The client of the recorder gets the real thing, and the snapshot a placeholder, which is what the replay has to give; JWTs are re-signed.',
  ],
  ['Heads of more than 128 KiB', 'A request is answered 431, an answer becomes a 502.'],
  [
    'The time between packets',
    "Each piece of a response is sent on when it comes, and its time recorded; `--pace recorded` keeps it to the timer's millisecond. Two pieces that come in one read are noted at the same time.",
  ],
  [
    'Pieces of plain content at the replay',
    'Without `--pace` only event streams keep them. No client may rely on them (RFC 9112 §7.1).',
  ],
  [
    'Answers before the request is whole',
    'The recorder relays them as they come, and a snapshot does not say that they were early. The replay has to know the whole request to find its answer: a client that waits for it before it sends the rest is answered 408 after `--client-timeout`, unless it had asked for a 100, whose refusal comes at once.',
  ],
  [
    'A 100 that no upstream sent',
    'The replay asks for content with a 100 wherever the recording has content.',
  ],
  ['Interim responses to HTTP/1.0', 'That version has none.'],
  [
    'New tokens in WebSockets',
    'Transforms reach heads and content, not frames: a JWT in a message is replayed as it was stored, redacted and expired.',
  ],
  [
    'Other versions and protocols',
    'HTTP/2 without TLS, tunnels, server push, and some of its fine points, are listed with why in [tls.md](tls.md). Compressed WebSocket messages are replayed uncompressed, each as one frame.',
  ],
]
