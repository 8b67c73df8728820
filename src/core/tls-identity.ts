/** What a TLS listener shows its clients, and how it proves it; both as PEM. */
export interface TlsIdentity {
  /** The certificate, and those that lead from it to an authority. */
  readonly cert: string
  readonly key: string
}
