import { readSync } from 'node:fs'

/** Where a row's record lies: header and values (SQLite file format §2.1). It holds until the next row is looked for. */
export interface RowRecord {
  bytes: Buffer
  at: number
  end: number
  /** Where `bytes` begins in the file; -1 where the row was put together from several pages. */
  from: number
}

/** Rows of a table by their ids, read from its pages. */
export interface TableRows {
  /** Undefined where there is none, and where the pages are not as they should be: SQLite then says what is wrong. */
  find(id: number): RowRecord | undefined
  /** The pages may have changed. */
  forget(): void
}

/** A file of SQLite that nobody writes to while it is read. */
export interface PagedFile {
  readonly descriptor: number
  readonly pageBytes: number
  /** Less what an extension keeps for itself at the end of each page. */
  readonly usableBytes: number
}

/**
 * The descriptor's file as its header describes it; undefined where that is no file of SQLite (SQLite file format §1.3).
 */
export function pagedFile(descriptor: number): PagedFile | undefined {
  const header = headerOf(descriptor)
  if (header === undefined) return undefined
  const bytes = header.readUInt16BE(16)
  const pageBytes = bytes === 1 ? 65_536 : bytes
  const usableBytes = pageBytes - (header[20] ?? 0)
  return usableBytes < 480 ? undefined : { descriptor, pageBytes, usableBytes }
}

/** Whether what is on the pages may not be the newest: there may be a write-ahead log. */
export function isLogged({ descriptor }: PagedFile): boolean {
  const header = headerOf(descriptor)
  return header?.[18] !== 1 || header[19] !== 1
}

function headerOf(descriptor: number): Buffer | undefined {
  const header = Buffer.alloc(HEADER_BYTES)
  return readSync(descriptor, header, 0, HEADER_BYTES, 0) === HEADER_BYTES ? header : undefined
}

const HEADER_BYTES = 100
/** Kinds of pages (SQLite file format §1.6). */
const INTERIOR = 5
const LEAF = 13
/** Pages above the leaves that are kept: a four-hundredth of the table. */
const MOST_INTERIORS = 4096
/** No tree is deeper (SQLite, `BTCURSOR_MAX_DEPTH`). */
const MOST_LEVELS = 20
/** A row that is longer is left to SQLite: no body is. */
const MOST_BYTES = 1024 * 1024 + 65_536
/** Of a long row so much is read at once. */
const RUN_BYTES = 65_536

/** Of a page above the leaves: rows up to a key are below the child of the same place, the others below the last one. */
interface Interior {
  readonly keys: Float64Array
  readonly children: Uint32Array
}

/**
 * Reads rows without SQLite: a page that is not in the memory of SQLite costs it three times as much, and a statement as
 * much again. Every number on a page may be anything.
 * @param root the table's first page
 */
export function tableRows(file: PagedFile, root: number): TableRows {
  const { descriptor, pageBytes, usableBytes } = file
  const page = Buffer.allocUnsafeSlow(pageBytes)
  const record: RowRecord = { bytes: page, at: 0, end: 0, from: -1 }
  const interiors = new Map<number, Interior>()
  const overflow = overflowReader(file)
  let loaded = 0

  const load = (number: number): boolean => {
    if (number === loaded) return true
    loaded = 0
    if (number < 2) return false
    if (readSync(descriptor, page, 0, pageBytes, (number - 1) * pageBytes) !== pageBytes) return false
    loaded = number
    return true
  }

  /** Loads the leaf that a row is on. */
  const descend = (id: number): boolean => {
    let number = root
    for (let level = 0; level < MOST_LEVELS; level += 1) {
      let interior = interiors.get(number)
      if (interior === undefined) {
        if (!load(number)) return false
        if (page[0] === LEAF) return true
        if (page[0] !== INTERIOR) return false
        interior = interiorOf(page)
        if (interiors.size === MOST_INTERIORS) interiors.clear()
        interiors.set(number, interior)
      }
      number = childOf(interior, id)
    }
    return false
  }

  return {
    find: (id) => {
      if (!descend(id)) return undefined
      const cell = cellOf(page, id)
      if (cell === 0) return undefined
      const bytes = varintAt(page, cell)
      const at = afterVarint(page, afterVarint(page, cell))
      const here = bytesOnLeaf(bytes, usableBytes)
      if (bytes > MOST_BYTES || at + here > usableBytes) return undefined
      if (here === bytes) {
        record.bytes = page
        record.at = at
        record.end = at + bytes
        record.from = (loaded - 1) * pageBytes
        return record
      }
      const whole = overflow(page, at, here, bytes)
      if (whole === undefined) return undefined
      record.bytes = whole
      record.at = 0
      record.end = bytes
      record.from = -1
      return record
    },
    forget: () => {
      interiors.clear()
      loaded = 0
    },
  }
}

/** Puts a row together that is longer than a page (SQLite file format §1.7). */
function overflowReader({ descriptor, pageBytes, usableBytes }: PagedFile) {
  const room = Math.max(1, Math.floor(RUN_BYTES / pageBytes))
  let run: Buffer | undefined
  return (page: Buffer, at: number, here: number, bytes: number): Buffer | undefined => {
    run ??= Buffer.allocUnsafeSlow(room * pageBytes)
    const whole = Buffer.allocUnsafeSlow(bytes)
    page.copy(whole, 0, at, at + here)
    let filled = here
    let next = at + here + 4 > usableBytes ? 0 : page.readUInt32BE(at + here)
    while (filled < bytes) {
      if (next < 2) return undefined
      // They usually lie one behind the other.
      const wanted = Math.min(room, Math.ceil((bytes - filled) / (usableBytes - 4)))
      const first = next
      const got = readSync(descriptor, run, 0, wanted * pageBytes, (first - 1) * pageBytes)
      const pages = Math.floor(got / pageBytes)
      if (pages === 0) return undefined
      for (let place = 0; place < pages && next === first + place && filled < bytes; place += 1) {
        const from = place * pageBytes
        const part = Math.min(usableBytes - 4, bytes - filled)
        run.copy(whole, filled, from + 4, from + 4 + part)
        filled += part
        next = run.readUInt32BE(from)
      }
    }
    return whole
  }
}

/** How many bytes of a row are on its leaf (SQLite file format §1.6). */
function bytesOnLeaf(bytes: number, usable: number): number {
  const most = usable - 35
  if (bytes <= most) return bytes
  const least = Math.floor(((usable - 12) * 32) / 255) - 23
  const even = least + ((bytes - least) % (usable - 4))
  return even <= most ? even : least
}

function interiorOf(page: Buffer): Interior {
  const cells = Math.min(page.readUInt16BE(3), Math.floor((page.length - 12) / 2))
  const keys = new Float64Array(cells)
  const children = new Uint32Array(cells + 1)
  for (let cell = 0; cell < cells; cell += 1) {
    const at = page.readUInt16BE(12 + cell * 2)
    children[cell] = at + 4 > page.length ? 0 : page.readUInt32BE(at)
    keys[cell] = varintAt(page, at + 4)
  }
  children[cells] = page.readUInt32BE(8)
  return { keys, children }
}

/** The child below which a row is; 0 for none. */
function childOf({ keys, children }: Interior, id: number): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((keys[middle] ?? 0) < id) low = middle + 1
    else high = middle
  }
  return children[low] ?? 0
}

/** Where the cell of a row is on its leaf; 0 where there is none. */
function cellOf(page: Buffer, id: number): number {
  let low = 0
  let high = twoBytes(page, 3)
  while (low < high) {
    const middle = (low + high) >>> 1
    const cell = twoBytes(page, 8 + middle * 2)
    const found = varintAt(page, afterVarint(page, cell))
    if (found === id) return cell
    if (found < id) low = middle + 1
    else high = middle
  }
  return 0
}

function twoBytes(page: Buffer, at: number): number {
  return ((page[at] ?? 0) << 8) | (page[at + 1] ?? 0)
}

/** A number of one to nine bytes (SQLite file format §1.6); those past 2^53 are no ids of ours, and not exact. */
export function varintAt(bytes: Buffer, at: number): number {
  let value = 0
  for (let place = at; place < at + 8; place += 1) {
    const byte = bytes[place] ?? 0
    value = value * 128 + (byte & 127)
    if (byte < 128) return value
  }
  return value * 256 + (bytes[at + 8] ?? 0)
}

export function afterVarint(bytes: Buffer, at: number): number {
  let end = at
  while (end < at + 8 && (bytes[end] ?? 0) >= 128) end += 1
  return end + 1
}
