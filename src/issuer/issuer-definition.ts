import type { AlgName } from '../keys/algorithms.ts'
import type { FaultDefinition } from './faults.ts'
import type { IssuerSettings } from './settings.ts'

/** An issuer as a user describes it, by flags, in YAML or as a library's argument. */
export interface IssuerDefinition {
  /** What `jwt_resign`, the control API and log lines call it. */
  readonly name: string
  /** Its URL; undefined for the address it is served at. */
  readonly issuer: string | undefined
  /** Where it listens; undefined for the listener of the command, or beside a replay for its listeners. */
  readonly listen: string | undefined
  readonly settings: Partial<Omit<IssuerSettings, 'issuer'>>
  readonly keys: IssuerKeys
  readonly faults: readonly FaultDefinition[]
}

export interface IssuerKeys {
  /** Default RS256, or what the mounted key is for. */
  readonly algs?: readonly AlgName[] | undefined
  /** A mounted key: a file by its path, or a secret by its name in the secrets directory. */
  readonly mounted?: { readonly file: string } | { readonly secretPath: string } | undefined
  /** Second secret beside the key, with the passphrase that opens it. */
  readonly passphrasePath?: string | undefined
  readonly rotateEverySeconds?: number | undefined
  readonly transitionSeconds?: number | undefined
  readonly leadSeconds?: number | undefined
  /** Where keys survive a restart. */
  readonly directory?: string | undefined
}
