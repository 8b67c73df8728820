import type { Duplex } from 'node:stream'

/** Lets the requests of one connection be handled in the order they came, though the content of one may still come. */
export interface RequestTurns {
  /** Runs at once, or behind the requests of this connection that still wait for their content. */
  take(socket: Duplex, run: () => void): void
  /** Keeps a place for a request that waits for its content; the function returned fills it. */
  wait(socket: Duplex): (run: () => void) => void
}

interface Place {
  /** Undefined while the content comes. */
  run: (() => void) | undefined
}

export function requestTurns(): RequestTurns {
  const lines = new WeakMap<Duplex, Place[]>()
  const advance = (socket: Duplex, line: Place[]): void => {
    for (let first = line[0]; first?.run !== undefined; first = line[0]) {
      line.shift()
      if (line.length === 0) lines.delete(socket)
      first.run()
    }
  }
  return {
    take(socket, run) {
      const line = lines.get(socket)
      if (line === undefined) run()
      else line.push({ run })
    },
    wait(socket) {
      const line = lines.get(socket) ?? []
      lines.set(socket, line)
      const place: Place = { run: undefined }
      line.push(place)
      return (run) => {
        place.run = run
        advance(socket, line)
      }
    },
  }
}
