import { utf8OfText } from '../core/binary-text.ts'
import { jsonText } from '../core/json.ts'
import type { Jwt } from '../core/jwt.ts'
import { printable } from '../core/printable.ts'

/** Longest value of a claim that is shown. */
const MAX_SHOWN = 400

/** A token in lines: its header, then each claim as it is written, so that no digit and no repeated name is lost. */
export function decodedJwt({ header, payload }: Jwt): readonly string[] {
  const claims = payload.object.members.map(({ name, value }) => {
    const text = utf8OfText(jsonText(payload.text, value))
    return printable(`${name}: ${shortened(text)}`)
  })
  return [`JWT ${printable(shortened(utf8OfText(header.text.trim())))}`, ...claims]
}

function shortened(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
}
