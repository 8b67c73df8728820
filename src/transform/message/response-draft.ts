/** A response while it is put together for one moment. */
export interface ResponseDraft {
  status: number
  headers: (readonly [name: string, value: string])[]
  /** Milliseconds that pass before the head; 0 for none. */
  delayMs: number
  body: Uint8Array
}
