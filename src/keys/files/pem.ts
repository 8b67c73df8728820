import { PEM_BEGIN } from './key-text.ts'

/** One block of a PEM file (RFC 7468), its damage undone. */
export interface PemBlock {
  /** What stands between `-----BEGIN ` and `-----`. */
  readonly label: string
  /** The decoded body. */
  readonly der: Uint8Array
  /** The block as OpenSSL writes it, for the legacy encryption that lives in header lines (RFC 1421 §4.6.1.1). */
  readonly canonical: string
  /** Whether the body is encrypted by such header lines. */
  readonly dekEncrypted: boolean
}

export interface PemFile {
  readonly blocks: readonly PemBlock[]
  /** Labels of blocks that are cut off or do not hold base64. */
  readonly broken: readonly string[]
  /** What was not as RFC 7468 §2 wants it, in words that follow "the file". */
  readonly notes: readonly string[]
}

/** Reads every block of PEM text, tolerating indentation, lost line ends and text around the blocks. */
export function readPem(text: string): PemFile {
  const blocks: PemBlock[] = []
  const broken: string[] = []
  for (const chunk of text.split(PEM_BEGIN).slice(1)) {
    const label = chunk.slice(0, Math.max(0, chunk.indexOf('-----')))
    const end = chunk.indexOf('-----END')
    const block = end < 0 ? undefined : pemBlock(label, chunk.slice(label.length + 5, end))
    if (block === undefined) broken.push(label)
    else blocks.push(block)
  }
  return { blocks, broken, notes: damageNotes(text) }
}

/** Spaces may stand where the line ends of the two header lines were. */
const DEK_HEADER = /^\s*Proc-Type:\s*4,\s*ENCRYPTED\s+DEK-Info:\s*([A-Za-z0-9-]+,[0-9A-Fa-f]+)\s+/

function pemBlock(label: string, content: string): PemBlock | undefined {
  const dek = DEK_HEADER.exec(content)
  const body = content.slice(dek?.[0].length ?? 0).replace(/\s+/g, '')
  if (body === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(body)) return undefined
  const header = dek === null ? '' : `Proc-Type: 4,ENCRYPTED\nDEK-Info: ${dek[1]}\n\n`
  const lines = body.match(/.{1,64}/g) ?? []
  return {
    label,
    der: Uint8Array.from(Buffer.from(body, 'base64')),
    canonical: `-----BEGIN ${label}-----\n${header}${lines.join('\n')}\n-----END ${label}-----\n`,
    dekEncrypted: dek !== null,
  }
}

function damageNotes(text: string): readonly string[] {
  const notes: string[] = []
  if (text.includes('\r\n')) notes.push('has CRLF line ends')
  if (/^[ \t]+-----(?:BEGIN|END) /m.test(text)) notes.push('is indented')
  if (/-----BEGIN [^-\n]+----- *[^\s-]/.test(text)) notes.push('has lost its line ends')
  return notes
}
