// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\x00-\x1f\x7f-\x9f\u2028\u2029]/g
// eslint-disable-next-line no-control-regex -- all of them but line feed and tab
const CONTROL_IN_TEXT = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g

/**
 * Recorded or received text as one line of a message: control characters are spelt out, so that no text can begin a
 * line of its own or speak to the terminal.
 */
export function printable(text: string): string {
  return text.replaceAll(CONTROL, spelt)
}

/** The same for text of several lines: line feeds and tabs stay. */
export function printableText(text: string): string {
  return text.replaceAll(CONTROL_IN_TEXT, spelt)
}

function spelt(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
}
